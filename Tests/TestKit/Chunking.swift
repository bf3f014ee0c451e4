/// The ways in which a network may cut a byte stream. A parser has to give the same messages for all of them.
package enum Chunking: String, CaseIterable, Sendable {
    /// In one piece.
    case whole
    /// One byte at a time.
    case byteByByte
    /// Pieces of 1 to 16 bytes, the same on every run.
    case smallPieces
    /// Pieces of 1 to 4096 bytes, the same on every run.
    case largePieces

    /// Cuts `bytes`; the pieces joined are `bytes` again, and no piece is empty.
    package func cut(_ bytes: [UInt8]) -> [[UInt8]] {
        switch self {
        case .whole: bytes.isEmpty ? [] : [bytes]
        case .byteByByte: bytes.map { [$0] }
        case .smallPieces: pieces(of: bytes, upTo: 16)
        case .largePieces: pieces(of: bytes, upTo: 4096)
        }
    }

    private func pieces(of bytes: [UInt8], upTo limit: Int) -> [[UInt8]] {
        var generator = SeededGenerator(seed: UInt64(limit))
        var pieces: [[UInt8]] = []
        var start = 0
        while start < bytes.count {
            let end = min(bytes.count, start + Int.random(in: 1...limit, using: &generator))
            pieces.append(Array(bytes[start..<end]))
            start = end
        }
        return pieces
    }
}

/// Random numbers that are the same on every run (SplitMix64; Steele, Lea, Flood 2014).
package struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    /// A generator whose numbers depend only on `seed`.
    package init(seed: UInt64) { state = seed }

    /// The next 64 bits.
    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
