private import CLinux
internal import Glibc

/// Owns one descriptor and closes it. Every descriptor that Polder opens is close-on-exec.
package struct FileDescriptor: ~Copyable, Sendable {
    /// The kernel's number; valid while this value lives.
    package let raw: Int32

    /// Takes over an open descriptor.
    package init(owning raw: Int32) {
        self.raw = raw
    }

    deinit {
        // Linux frees the number even when close reports an error, so there is nothing to retry.
        _ = Glibc.close(raw)
    }

    /// Gives the descriptor away; the receiver closes it.
    package consuming func take() -> Int32 {
        let raw = raw
        discard self
        return raw
    }

    /// Closes a descriptor that is kept as a plain number in a table.
    package static func close(raw: Int32) {
        _ = Glibc.close(raw)
    }

    /// A pipe: what is written into `writer` comes out of `reader`. Both block.
    ///
    /// - Throws: When the process has no descriptor left.
    package static func pipe() throws(SystemError) -> Pipe {
        var ends: (Int32, Int32) = (-1, -1)
        try systemCall("pipe2") {
            withUnsafeMutablePointer(to: &ends) {
                $0.withMemoryRebound(to: Int32.self, capacity: 2) { pipe2($0, O_CLOEXEC) }
            }
        }
        return Pipe(reader: FileDescriptor(owning: ends.0), writer: FileDescriptor(owning: ends.1))
    }

    /// Reads what is there, at most the buffer's size. `.done(0)` is the end.
    package static func read(raw: Int32, into buffer: UnsafeMutableRawBufferPointer) -> CallOutcome {
        nonBlockingCall("read") { Glibc.read(raw, buffer.baseAddress, buffer.count) }
    }

    /// Writes what the descriptor takes, perhaps not all.
    package static func write(raw: Int32, _ bytes: UnsafeRawBufferPointer) -> CallOutcome {
        nonBlockingCall("write") { Glibc.write(raw, bytes.baseAddress, bytes.count) }
    }

    /// Writes everything to a blocking descriptor, such as a terminal or a pipe.
    ///
    /// - Throws: When the other end is gone (`EPIPE`) or the disk is full.
    package static func writeAll(
        raw: Int32, _ bytes: [UInt8], _ name: @autoclosure () -> String = ""
    ) throws(SystemError) {
        var start = 0
        while start < bytes.count {
            start += try systemCall("write", name()) {
                bytes.withUnsafeBytes { Glibc.write(raw, $0.baseAddress! + start, $0.count - start) }
            }
        }
    }

    /// Makes calls on a descriptor return "not now" instead of waiting.
    ///
    /// - Throws: When the descriptor does not take flags.
    package static func setNonBlocking(raw: Int32) throws(SystemError) {
        let flags = try systemCall("fcntl") { fcntl(raw, F_GETFL) }
        try systemCall("fcntl") { fcntl(raw, F_SETFL, flags | O_NONBLOCK) }
    }
}

/// Both ends of a pipe.
package struct Pipe: ~Copyable, Sendable {
    /// The end to read from.
    package var reader: FileDescriptor
    /// The end to write to.
    package var writer: FileDescriptor

    /// Gives both ends away.
    package consuming func take() -> (reader: Int32, writer: Int32) {
        (reader.take(), writer.take())
    }
}
