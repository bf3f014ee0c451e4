package import Faults
internal import Glibc

/// What the kernel, or a file that it gave us, refused.
package enum SystemError: Fault, Equatable, CustomStringConvertible {
    /// A system call failed with `errno`. `subject` is the path or address that it was about, or empty.
    case call(_ name: String, errno: Int32, subject: String)
    /// A file is longer than the reader's limit, in bytes.
    case tooLong(path: String, limit: Int)
    /// Something that is no file stands where one belongs; `found` says what: `a folder`, `a FIFO`.
    case notAFile(path: String, found: String)
    /// Another process holds the lock on this path.
    case locked(path: String)
    /// A host name has no address; `reason` is the resolver's word for it.
    case unresolved(host: String, reason: String)
    /// A text is not an IP address, or a Unix socket path is longer than the kernel takes (107 bytes).
    case badAddress(String)

    /// The caller of a system call is this plane itself, or the machine under it.
    package var blame: Blame {
        switch self {
        case .unresolved: .upstream
        case .call, .tooLong, .notAFile, .locked, .badAddress: .us
        }
    }

    /// Whether trying the same again later can help.
    package var retry: Retry {
        switch self {
        case .call(_, let code, _):
            [EAGAIN, EBUSY, EMFILE, ENFILE, ENOMEM, ENOSPC, ECONNREFUSED, ECONNRESET, ETIMEDOUT, EHOSTUNREACH]
                .contains(code) ? .afterBackoff : .never
        case .locked, .unresolved: .afterBackoff
        case .tooLong, .notAFile, .badAddress: .never
        }
    }

    /// True when a path does not exist.
    package var isNotFound: Bool { code == ENOENT }
    /// True when something was to be created and exists already.
    package var isAlreadyThere: Bool { code == EEXIST }
    /// True when a port or socket path is taken by another process.
    package var isAddressInUse: Bool { code == EADDRINUSE }
    /// True when whoever would read has gone.
    package var isBrokenPipe: Bool { code == EPIPE }

    /// The `errno` of a failed call; nil for the other cases.
    package var code: Int32? {
        switch self {
        case .call(_, let code, _): code
        case .tooLong, .notAFile, .locked, .unresolved, .badAddress: nil
        }
    }

    /// One line for a log or a terminal.
    package var description: String {
        switch self {
        case .call(let name, let code, let subject):
            subject.isEmpty ? "\(name): \(errorText(code))" : "\(name) \(subject): \(errorText(code))"
        case .tooLong(let path, let limit): "\(path): longer than \(limit) bytes"
        case .notAFile(let path, let found): "\(path): \(found), not a file"
        case .locked(let path): "\(path): held by another process"
        case .unresolved(let host, let reason): "\(host): \(reason)"
        case .badAddress(let text): "\(text): not an address"
        }
    }
}

/// The C library's text for an error number, such as "No such file or directory".
package func errorText(_ code: Int32) -> String {
    withUnsafeTemporaryAllocation(byteCount: 256, alignment: 1) { buffer in
        let chars = buffer.bindMemory(to: CChar.self)
        guard strerror_r(code, chars.baseAddress!, chars.count) == 0 else { return "error \(code)" }
        return String(cString: chars.baseAddress!)
    }
}
