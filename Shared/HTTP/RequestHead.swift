internal import Bytes

// The ingest door's vocabulary. A request is shown to its handler as views into the connection's own memory; nothing
// is copied and nothing allocated. The same types serve HTTP/1.1 and HTTP/2, so that a session can be replaced
// behind the door.

/// Names one request until it is answered. A stale id (its stream or connection is gone) is recognised by the
/// generation, and answers to it are dropped.
package struct StreamID: Sendable, Hashable {
    /// The connection's place in its loop's table.
    package let slot: UInt32
    /// Changes whenever the place is given to another connection.
    package let generation: UInt32
    /// The stream's number on that connection: HTTP/2's stream id, or the request's ordinal on HTTP/1.1.
    package let number: UInt32

    /// From its parts.
    @inlinable package init(slot: UInt32, generation: UInt32, number: UInt32) {
        self.slot = slot
        self.generation = generation
        self.number = number
    }
}

/// The `authorization` field of one request.
package struct TokenReference {
    /// The whole field value (`Bearer …`); empty when there was none. Valid during the call.
    package let bytes: UnsafeRawBufferPointer
    /// True when the previous request on this connection had exactly the same value.
    package let sameAsPrevious: Bool
    /// Changes whenever the value changes on this connection: what was found out about a value may be kept under the
    /// connection's slot, its generation and this number.
    package let epoch: UInt32

    /// From its parts.
    @inlinable package init(bytes: UnsafeRawBufferPointer, sameAsPrevious: Bool, epoch: UInt32) {
        self.bytes = bytes
        self.sameAsPrevious = sameAsPrevious
        self.epoch = epoch
    }
}

/// Remembers the last `authorization` value of one connection.
package struct TokenMemory: ~Copyable {
    private var last: OutputBuffer
    private var epoch: UInt32 = 0
    private var isKnown = false

    /// Nothing seen yet.
    package init() { last = OutputBuffer(capacity: 16) }

    /// Compares with the previous value and remembers this one. The view in the answer is the memory's own: valid
    /// until the next call.
    package mutating func reference(to value: UnsafeRawBufferPointer) -> TokenReference {
        if isKnown, ASCII.equal(last.bytes, value) {
            return TokenReference(bytes: last.bytes, sameAsPrevious: true, epoch: epoch)
        }
        last.removeAll()
        last.append(value)
        isKnown = true
        epoch &+= 1
        return TokenReference(bytes: last.bytes, sameAsPrevious: false, epoch: epoch)
    }

    /// The previous value; empty when there was none. Valid until the next call.
    package var previous: UnsafeRawBufferPointer { last.bytes }

    /// The previous value once more, when it is known without a comparison that this request has the same.
    package func repeated() -> TokenReference {
        TokenReference(bytes: last.bytes, sameAsPrevious: true, epoch: epoch)
    }

    /// Gives the value's memory back; the next request counts as one with another value.
    package mutating func release() {
        if epoch == 0 { return }
        last.removeAll(keepingCapacity: false)
        isKnown = false
    }

    /// Forgets the value: the connection's place is used again.
    package mutating func forget() {
        last.removeAll(keepingCapacity: false)
        isKnown = false
        epoch = 0
    }
}

/// The head of a request, as views that are valid during the call that shows it.
package struct RequestHead: ~Copyable {
    /// `POST`, as sent.
    package let method: UnsafeRawBufferPointer
    /// The path without the query, still percent-encoded.
    package let path: UnsafeRawBufferPointer
    /// What follows `?`; empty when there is none.
    package let query: UnsafeRawBufferPointer
    /// The token, and whether it is the one of the previous request.
    package let authorization: TokenReference

    @usableFromInline let base: UnsafeRawPointer
    @usableFromInline let fields: UnsafeBufferPointer<FieldRange>
    @usableFromInline let known: UnsafePointer<Int16>

    /// The value of a known field (the first one when there are several), nil when it was not sent.
    @inlinable package borrowing func value(of header: KnownHeader) -> UnsafeRawBufferPointer? {
        let index = Int(known[Int(header.rawValue)])
        return index < 0 ? nil : fields[index].value.view(of: base)
    }

    /// Every field in the order it came, `:authority` as `host`. The slow path, for routers and logs.
    package borrowing func forEachHeader(
        _ body: (_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Void
    ) {
        for field in fields {
            let name = field.name.view(of: base)
            if ASCII.equal(name, ":authority") {
                let host = KnownHeader.host.name
                body(
                    UnsafeRawBufferPointer(start: host.utf8Start, count: host.utf8CodeUnitCount),
                    field.value.view(of: base))
            } else {
                body(name, field.value.view(of: base))
            }
        }
    }
}

/// A run of bytes in a buffer that may move: offset and count instead of an address.
package struct ByteRange: Sendable {
    /// Distance from the buffer's start.
    package var offset: UInt32
    /// How many bytes.
    package var count: UInt32

    /// From its parts.
    @inlinable package init(offset: Int = 0, count: Int = 0) {
        self.offset = UInt32(truncatingIfNeeded: offset)
        self.count = UInt32(truncatingIfNeeded: count)
    }

    /// The bytes, when the buffer starts there.
    @inlinable package func view(of base: UnsafeRawPointer) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: base + Int(offset), count: Int(count))
    }
}

