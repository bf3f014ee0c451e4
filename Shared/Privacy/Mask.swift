// Masking replaces a value by a hash of a secret seed and the value: equal values stay equal, and nothing else remains.
//
//   text = hex(h1) ‖ hex(h2) of MurmurHash3 x64-128, numeric seed 0, over the bytes seed ‖ value
//
// MurmurHash3 is by Austin Appleby (public domain, github.com/aappleby/smhasher). The text form is the one that existing
// consumers know: each half unsigned, lower case and WITHOUT leading zeros, so 2 to 32 characters, not always 32.

/// Masks values under one text seed.
///
/// - Isolation: an immutable value.
package struct Mask: Sendable {
    /// The longest text that `write` gives, bytes.
    package static let maximumTextCount = 32

    // The hash after the seed's whole blocks, and what is left of the seed.
    private let first: UInt64
    private let second: UInt64
    private let rest: [UInt8]  // 0 to 15 bytes
    private let seedCount: Int

    /// A mask with this seed, which is secret: who knows it can try values.
    package init(seed: String) {
        let bytes = Array(seed.utf8)
        var state = Murmur()
        let whole = bytes.count & ~15
        bytes.withUnsafeBytes { bytes in
            var offset = 0
            while offset < whole {
                state.absorb(
                    bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self),
                    bytes.loadUnaligned(fromByteOffset: offset + 8, as: UInt64.self))
                offset += 16
            }
        }
        first = state.first
        second = state.second
        rest = Array(bytes[whole...])
        seedCount = bytes.count
    }

    /// Writes the mask of `value` and returns its length, 2 to 32 bytes of ASCII. `out` has room for 32 bytes.
    package func write(_ value: UnsafeRawBufferPointer, into out: UnsafeMutableRawBufferPointer) -> Int {
        precondition(out.count >= Self.maximumTextCount, "a mask needs room for 32 bytes")
        var state = Murmur(first: first, second: second)
        var offset = 0
        // The rest of the seed and the beginning of the value share a block.
        let (tail, tailCount) = withUnsafeTemporaryAllocation(byteCount: 16, alignment: 16) { block in
            block.initializeMemory(as: UInt8.self, repeating: 0)
            block.copyBytes(from: rest)
            var count = rest.count
            if count > 0 {
                let taken = min(16 &- count, value.count)
                for index in 0..<taken { block[count &+ index] = value[index] }
                offset = taken
                count &+= taken
                guard count == 16 else { return (Self.words(block), count) }
                let (low, high) = Self.words(block)
                state.absorb(low, high)
            }
            while value.count &- offset >= 16 {
                state.absorb(
                    value.loadUnaligned(fromByteOffset: offset, as: UInt64.self),
                    value.loadUnaligned(fromByteOffset: offset &+ 8, as: UInt64.self))
                offset &+= 16
            }
            block.initializeMemory(as: UInt8.self, repeating: 0)
            let left = value.count &- offset
            for index in 0..<left { block[index] = value[offset &+ index] }
            return (Self.words(block), left)
        }
        state.finish(tail, tailCount, total: seedCount &+ value.count)
        let half = Self.writeHex(state.first, into: out, at: 0)
        return Self.writeHex(state.second, into: out, at: half)
    }

    /// The mask of a text, for command lines and tests.
    package func text(of value: String) -> String {
        var value = value
        return value.withUTF8 { value in
            String(unsafeUninitializedCapacity: Self.maximumTextCount) { out in
                write(UnsafeRawBufferPointer(value), into: UnsafeMutableRawBufferPointer(out))
            }
        }
    }

    private static func words(_ block: UnsafeMutableRawBufferPointer) -> (UInt64, UInt64) {
        (block.load(as: UInt64.self), block.load(fromByteOffset: 8, as: UInt64.self))
    }

    /// Hexadecimal without leading zeros; zero is one `0`. Returns the end.
    private static func writeHex(_ word: UInt64, into out: UnsafeMutableRawBufferPointer, at start: Int) -> Int {
        let digits = max(1, (67 &- word.leadingZeroBitCount) / 4)
        var shift = UInt64(digits &* 4)
        var place = start
        while shift > 0 {
            shift &-= 4
            let digit = UInt8(truncatingIfNeeded: word &>> shift) & 15
            out[place] = digit < 10 ? 0x30 &+ digit : 0x57 &+ digit
            place &+= 1
        }
        return place
    }
}

/// The two words of MurmurHash3 x64-128. Blocks come as little-endian words.
private struct Murmur {
    var first: UInt64 = 0
    var second: UInt64 = 0

    static let c1: UInt64 = 0x87C3_7B91_1142_53D5
    static let c2: UInt64 = 0x4CF5_AD43_2745_937F

    @inline(__always)
    mutating func absorb(_ low: UInt64, _ high: UInt64) {
        first ^= Self.rotated(low.littleEndian &* Self.c1, 31) &* Self.c2
        first = (Self.rotated(first, 27) &+ second) &* 5 &+ 0x52DC_E729
        second ^= Self.rotated(high.littleEndian &* Self.c2, 33) &* Self.c1
        second = (Self.rotated(second, 31) &+ first) &* 5 &+ 0x3849_5AB5
    }

    /// The last 0 to 15 bytes, zero-filled, and the length of everything.
    mutating func finish(_ tail: (UInt64, UInt64), _ count: Int, total: Int) {
        if count > 8 { second ^= Self.rotated(tail.1.littleEndian &* Self.c2, 33) &* Self.c1 }
        if count > 0 { first ^= Self.rotated(tail.0.littleEndian &* Self.c1, 31) &* Self.c2 }
        first ^= UInt64(total)
        second ^= UInt64(total)
        first &+= second
        second &+= first
        first = Self.mixed(first)
        second = Self.mixed(second)
        first &+= second
        second &+= first
    }

    @inline(__always)
    static func rotated(_ word: UInt64, _ bits: UInt64) -> UInt64 { word &<< bits | word &>> (64 &- bits) }

    static func mixed(_ word: UInt64) -> UInt64 {
        var mixed = word
        mixed ^= mixed &>> 33
        mixed = mixed &* 0xFF51_AFD7_ED55_8CCD
        mixed ^= mixed &>> 33
        mixed = mixed &* 0xC4CE_B9FE_1A85_EC53
        return mixed ^ mixed &>> 33
    }
}
