/// What the server sessions of one loop share: streams that are not in use, and the count of what requests hold in memory.
package final class HTTP2StreamPool {
    let ingest: IngestPool
    private var free: [UnsafeMutablePointer<LibraryStream>] = []
    private let limit: Int
    /// Bytes of requests that the loop's connections hold in memory now.
    package var bufferedBytes = 0
    /// The most that they may hold; a request above it is answered 503.
    package var bufferedLimit: Int

    /// - Parameters:
    ///   - limit: The most streams to keep for later.
    ///   - bufferedLimit: Bytes of requests, heads and bodies, in memory at the same time.
    package init(limit: Int = 4096, bufferedLimit: Int = 128 << 20) {
        self.limit = limit
        self.bufferedLimit = bufferedLimit
        ingest = IngestPool(limit: limit)
    }

    deinit {
        for stream in free { Self.destroy(stream) }
    }

    func take() -> UnsafeMutablePointer<LibraryStream> {
        if let stream = free.popLast() { return stream }
        let stream = UnsafeMutablePointer<LibraryStream>.allocate(capacity: 1)
        stream.initialize(to: LibraryStream())
        return stream
    }

    func giveBack(_ stream: UnsafeMutablePointer<LibraryStream>) {
        guard free.count < limit else {
            Self.destroy(stream)
            return
        }
        stream.pointee.reset()
        free.append(stream)
    }

    private static func destroy(_ stream: UnsafeMutablePointer<LibraryStream>) {
        stream.deinitialize(count: 1)
        stream.deallocate()
    }
}
