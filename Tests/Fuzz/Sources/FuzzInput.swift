/// Takes an input apart: choices come from its end, and what they leave at the front is the text.
///
/// So a seed is a plain file of the format, a dictionary's words stay whole, and a mutation of the choices does not move
/// the text. When the bytes are used up every choice is 0.
struct FuzzInput {
    private let bytes: UnsafeRawBufferPointer
    private var end: Int

    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
        end = bytes.count
    }

    /// What no choice has taken.
    var rest: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: bytes[..<end]) }
    /// True when every further choice is 0.
    var isUsedUp: Bool { end == 0 }

    /// 0 to 255.
    mutating func byte() -> UInt8 {
        guard end > 0 else { return 0 }
        end -= 1
        return bytes[end]
    }

    /// True for half of the bytes.
    mutating func flag() -> Bool { byte() & 1 == 1 }

    /// 0 to `limit - 1`.
    mutating func below(_ limit: Int) -> Int {
        guard limit > 1 else { return 0 }
        var value = Int(byte())
        if limit > 256 { value = value << 8 | Int(byte()) }
        return value % limit
    }

    /// Any 64 bits.
    mutating func word() -> UInt64 {
        var value: UInt64 = 0
        for _ in 0..<8 { value = value << 8 | UInt64(byte()) }
        return value
    }

    /// One of the elements.
    mutating func element<Element>(of elements: [Element]) -> Element { elements[below(elements.count)] }

    /// So many bytes, fewer when the input is used up.
    mutating func take(_ count: Int) -> [UInt8] {
        let count = min(count, end)
        end -= count
        return [UInt8](bytes[end..<(end + count)])
    }

    /// The last bytes as an input of their own.
    mutating func split(_ count: Int) -> FuzzInput {
        let start = end - min(count, end)
        defer { end = start }
        return FuzzInput(UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
    }

    /// Where the network cuts a stream.
    mutating func cuts() -> Cuts { Cuts(lengths: (0..<below(8)).map { _ in 1 + below(64) }) }
}

/// A way of cutting a stream into pieces: these lengths again and again; no length at all is one piece.
struct Cuts {
    static let none = Cuts(lengths: [])
    static let everywhere = Cuts(lengths: [1])

    let lengths: [Int]

    func forEachPiece<Failure: Error>(
        of stream: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) throws(Failure) -> Void
    ) throws(Failure) {
        var start = 0
        var turn = 0
        while start < stream.count {
            let length = lengths.isEmpty ? stream.count : lengths[turn % lengths.count]
            let end = min(stream.count, start + length)
            try body(UnsafeRawBufferPointer(rebasing: stream[start..<end]))
            start = end
            turn += 1
        }
    }
}
