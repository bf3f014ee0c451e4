/// The packed form of records, in the log's files and on the way there. All numbers little-endian, nothing aligned:
///
///      0         8            12              16           16+k           16+k+v
///     ┌───────────┬────────────┬───────────────┬────────────┬───────────────┬─ ─ ─
///     │ timestamp │ key length │ value length  │ key        │ value         │ next record
///     │ Int64, ms │ UInt32 = k │ UInt32 = v    │ k bytes    │ v bytes       │
///     └───────────┴────────────┴───────────────┴────────────┴───────────────┴─ ─ ─
///
/// Two bodies one after the other are a body again: that is how batches merge without being taken apart.
package enum PackedRecord {
    /// Bytes in front of the key.
    @inlinable package static var headerSize: Int { 16 }
}

/// Records under construction, already in the form in which they are stored.
///
/// - Isolation: a value that moves: made and filled on one loop, then given to the log.
package struct RecordBatch: ~Copyable, @unchecked Sendable {  // sole owner of `base`
    @usableFromInline var base: UnsafeMutableRawPointer?
    @usableFromInline var capacity: Int

    /// Bytes of the packed form.
    package var byteCount: Int { @inlinable get { used } }
    /// How many records.
    package var count: Int { @inlinable get { records } }
    /// Whether there is no record.
    package var isEmpty: Bool { @inlinable get { records == 0 } }

    @usableFromInline var used: Int
    @usableFromInline var records: Int

    /// An empty batch; allocates nothing.
    package init() {
        base = nil
        capacity = 0
        used = 0
        records = 0
    }

    deinit { base?.deallocate() }

    /// Moves everything out, for instance into the log; what stays is empty.
    package mutating func takeAll() -> RecordBatch {
        var taken = RecordBatch()
        swap(&self, &taken)
        return taken
    }

    /// Makes room for further bytes, so that the appends that follow need not grow.
    package mutating func reserve(_ bytes: Int) {
        let needed = used + bytes
        if needed > capacity { grow(to: needed) }
    }

    @usableFromInline
    mutating func grow(to needed: Int) {
        let size = max(needed, capacity * 2, 4096)
        let larger = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 16)
        if let base {
            larger.copyMemory(from: base, byteCount: used)
            base.deallocate()
        }
        base = larger
        capacity = size
    }

    /// Adds a record.
    ///
    /// - Parameter timestamp: Milliseconds since the epoch; the event's own time.
    package mutating func append(key: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer, timestamp: Int64) {
        append(keyCount: key.count, valueCapacity: value.count, timestamp: timestamp) { keyRoom, valueRoom in
            keyRoom.copyMemory(from: key)
            valueRoom.copyMemory(from: value)
            return value.count
        }
    }

    /// Adds a record that `write` puts where it is stored, so that nothing is copied.
    ///
    /// - Parameters:
    ///   - keyCount: Bytes of the key; `write` fills exactly these.
    ///   - valueCapacity: The most bytes that the value can have.
    ///   - timestamp: Milliseconds since the epoch; the event's own time.
    ///   - write: Fills the key's room and the beginning of the value's, and answers how long the value is. When it
    ///     throws, nothing was added.
    @inlinable
    package mutating func append<Failure: Error>(
        keyCount: Int, valueCapacity: Int, timestamp: Int64,
        _ write: (UnsafeMutableRawBufferPointer, UnsafeMutableRawBufferPointer) throws(Failure) -> Int
    ) throws(Failure) {
        let needed = used + PackedRecord.headerSize + keyCount + valueCapacity
        if needed > capacity { grow(to: needed) }
        let start = base.unsafelyUnwrapped + used
        let key = UnsafeMutableRawBufferPointer(start: start + PackedRecord.headerSize, count: keyCount)
        let value = UnsafeMutableRawBufferPointer(
            start: start + PackedRecord.headerSize + keyCount, count: valueCapacity)
        let valueCount = try write(key, value)
        precondition(valueCount >= 0 && valueCount <= valueCapacity, "a value is longer than its room")
        start.storeBytes(of: timestamp.littleEndian, as: Int64.self)
        start.storeBytes(of: UInt32(keyCount).littleEndian, toByteOffset: 8, as: UInt32.self)
        start.storeBytes(of: UInt32(valueCount).littleEndian, toByteOffset: 12, as: UInt32.self)
        used += PackedRecord.headerSize + keyCount + valueCount
        records += 1
    }

    /// Adds copies of all records of another batch.
    package mutating func append(contentsOf other: borrowing RecordBatch) {
        guard other.used > 0 else { return }
        if used + other.used > capacity { grow(to: used + other.used) }
        (base.unsafelyUnwrapped + used).copyMemory(from: other.base.unsafelyUnwrapped, byteCount: other.used)
        used += other.used
        records += other.records
    }

    /// Adds records that are packed already.
    mutating func append(packed: UnsafeRawBufferPointer, count: Int) {
        guard let source = packed.baseAddress else { return }
        if used + packed.count > capacity { grow(to: used + packed.count) }
        (base.unsafelyUnwrapped + used).copyMemory(from: source, byteCount: packed.count)
        used += packed.count
        records += count
    }

    /// Part of the packed form; valid as long as this batch is neither changed nor gone.
    @usableFromInline
    borrowing func slice(_ range: Range<Int>) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(start: base, count: used)[range])
    }

    /// Forgets all records. A buffer of up to this many bytes stays for the next ones.
    package mutating func removeAll(keepingAtMost limit: Int = .max) {
        used = 0
        records = 0
        guard capacity > limit else { return }
        base?.deallocate()
        base = nil
        capacity = 0
    }

    /// The packed form; valid inside `body`.
    package borrowing func withBytes<R, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> R
    ) throws(Failure) -> R {
        try body(UnsafeRawBufferPointer(start: base, count: used))
    }
}

/// One record where it lies in a packed body. Valid as long as the body.
package struct RecordView {
    /// Milliseconds since the epoch.
    package let timestamp: Int64
    /// The key's bytes: the text of a key link.
    package let key: UnsafeRawBufferPointer
    /// The value's bytes.
    package let value: UnsafeRawBufferPointer

    /// A record of these parts.
    @inlinable
    package init(timestamp: Int64, key: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer) {
        self.timestamp = timestamp
        self.key = key
        self.value = value
    }
}

/// Walks over a packed body.
package struct RecordCursor {
    /// What has not been walked over yet.
    @usableFromInline package var rest: UnsafeRawBufferPointer

    /// Starts at the beginning of the body.
    @inlinable
    package init(_ body: UnsafeRawBufferPointer) { rest = body }

    /// The next record; nil at the end, and when what follows is no record.
    @inlinable
    package mutating func next() -> RecordView? {
        guard rest.count >= PackedRecord.headerSize, let base = rest.baseAddress else { return nil }
        let timestamp = Int64(littleEndian: base.loadUnaligned(as: Int64.self))
        let keyCount = Int(UInt32(littleEndian: base.loadUnaligned(fromByteOffset: 8, as: UInt32.self)))
        let valueCount = Int(UInt32(littleEndian: base.loadUnaligned(fromByteOffset: 12, as: UInt32.self)))
        let size = PackedRecord.headerSize + keyCount + valueCount
        guard rest.count >= size else { return nil }
        let key = UnsafeRawBufferPointer(start: base + PackedRecord.headerSize, count: keyCount)
        let value = UnsafeRawBufferPointer(start: base + PackedRecord.headerSize + keyCount, count: valueCount)
        rest = UnsafeRawBufferPointer(start: base + size, count: rest.count - size)
        return RecordView(timestamp: timestamp, key: key, value: value)
    }
}
