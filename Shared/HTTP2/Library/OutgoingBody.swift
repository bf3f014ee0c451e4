import Bytes
internal import CNghttp2
import HTTP

/// The body of a message that is sent piece by piece, on either side of a libnghttp2 session.
///
/// nghttp2 asks for bytes when the peer's windows have room (`fill`). When there are none it is told so and asks no more, until
/// `resume` makes it ask again. It holds the body's address; whoever owns the stream keeps the body until the stream is closed.
final class OutgoingBody {
    private var queue = OutputBuffer(capacity: 256)
    private var start = 0
    /// nghttp2 was told that nothing is there.
    private var isWaitedFor = false
    /// The fields behind the last byte, once all bytes are there.
    private var trailers: Headers?
    /// It was full, and whoever sends has not been told of new room.
    private(set) var wasFull = false

    /// Bytes that nghttp2 has not taken yet.
    var unsent: Int { queue.count - start }
    /// Nothing more may be added.
    var isOver: Bool { trailers != nil }

    func append(_ bytes: UnsafeRawBufferPointer) {
        queue.append(bytes)
        if unsent >= HTTP2Pile.highWater { wasFull = true }
    }

    func end(trailers: Headers) { self.trailers = trailers }

    /// True once after it was full and has room again.
    func hasDrained() -> Bool {
        guard wasFull, unsent <= HTTP2Pile.lowWater else { return false }
        wasFull = false
        return true
    }

    /// Where nghttp2 finds it.
    var provider: nghttp2_data_provider {
        var provider = nghttp2_data_provider()
        provider.source.ptr = Unmanaged.passUnretained(self).toOpaque()
        provider.read_callback = { session, stream, buffer, capacity, flags, source, _ in
            let body = Unmanaged<OutgoingBody>.fromOpaque(source!.pointee.ptr).takeUnretainedValue()
            return body.fill(UnsafeMutableRawBufferPointer(start: buffer, count: capacity), flags!, session!, stream)
        }
        return provider
    }

    /// Makes nghttp2 ask again, if it waits.
    func resume(_ session: OpaquePointer, _ stream: UInt32) {
        guard isWaitedFor else { return }
        isWaitedFor = false
        nghttp2_session_resume_data(session, Int32(bitPattern: stream))
    }

    private func fill(
        _ room: UnsafeMutableRawBufferPointer, _ flags: UnsafeMutablePointer<UInt32>, _ session: OpaquePointer,
        _ stream: Int32
    ) -> Int {
        let count = min(room.count, unsent)
        if count > 0 {
            room.copyMemory(from: UnsafeRawBufferPointer(rebasing: queue.bytes[start..<(start + count)]))
            start += count
        }
        if unsent > 0 { return count }
        queue.removeAll(keepingCapacity: queue.capacity <= 2 * HTTP2Pile.highWater)
        start = 0
        guard let trailers else {
            if count > 0 { return count }
            isWaitedFor = true
            return Int(NGHTTP2_ERR_DEFERRED.rawValue)
        }
        flags.pointee |= NGHTTP2_DATA_FLAG_EOF.rawValue
        if !trailers.fields.isEmpty {
            flags.pointee |= NGHTTP2_DATA_FLAG_NO_END_STREAM.rawValue
            var block = FieldBlock()
            block.add(trailers)
            block.withFields { _ = nghttp2_submit_trailer(session, stream, $0, $1) }
        }
        return count
    }
}
