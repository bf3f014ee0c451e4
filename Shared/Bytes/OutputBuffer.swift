/// A growing run of bytes with one owner: the place where messages are put together. Appending allocates only when
/// the capacity is used up; ``removeAll(keepingCapacity:)`` keeps it, so a buffer that lives long stops allocating.
///
/// Not thread-safe; it belongs to whoever holds it, and its memory goes when it goes.
public struct OutputBuffer: ~Copyable {
    @usableFromInline var base: UnsafeMutableRawPointer
    /// How many bytes fit before the buffer has to grow.
    public private(set) var capacity: Int
    /// How many bytes it holds.
    public var count: Int

    /// An empty buffer with room for `capacity` bytes.
    public init(capacity: Int = 256) {
        let capacity = max(capacity, 16)
        base = .allocate(byteCount: capacity, alignment: 16)
        self.capacity = capacity
        count = 0
    }

    deinit { base.deallocate() }

    /// True when it holds nothing.
    @inlinable public var isEmpty: Bool { count == 0 }

    /// Its bytes; the view is valid until the next change.
    @inlinable public var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }

    /// Its bytes, to be changed in place; the view is valid until the next append.
    @inlinable public var mutableBytes: UnsafeMutableRawBufferPointer {
        mutating get { UnsafeMutableRawBufferPointer(start: base, count: count) }
    }

    /// Lends the bytes.
    @inlinable public borrowing func withBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(bytes)
    }

    /// A copy of its bytes.
    public func copyBytes() -> [UInt8] { [UInt8](bytes) }

    /// Makes room for `extra` more bytes, at least doubling when it has to grow.
    @inlinable public mutating func reserve(_ extra: Int) {
        if capacity &- count < extra { grow(extra) }
    }

    @usableFromInline @inline(never)
    mutating func grow(_ extra: Int) {
        let capacity = max(self.capacity * 2, count + extra)
        let larger = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16)
        larger.copyMemory(from: base, byteCount: count)
        base.deallocate()
        base = larger
        self.capacity = capacity
    }

    /// Lends `room` bytes of fresh memory behind the end; `body` says how many of them it filled.
    @inlinable public mutating func appendRaw<Failure: Error>(
        room: Int, _ body: (UnsafeMutableRawBufferPointer) throws(Failure) -> Int
    ) throws(Failure) {
        reserve(room)
        let written = try body(UnsafeMutableRawBufferPointer(start: base + count, count: room))
        precondition(written >= 0 && written <= room, "nobody fills more than the room that was lent")
        count &+= written
    }

    /// Appends one byte.
    @inlinable public mutating func append(_ byte: UInt8) {
        reserve(1)
        base.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
        count &+= 1
    }

    /// Appends the bytes of a view.
    @inlinable public mutating func append(_ bytes: UnsafeRawBufferPointer) {
        guard let source = bytes.baseAddress else { return }
        reserve(bytes.count)
        (base + count).copyMemory(from: source, byteCount: bytes.count)
        count &+= bytes.count
    }

    /// Appends the bytes of an array.
    @inlinable public mutating func append(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { append($0) }
    }

    /// Appends the bytes of a literal.
    @inlinable public mutating func append(_ literal: StaticString) {
        append(UnsafeRawBufferPointer(start: literal.utf8Start, count: literal.utf8CodeUnitCount))
    }

    /// Appends the UTF-8 of a text. Not for the hot path.
    public mutating func append(utf8 text: some StringProtocol) {
        var copy = String(text)
        copy.withUTF8 { append(UnsafeRawBufferPointer($0)) }
    }

    /// Appends a fixed-width integer, most significant byte first.
    @inlinable public mutating func append<Value: FixedWidthInteger>(bigEndian value: Value) {
        reserve(MemoryLayout<Value>.size)
        (base + count).storeBytes(of: value.bigEndian, as: Value.self)
        count &+= MemoryLayout<Value>.size
    }

    /// Appends a fixed-width integer, least significant byte first.
    @inlinable public mutating func append<Value: FixedWidthInteger>(littleEndian value: Value) {
        reserve(MemoryLayout<Value>.size)
        (base + count).storeBytes(of: value.littleEndian, as: Value.self)
        count &+= MemoryLayout<Value>.size
    }

    /// Appends a base-128 varint, least significant group first.
    @inlinable public mutating func append(varint value: UInt64) {
        reserve(10)
        var rest = value
        while rest >= 0x80 {
            base.storeBytes(of: UInt8(truncatingIfNeeded: rest) | 0x80, toByteOffset: count, as: UInt8.self)
            count &+= 1
            rest &>>= 7
        }
        base.storeBytes(of: UInt8(truncatingIfNeeded: rest), toByteOffset: count, as: UInt8.self)
        count &+= 1
    }

    /// Appends a zigzag varint.
    @inlinable public mutating func append(zigzag value: Int64) { append(varint: ZigZag.encode(value)) }

    /// Appends the decimal text of a number.
    @inlinable public mutating func append(decimal value: Int) {
        appendRaw(room: Decimal.maxCount) { Decimal.write(value, into: $0) }
    }

    /// Appends the standard, padded Base64 text of the bytes.
    @inlinable public mutating func append(base64 bytes: UnsafeRawBufferPointer) {
        appendRaw(room: Base64.encodedCount(bytes.count)) { Base64.encode(bytes, into: $0) }
    }

    /// Drops the first `dropped` bytes; the rest moves to the front.
    public mutating func removeFirst(_ dropped: Int) {
        precondition(dropped >= 0 && dropped <= count, "no more bytes leave than there are")
        let rest = count - dropped
        if rest > 0, dropped > 0 { base.copyMemory(from: base + dropped, byteCount: rest) }
        count = rest
    }

    /// Drops what lies behind the first `kept` bytes.
    @inlinable public mutating func truncate(to kept: Int) {
        precondition(kept >= 0 && kept <= count, "a truncated buffer is not longer than before")
        count = kept
    }

    /// Empties it; keeps the memory unless told otherwise.
    public mutating func removeAll(keepingCapacity: Bool = true) {
        count = 0
        guard !keepingCapacity, capacity > 256 else { return }
        base.deallocate()
        capacity = 256
        base = .allocate(byteCount: capacity, alignment: 16)
    }
}
