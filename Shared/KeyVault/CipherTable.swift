// Ready ciphers, found by bytes.
//
//   slots    power of two, at most half full: number of an entry + 1, or 0; linear probing
//   entries  as many as the table may hold: hash, copied bytes, cipher, end of window, "used lately"
//
// A hit hashes the bytes, compares them once, and allocates nothing. A full table evicts by clock: a hand goes round the
// entries, spares those used since its last visit, and takes the first that was not.

import Crypto
import Privacy
import Time

/// Bytes in up to three parts; parts that lie differently are different keys.
struct TableKey {
    var first: UnsafeRawBufferPointer
    var second: UnsafeRawBufferPointer
    var third: UnsafeRawBufferPointer?

    var byteCount: Int { first.count &+ second.count &+ (third?.count ?? 0) }
}

/// A bounded map from bytes to `FieldCipher`.
///
/// - Isolation: one per loop.
final class CipherTable {
    private struct Entry {
        var hash: UInt64 = 0
        var bytes = UnsafeMutableRawBufferPointer(start: nil, count: 0)
        var firstCount = 0
        var secondCount = 0
        var hasThird = false
        var cipher: FieldCipher?
        var end = Timestamp.distantPast
        var usedLately = false
    }

    private let entries: UnsafeMutableBufferPointer<Entry>
    private let slots: UnsafeMutableBufferPointer<UInt32>
    private let mask: Int
    private let seed: UInt64
    private var hand = 0
    /// Entries in use.
    private(set) var count = 0

    init(capacity: Int, seed: UInt64) {
        let capacity = max(1, capacity)
        entries = .allocate(capacity: capacity)
        entries.initialize(repeating: Entry())
        var size = 16
        while size < capacity * 2 { size *= 2 }
        slots = .allocate(capacity: size)
        slots.initialize(repeating: 0)
        mask = size - 1
        self.seed = seed
    }

    deinit {
        for index in 0..<count { forget(index) }
        entries.deinitialize()
        entries.deallocate()
        slots.deallocate()
    }

    /// The cipher of these bytes, unless its window has ended.
    func find(_ key: TableKey, now: Timestamp) -> FieldCipher? {
        let hash = hash(key)
        guard let slot = slot(of: key, hash) else { return nil }
        let index = Int(slots[slot]) &- 1
        guard now < entries[index].end else { return nil }
        entries[index].usedLately = true
        return entries[index].cipher
    }

