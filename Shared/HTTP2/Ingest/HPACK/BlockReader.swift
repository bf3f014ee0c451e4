/// Reads the primitives of a header block (RFC 7541 §5): integers and where strings lie. Every read is bounded by the block.
struct BlockReader {
    private let base: UnsafeRawPointer
    private(set) var cursor = 0
    private let end: Int

    /// - Precondition: `block` has a base address.
    init(_ block: UnsafeRawBufferPointer) {
        base = block.baseAddress!  // the caller has looked: an empty block has nothing to read
        end = block.count
    }

    var isAtEnd: Bool { cursor >= end }

    /// The byte that tells what comes next; only when not at the end.
    var next: UInt8 { base.load(fromByteOffset: cursor, as: UInt8.self) }

    /// An integer behind the `8 - prefix` bits of its representation (§5.1).
    ///
    ///     0   1   2   3   4   5   6   7
    ///     | ? | ? | ? | 1   1   1   1   1 |   prefix 5, all ones: value - 31 follows, seven bits a byte
    ///     | 1 |    Value-(2^N-1) LSB      |
    ///                  ...
    ///     | 0 |    Value-(2^N-1) MSB      |
    ///
    /// - Throws: When it ends early or is larger than any length or index can be (28 bits beyond the prefix).
    @inline(__always)
    mutating func integer(prefix: Int) throws(Violation) -> Int {
        guard cursor < end else { throw .connection(.compressionError) }
        let mask = (1 &<< prefix) &- 1
        let first = Int(base.load(fromByteOffset: cursor, as: UInt8.self)) & mask
        cursor &+= 1
        return first < mask ? first : try longInteger(first)
    }

    private mutating func longInteger(_ first: Int) throws(Violation) -> Int {
        var value = first
        var shift = 0
        while cursor < end, shift < 28 {
            let byte = Int(base.load(fromByteOffset: cursor, as: UInt8.self))
            cursor &+= 1
            value &+= (byte & 0x7F) &<< shift
            if byte & 0x80 == 0 { return value }
            shift &+= 7
        }
        throw .connection(.compressionError)
    }

    /// A string literal (§5.2) as it is coded: the bit that says Huffman, then the length, then the bytes.
    @inline(__always)
    mutating func string() throws(Violation) -> (bytes: UnsafeRawBufferPointer, isHuffman: Bool) {
        guard cursor < end else { throw .connection(.compressionError) }
        let isHuffman = next & 0x80 != 0
        let count = try integer(prefix: 7)
        guard count <= end &- cursor else { throw .connection(.compressionError) }
        defer { cursor &+= count }
        return (UnsafeRawBufferPointer(start: base + cursor, count: count), isHuffman)
    }
}