/// Where one field's name and value are.
package struct FieldRange: Sendable {
    /// The name as sent.
    package var name: ByteRange
    /// The value without white space at both ends.
    package var value: ByteRange

    /// From its parts.
    @inlinable package init(name: ByteRange, value: ByteRange) {
        self.name = name
        self.value = value
    }
}

/// Collects the head of one request as offsets into whatever buffer holds its text. A connection (or a pooled HTTP/2
/// stream) keeps one and resets it for every request, so that nothing is allocated after the first few.
package struct HeadFields: ~Copyable {
    /// Where the method is.
    package var method = ByteRange()
    /// Where the path is, without the query.
    package var path = ByteRange()
    /// Where the query is.
    package var query = ByteRange()
    /// How many fields there are.
    package private(set) var count = 0

    private var capacity: Int
    private var fields: UnsafeMutablePointer<FieldRange>
    private let known: UnsafeMutablePointer<Int16>

    /// Room for 16 fields; grows up to what the caller's limit on fields lets in.
    package init() {
        capacity = 16
        fields = .allocate(capacity: 16)
        known = .allocate(capacity: KnownHeader.allCases.count)
        known.initialize(repeating: -1, count: KnownHeader.allCases.count)
    }

    deinit {
        fields.deallocate()
        known.deallocate()
    }

    /// Ready for the next request.
    package mutating func reset() {
        method = ByteRange()
        path = ByteRange()
        query = ByteRange()
        guard count > 0 else { return }
        count = 0
        known.update(repeating: -1, count: KnownHeader.allCases.count)
    }

    /// Splits `path?query` at the first question mark.
    package mutating func setTarget(_ target: ByteRange, in base: UnsafeRawPointer) {
        let bytes = target.view(of: base)
        guard let mark = ASCII.firstIndex(of: 0x3F, in: bytes) else {
            path = target
            query = ByteRange()
            return
        }
        path = ByteRange(offset: Int(target.offset), count: mark)
        query = ByteRange(offset: Int(target.offset) + mark + 1, count: bytes.count - mark - 1)
    }

    /// Adds a field. False when it is the second one of a name that allows only one (``KnownHeader/isSingleton``):
    /// refuse the request. (HTTP/2's `:authority` with an equal `host` is such a case too: skip one of them first.)
    package mutating func add(name: ByteRange, value: ByteRange, in base: UnsafeRawPointer) -> Bool {
        add(name: name, value: value, known: KnownHeader(name.view(of: base)))
    }

    /// The same for whoever knows already what the name is.
    package mutating func add(name: ByteRange, value: ByteRange, known header: KnownHeader?) -> Bool {
        if let header {
            let place = Int(header.rawValue)
            if known[place] >= 0 {
                if header.isSingleton { return false }
            } else {
                known[place] = Int16(truncatingIfNeeded: count)
            }
        }
        if count == capacity { grow() }
        fields[count] = FieldRange(name: name, value: value)
        count &+= 1
        return true
    }

    private mutating func grow() {
        let larger = UnsafeMutablePointer<FieldRange>.allocate(capacity: capacity * 2)
        larger.update(from: fields, count: count)
        fields.deallocate()
        fields = larger
        capacity *= 2
    }

    /// The value of a known field, when the text is at `base`.
    package borrowing func value(of header: KnownHeader, in base: UnsafeRawPointer) -> UnsafeRawBufferPointer? {
        let index = Int(known[Int(header.rawValue)])
        return index < 0 ? nil : fields[index].value.view(of: base)
    }

    /// Where the field of that number is.
    package borrowing func field(_ index: Int) -> FieldRange {
        precondition(index < count, "there is such a field")
        return fields[index]
    }

    /// The head, for text at `base`; valid until the text or this value changes.
    package borrowing func head(over base: UnsafeRawPointer, authorization: TokenReference) -> RequestHead {
        RequestHead(
            method: method.view(of: base), path: path.view(of: base), query: query.view(of: base),
            authorization: authorization, base: base, fields: UnsafeBufferPointer(start: fields, count: count),
            known: UnsafePointer(known))
    }
}

/// What a handler answers at the ingest door.
package enum Answer: Sendable {
    /// 204 without a body: a constant run of bytes, the answer to nearly every event.
    case constant204
    /// Any other answer.
    case full(Response)
}
