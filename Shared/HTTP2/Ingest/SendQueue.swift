/// Streams whose answers have bytes to send and a window that lets them, in the order in which they take turns. Linked through the
/// streams themselves, so that nothing is allocated.
struct SendQueue: ~Copyable {
    private var first: UnsafeMutablePointer<IngestStream>?
    private var last: UnsafeMutablePointer<IngestStream>?

    init() {}

    var isEmpty: Bool { first == nil }

    /// - Precondition: The stream is in no queue.
    mutating func append(_ stream: UnsafeMutablePointer<IngestStream>) {
        stream.pointee.isQueued = true
        if let last { last.pointee.nextToSend = stream } else { first = stream }
        last = stream
    }

    mutating func popFirst() -> UnsafeMutablePointer<IngestStream>? {
        guard let stream = first else { return nil }
        first = stream.pointee.nextToSend
        if first == nil { last = nil }
        stream.pointee.nextToSend = nil
        stream.pointee.isQueued = false
        return stream
    }

    /// - Precondition: The stream is in this queue.
    mutating func remove(_ stream: UnsafeMutablePointer<IngestStream>) {
        var before: UnsafeMutablePointer<IngestStream>?
        var entry = first
        while let found = entry, found != stream {
            before = found
            entry = found.pointee.nextToSend
        }
        if let before {
            before.pointee.nextToSend = stream.pointee.nextToSend
        } else {
            first = stream.pointee.nextToSend
        }
        if last == stream { last = before }
        stream.pointee.nextToSend = nil
        stream.pointee.isQueued = false
    }

    mutating func removeAll() {
        while popFirst() != nil {}
    }
}
