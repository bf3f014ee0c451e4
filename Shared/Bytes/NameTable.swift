/// Finds the index of a name from its bytes: open addressing, so a look-up touches one or two slots and allocates nothing.
///
/// The names come from schemas and contracts, which their owner writes; what a caller sends can only miss.
public struct NameTable: Sendable {
    @usableFromInline let names: [[UInt8]]
    @usableFromInline let slots: [Int32]
    @usableFromInline let mask: Int

    /// A table of names that differ; of equal ones the first is found.
    public init(_ names: [String]) {
        self.names = names.map { Array($0.utf8) }
        var capacity = 4
        while capacity < names.count * 2 { capacity *= 2 }
        mask = capacity - 1
        var slots = [Int32](repeating: -1, count: capacity)
        for (index, name) in self.names.enumerated() {
            var slot = name.withUnsafeBytes { Self.hash($0) } & mask
            while slots[slot] >= 0, self.names[Int(slots[slot])] != name { slot = (slot + 1) & mask }
            if slots[slot] < 0 { slots[slot] = Int32(index) }
        }
        self.slots = slots
    }

    /// How many names it was made from.
    public var count: Int { names.count }

    /// The index of the name in the list that the table was made from, or nil.
    @inlinable public func index(of name: UnsafeRawBufferPointer) -> Int? {
        var slot = Self.hash(name) & mask
        while slots[slot] >= 0 {
            let index = Int(slots[slot])
            if equals(index, name) { return index }
            slot = (slot &+ 1) & mask
        }
        return nil
    }

    /// True if the name at that index has these bytes.
    @inlinable public func equals(_ index: Int, _ name: UnsafeRawBufferPointer) -> Bool {
        names[index].withUnsafeBytes { $0.count == name.count && $0.elementsEqual(name) }
    }

    /// FNV-1a over eight bytes at a time and the rest one by one.
    @inlinable static func hash(_ name: UnsafeRawBufferPointer) -> Int {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        var index = 0
        while index &+ 8 <= name.count {
            hash = (hash ^ name.loadUnaligned(fromByteOffset: index, as: UInt64.self)) &* 0x0000_0100_0000_01B3
            hash ^= hash &>> 29
            index &+= 8
        }
        while index < name.count {
            hash = (hash ^ UInt64(name[index])) &* 0x0000_0100_0000_01B3
            index &+= 1
        }
        return Int(truncatingIfNeeded: (hash ^ hash &>> 32) & 0x7FFF_FFFF)
    }
}
