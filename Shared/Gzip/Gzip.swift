internal import Bytes
private import CZlib

// The door to zlib, taken because gRPC's compressed messages are gzip (RFC 1952), and DEFLATE is no format to write twice.

/// Compresses and decompresses whole messages in the format of RFC 1952. Any thread.
package enum Gzip {
    /// Compresses, quickly rather than well: messages go from machine to machine, not to an archive.
    ///
    /// - Throws: `.outOfMemory`.
    package static func compress(_ bytes: [UInt8]) throws(GzipError) -> [UInt8] {
        var stream = z_stream()
        guard czlib_deflate_init(&stream, Z_BEST_SPEED) == Z_OK else { throw .outOfMemory }
        defer { deflateEnd(&stream) }
        let room = Int(deflateBound(&stream, UInt(bytes.count)))
        return [UInt8](unsafeUninitializedCapacity: room) { output, count in
            lend(bytes, to: &stream) { stream in
                stream.next_out = output.baseAddress
                stream.avail_out = UInt32(output.count)
                let result = deflate(&stream, Z_FINISH)
                precondition(result == Z_STREAM_END, "deflateBound is enough for one call")
                count = output.count - Int(stream.avail_out)
            }
        }
    }

    /// Decompresses one gzip member.
    ///
    /// - Parameter limit: The most bytes that may come out; memory stays below about twice of it.
    /// - Throws: `.tooLarge` as soon as more come out, `.malformed`, `.outOfMemory`.
    package static func decompress(_ bytes: [UInt8], limit: Int) throws(GzipError) -> [UInt8] {
        var stream = z_stream()
        guard czlib_inflate_init(&stream) == Z_OK else { throw .outOfMemory }
        defer { inflateEnd(&stream) }
        var output = OutputBuffer(capacity: min(limit, max(1024, 4 * bytes.count)) + 1)
        let result = lend(bytes, to: &stream) { stream in
            while true {
                // One byte more than the limit shows that it is broken.
                let room = min(64 << 10, limit + 1 - output.count)
                var result = Z_OK
                output.appendRaw(room: room) { room in
                    stream.next_out = room.baseAddress?.assumingMemoryBound(to: UInt8.self)
                    stream.avail_out = UInt32(room.count)
                    result = inflate(&stream, Z_NO_FLUSH)
                    return room.count - Int(stream.avail_out)
                }
                if result != Z_OK || output.count > limit || stream.avail_out > 0 { return result }
            }
        }
        if output.count > limit { throw .tooLarge(limit: limit) }
        if result == Z_MEM_ERROR { throw .outOfMemory }
        guard result == Z_STREAM_END, stream.avail_in == 0 else { throw .malformed }
        return output.copyBytes()
    }

    /// Shows the stream its input, during the call.
    private static func lend<Result>(
        _ bytes: [UInt8], to stream: inout z_stream, _ body: (inout z_stream) -> Result
    ) -> Result {
        bytes.withUnsafeBufferPointer { input in
            // zlib does not write there; its declaration is older than `const`.
            stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
            stream.avail_in = UInt32(input.count)
            defer { stream.next_in = nil }
            return body(&stream)
        }
    }
}
