import Bytes

// Why: clients built on nghttp2, curl and Node send `authorization` as a literal that is never indexed (RFC 7541 §7.1.3), so the same
// 700 coded bytes arrive in every request, and decoding them would be more than half of a request's cost. Equal coded bytes mean
// equal decoded bytes, so what was decoded once for this loop is found again by comparing. A connection that repeats its
// previous block does not even get here (`IngestConnection.repeatsPrevious`); this table serves those that rotate their tokens.

/// Coded tokens and what they mean, for one loop: sets of four places. A newcomer takes the place of the oldest in its set.
final class TokenTable {
    private struct Place: ~Copyable {
        var coded = OutputBuffer(capacity: 16)
        var decoded = OutputBuffer(capacity: 16)
    }

    private static let sets = 64
    private static let ways = 4
    /// Longer ones are decoded every time, so that the table stays below a megabyte and a half.
    private static let longest = 2048
    private let places: UnsafeMutablePointer<Place>
    /// The hash of what is in each place, and which place of each set is the oldest.
    private let hashes: UnsafeMutablePointer<UInt64>
    private let oldest: UnsafeMutablePointer<UInt8>
    private let seed: UInt64

    /// - Parameter seed: Random, so that nobody can choose tokens that push out another's.
    init(seed: UInt64 = .random(in: .min ... .max)) {
        self.seed = seed
        places = .allocate(capacity: Self.sets * Self.ways)
        for index in 0..<(Self.sets * Self.ways) { (places + index).initialize(to: Place()) }
        hashes = .allocate(capacity: Self.sets * Self.ways)
        hashes.initialize(repeating: 0, count: Self.sets * Self.ways)
        oldest = .allocate(capacity: Self.sets)
        oldest.initialize(repeating: 0, count: Self.sets)
    }

    deinit {
        places.deinitialize(count: Self.sets * Self.ways)
        places.deallocate()
        hashes.deallocate()
        oldest.deallocate()
    }

    /// Appends what `coded` means; decodes only what is not known.
    ///
    /// - Throws: When the code is broken.
    func decode(_ coded: UnsafeRawBufferPointer, into text: inout OutputBuffer) throws(Violation) {
        guard coded.count >= 32, coded.count <= Self.longest else {
            try Huffman.code.decode(coded, into: &text)
            return
        }
        let hash = hash(coded)
        let set = Int(truncatingIfNeeded: hash) & (Self.sets &- 1)
        for index in (set &* Self.ways)..<(set &* Self.ways &+ Self.ways) {
            if hashes[index] == hash, ASCII.equal(places[index].coded.bytes, coded) {
                text.append(places[index].decoded.bytes)
                return
            }
        }
        let start = text.count
        try Huffman.code.decode(coded, into: &text)
        let index = set &* Self.ways &+ Int(oldest[set])
        oldest[set] = (oldest[set] &+ 1) & UInt8(Self.ways &- 1)
        hashes[index] = hash
        places[index].coded.removeAll()
        places[index].coded.append(coded)
        places[index].decoded.removeAll()
        places[index].decoded.append(UnsafeRawBufferPointer(rebasing: text.bytes[start...]))
    }

    /// Tokens of one issuer differ at their end, in the signature.
    private func hash(_ coded: UnsafeRawBufferPointer) -> UInt64 {
        let end = coded.baseAddress! + coded.count  // at least 32 bytes long
        var hash = seed ^ UInt64(coded.count)
        var offset = 24
        while offset > 0 {
            hash = (hash ^ (end - offset).loadUnaligned(as: UInt64.self)) &* 0x9E37_79B9_7F4A_7C15
            hash ^= hash &>> 32
            offset &-= 8
        }
        return hash
    }
}
