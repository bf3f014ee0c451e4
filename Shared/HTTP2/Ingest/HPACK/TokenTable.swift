import Bytes

// Why: clients built on nghttp2, curl and Node send `authorization` as a literal that is never indexed (RFC 7541 §7.1.3), so the same
// 700 coded bytes arrive in every request, and decoding them would be more than half of a request's cost. Equal coded bytes mean
// equal decoded bytes, so what was decoded once for this loop is found again by comparing. A connection that repeats its
// previous block does not even get here (`IngestConnection.repeatsPrevious`); this table serves those that rotate their tokens.

/// Coded tokens and what they mean, for one loop. A place for each of 128; a newcomer takes the place of whoever has its number.
final class TokenTable {
    private struct Place: ~Copyable {
        var coded = OutputBuffer(capacity: 16)
        var decoded = OutputBuffer(capacity: 16)
    }

    private static let count = 128
    /// Longer ones are decoded every time, so that the table stays below half a megabyte.
    private static let longest = 2048
    private let places: UnsafeMutablePointer<Place>
    private let seed: UInt64

    /// - Parameter seed: Random, so that nobody can choose tokens that push out another's.
    init(seed: UInt64 = .random(in: .min ... .max)) {
        self.seed = seed
        places = .allocate(capacity: Self.count)
        for index in 0..<Self.count { (places + index).initialize(to: Place()) }
    }

    deinit {
        places.deinitialize(count: Self.count)
        places.deallocate()
    }

    /// Appends what `coded` means; decodes only what is not known.
    ///
    /// - Throws: When the code is broken.
    func decode(_ coded: UnsafeRawBufferPointer, into text: inout OutputBuffer) throws(Violation) {
        guard coded.count >= 32, coded.count <= Self.longest else {
            try Huffman.code.decode(coded, into: &text)
            return
        }
        let place = places + number(coded)
        if ASCII.equal(place.pointee.coded.bytes, coded) {
            text.append(place.pointee.decoded.bytes)
            return
        }
        let start = text.count
        try Huffman.code.decode(coded, into: &text)
        place.pointee.coded.removeAll()
        place.pointee.coded.append(coded)
        place.pointee.decoded.removeAll()
        place.pointee.decoded.append(UnsafeRawBufferPointer(rebasing: text.bytes[start...]))
    }

    /// Tokens of one issuer differ at their end, in the signature.
    private func number(_ coded: UnsafeRawBufferPointer) -> Int {
        let end = coded.baseAddress! + coded.count  // at least 32 bytes long
        var hash = seed ^ UInt64(coded.count)
        for offset in [24, 16, 8] {
            hash = (hash ^ (end - offset).loadUnaligned(as: UInt64.self)) &* 0x9E37_79B9_7F4A_7C15
            hash ^= hash &>> 32
        }
        return Int(truncatingIfNeeded: hash) & (Self.count &- 1)
    }
}
