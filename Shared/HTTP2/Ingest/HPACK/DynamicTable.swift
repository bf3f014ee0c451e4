// RFC 7541 §2.3.2 and §4. Entries enter at the front and leave at the back, so both are rings:
//
//     entries   | … | oldest … newest | … |        numbers and kinds; index 62 is the newest
//     arena     | gone | oldest …… newest | free |  names and values, one after the other
//
// When the arena's end is reached, what lives is moved to its front. As at most half of it lives, that costs less than a byte moved
// for each byte inserted, and nothing is allocated for an entry.

/// The fields that the peer's encoder has told us to remember.
struct DynamicTable: ~Copyable {
    private struct Entry {
        /// Place in the arena; counts on beyond its end, see `origin`.
        let start: UInt32
        let nameCount: UInt16
        let valueCount: UInt16
        let kind: FieldKind
        let hasGoodValue: Bool
    }

    /// SETTINGS_HEADER_TABLE_SIZE is never announced, so it has its initial value (RFC 9113 §6.5.2).
    static let limit = 4096

    /// Sum of the sizes of all entries (§4.1): name, value and 32 each.
    private(set) var size = 0
    /// The most that `size` may become; the encoder chooses it within the limit (§4.2).
    private(set) var maximum = limit
    /// Changes with the content.
    private(set) var version: UInt32 = 0
    private(set) var count = 0

    private var oldest = 0  // place in `entries`
    private var entryCapacity = 0  // a power of two
    private var entries: UnsafeMutablePointer<Entry>?
    private var arena: UnsafeMutableRawPointer?
    private var arenaCapacity = 0
    /// The arena's first byte has this place; places grow for ever, with wrap-around.
    private var origin: UInt32 = 0
    /// The place behind the newest entry.
    private var end: UInt32 = 0

    init() {}

    deinit {
        entries?.deallocate()
        arena?.deallocate()
    }

    /// The entry of that index: 62 is the newest. Views are valid until the next insertion.
    ///
    /// - Throws: When there is none (§2.3.3).
    @inline(__always)
    func entry(_ index: Int) throws(Violation)
        -> (name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer, kind: FieldKind, hasGoodValue: Bool)
    {
        let back = index &- StaticTable.count
        guard back <= count, let entries, let arena else { throw .connection(.compressionError) }
        let entry = entries[(oldest &+ count &- back) & (entryCapacity &- 1)]
        let name = UnsafeRawPointer(arena) + Int(entry.start &- origin)
        return (
            UnsafeRawBufferPointer(start: name, count: Int(entry.nameCount)),
            UnsafeRawBufferPointer(start: name + Int(entry.nameCount), count: Int(entry.valueCount)),
            entry.kind, entry.hasGoodValue
        )
    }

    /// Remembers a field. Its bytes must not be the table's own: they are copied after older entries have gone (§4.4).
    mutating func insert(
        _ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, _ kind: FieldKind, _ good: Bool
    ) {
        version &+= 1
        let length = name.count &+ value.count
        evict(toFit: length &+ 32)
        // §4.4: larger than the table: it is empty now, and that is no error.
        if length &+ 32 > maximum { return }
        let entries = roomForEntry()
        let place = roomForText(length)
        if let bytes = name.baseAddress { place.copyMemory(from: bytes, byteCount: name.count) }
        if let bytes = value.baseAddress { (place + name.count).copyMemory(from: bytes, byteCount: value.count) }
        (entries + (oldest &+ count) & (entryCapacity &- 1)).initialize(
            to: Entry(
                start: end, nameCount: UInt16(name.count), valueCount: UInt16(value.count), kind: kind,
                hasGoodValue: good))
        end &+= UInt32(length)
        count &+= 1
        size &+= length &+ 32
    }

    /// A size update from the encoder (§6.3).
    ///
    /// - Throws: When it is above the limit.
    mutating func resize(to maximum: Int) throws(Violation) {
        guard maximum <= Self.limit else { throw .connection(.compressionError) }
        version &+= 1
        self.maximum = maximum
        evict(toFit: 0)
    }

    /// Gives back memory that the entries do not need.
    mutating func trim() {
        guard count == 0 else { return }
        entries?.deallocate()
        arena?.deallocate()
        (entries, arena, entryCapacity, arenaCapacity) = (nil, nil, 0, 0)
    }

    private mutating func evict(toFit wanted: Int) {
        guard let entries else { return }
        while count > 0, size &+ wanted > maximum {
            let entry = entries[oldest]
            size &-= Int(entry.nameCount) &+ Int(entry.valueCount) &+ 32
            oldest = (oldest &+ 1) & (entryCapacity &- 1)
            count &-= 1
        }
    }

    /// At most 128 entries of 32 bytes fit.
    private mutating func roomForEntry() -> UnsafeMutablePointer<Entry> {
        if let entries, count < entryCapacity { return entries }
        let capacity = max(8, entryCapacity * 2)
        let larger = UnsafeMutablePointer<Entry>.allocate(capacity: capacity)
        if let entries {
            for index in 0..<count { larger[index] = entries[(oldest &+ index) & (entryCapacity &- 1)] }
            entries.deallocate()
        }
        (entries, entryCapacity, oldest) = (larger, capacity, 0)
        return larger
    }

    /// Where the next entry's bytes go. At most `limit` bytes live, so the arena never has more than twice that.
    private mutating func roomForText(_ length: Int) -> UnsafeMutableRawPointer {
        let first = count == 0 ? end : entries![oldest].start  // an entry is there, so are the entries
        let living = Int(end &- first)
        if let arena, Int(end &- origin) &+ length <= arenaCapacity { return arena + Int(end &- origin) }
        if let arena, (living &+ length) * 2 <= arenaCapacity {
            arena.copyMemory(from: arena + Int(first &- origin), byteCount: living)
        } else {
            var capacity = max(256, arenaCapacity)
            while capacity < (living &+ length) * 2 { capacity *= 2 }
            let larger = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16)
            if let arena {
                larger.copyMemory(from: arena + Int(first &- origin), byteCount: living)
                arena.deallocate()
            }
            (arena, arenaCapacity) = (larger, capacity)
        }
        origin = first
        return arena! + living  // made above when there was none
    }
}
