internal import Bytes
internal import CNghttp2

// What the two sides of a libnghttp2 session have in common.

/// Appends what the session has to send, until there is nothing more or `out` holds `highWater` bytes.
///
/// - Throws: `HTTP2Error.library` when memory is short.
func pull(from session: OpaquePointer, into out: inout OutputBuffer, upTo highWater: Int) throws(HTTP2Error) {
    while out.count < highWater {
        var piece: UnsafePointer<UInt8>?
        let count = nghttp2_session_mem_send(session, &piece)
        if count < 0 { throw .library(call: "nghttp2_session_mem_send", reason: reasonText(count)) }
        if count == 0 { return }
        out.append(UnsafeRawBufferPointer(start: piece, count: count))
    }
}

/// True when the protocol has nothing more to say in either direction.
func saysNothingMore(_ session: OpaquePointer) -> Bool {
    nghttp2_session_want_read(session) == 0 && nghttp2_session_want_write(session) == 0
}
