/// Streams and heads that are not in use, and the coded tokens: what the ingest sessions of one loop share.
final class IngestPool {
    private var streams: [UnsafeMutablePointer<IngestStream>] = []
    private var heads: [UnsafeMutablePointer<IngestHead>] = []
    let tokens = TokenTable()
    private let limit: Int

    /// - Parameter limit: The most streams to keep for later.
    init(limit: Int) {
        self.limit = limit
    }

    deinit {
        for stream in streams { Self.destroy(stream) }
        for head in heads { Self.destroy(head) }
    }

    func takeStream() -> UnsafeMutablePointer<IngestStream> {
        if let stream = streams.popLast() { return stream }
        let stream = UnsafeMutablePointer<IngestStream>.allocate(capacity: 1)
        stream.initialize(to: IngestStream())
        return stream
    }

    func giveBack(_ stream: UnsafeMutablePointer<IngestStream>) {
        if streams.count < limit {
            stream.pointee.reset()
            streams.append(stream)
        } else {
            Self.destroy(stream)
        }
    }

    func takeHead() -> UnsafeMutablePointer<IngestHead> {
        if let head = heads.popLast() { return head }
        let head = UnsafeMutablePointer<IngestHead>.allocate(capacity: 1)
        head.initialize(to: IngestHead())
        return head
    }

    func giveBack(_ head: UnsafeMutablePointer<IngestHead>) {
        // Heads are larger than streams, and requests of one connection share them unless their tokens differ.
        if heads.count < limit / 4 { heads.append(head) } else { Self.destroy(head) }
    }

    private static func destroy<Value: ~Copyable>(_ pointer: UnsafeMutablePointer<Value>) {
        pointer.deinitialize(count: 1)
        pointer.deallocate()
    }
}