    /// Stores a cipher, in place of an older one for the same bytes or, when the table is full, of one not used lately.
    func insert(_ key: TableKey, _ cipher: FieldCipher, end: Timestamp) {
        let hash = hash(key)
        if let slot = slot(of: key, hash) {
            let index = Int(slots[slot]) - 1
            entries[index].cipher = cipher
            entries[index].end = end
            entries[index].usedLately = true
            return
        }
        let index: Int
        if count < entries.count {
            index = count
            count += 1
        } else {
            index = evicted()
        }
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: key.byteCount, alignment: 8)
        var place = 0
        for part in [key.first, key.second, key.third ?? UnsafeRawBufferPointer(start: nil, count: 0)] {
            UnsafeMutableRawBufferPointer(rebasing: bytes[place...]).copyMemory(from: part)
            place += part.count
        }
        entries[index] = Entry(
            hash: hash, bytes: bytes, firstCount: key.first.count, secondCount: key.second.count,
            hasThird: key.third != nil, cipher: cipher, end: end, usedLately: true)
        var slot = Int(truncatingIfNeeded: hash) & mask
        while slots[slot] != 0 { slot = (slot + 1) & mask }
        slots[slot] = UInt32(index + 1)
    }

    private func evicted() -> Int {
        while entries[hand].usedLately {
            entries[hand].usedLately = false
            hand = (hand + 1) % entries.count
        }
        let index = hand
        hand = (hand + 1) % entries.count
        unlink(index)
        forget(index)
        return index
    }

    /// Wipes an entry's bytes and lets its cipher go, which wipes the key schedules.
    private func forget(_ index: Int) {
        wipe(entries[index].bytes)
        entries[index].bytes.deallocate()
        entries[index] = Entry()
    }

    /// Takes the entry's slot out and closes the gap, so that no probe chain breaks.
    private func unlink(_ index: Int) {
        var gap = Int(truncatingIfNeeded: entries[index].hash) & mask
        while slots[gap] != UInt32(index + 1) { gap = (gap + 1) & mask }
        var next = (gap + 1) & mask
        while slots[next] != 0 {
            let home = Int(truncatingIfNeeded: entries[Int(slots[next]) - 1].hash) & mask
            // Movable when its home is not between the gap (exclusive) and its place (inclusive), going round.
            if (next - home) & mask >= (next - gap) & mask {
                slots[gap] = slots[next]
                gap = next
            }
            next = (next + 1) & mask
        }
        slots[gap] = 0
    }

    private func slot(of key: TableKey, _ hash: UInt64) -> Int? {
        var slot = Int(truncatingIfNeeded: hash) & mask
        while slots[slot] != 0 {
            if matches(entries.baseAddress! + (Int(slots[slot]) &- 1), key, hash) { return slot }
            slot = (slot &+ 1) & mask
        }
        return nil
    }

    private func matches(_ entry: UnsafePointer<Entry>, _ key: TableKey, _ hash: UInt64) -> Bool {
        guard entry.pointee.hash == hash, entry.pointee.firstCount == key.first.count,
            entry.pointee.secondCount == key.second.count, entry.pointee.hasThird == (key.third != nil),
            entry.pointee.bytes.count == key.byteCount
        else { return false }
        let bytes = UnsafeRawBufferPointer(entry.pointee.bytes)
        let second = key.first.count
        let third = second &+ key.second.count
        return equal(bytes, 0, key.first) && equal(bytes, second, key.second)
            && (key.third.map { equal(bytes, third, $0) } ?? true)
    }

    @inline(__always)
    private func equal(_ bytes: UnsafeRawBufferPointer, _ offset: Int, _ part: UnsafeRawBufferPointer) -> Bool {
        guard part.count > 0, let left = bytes.baseAddress, let right = part.baseAddress else { return true }
        return compareBytes(left + offset, right, part.count)
    }

    private func compareBytes(_ left: UnsafeRawPointer, _ right: UnsafeRawPointer, _ count: Int) -> Bool {
        var index = 0
        while index &+ 8 <= count {
            if left.loadUnaligned(fromByteOffset: index, as: UInt64.self)
                != right.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            {
                return false
            }
            index &+= 8
        }
        while index < count {
            if left.load(fromByteOffset: index, as: UInt8.self) != right.load(fromByteOffset: index, as: UInt8.self) {
                return false
            }
            index &+= 1
        }
        return true
    }

    // Folded multiplication, seeded per process: an outsider who picks key-field values cannot aim at one chain.
    private func hash(_ key: TableKey) -> UInt64 {
        var state = seed
        state = Self.mixed(state, key.first)
        state = Self.mixed(state, key.second)
        if let third = key.third { state = Self.mixed(state ^ 0xA076_1D64_78BD_642F, third) }
        return state
    }

    @inline(__always)
    private static func mixed(_ state: UInt64, _ bytes: UnsafeRawBufferPointer) -> UInt64 {
        var state = folded(state ^ UInt64(truncatingIfNeeded: bytes.count), 0xE703_7ED1_A0B4_28DB)
        guard let start = bytes.baseAddress else { return state }
        let count = bytes.count
        var index = 0
        while index &+ 8 <= count {
            state = folded(
                state ^ start.loadUnaligned(fromByteOffset: index, as: UInt64.self), 0x8EBC_6AF0_9C88_C6E3)
            index &+= 8
        }
        if index < count {
            var tail: UInt64 = 0
            while index < count {
                tail = tail &<< 8 | UInt64(start.load(fromByteOffset: index, as: UInt8.self))
                index &+= 1
            }
            state = folded(state ^ tail, 0x5899_65CC_7537_4CC3)
        }
        return state
    }

    @inline(__always)
    private static func folded(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let product = left.multipliedFullWidth(by: right)
        return product.high ^ product.low
    }
}
