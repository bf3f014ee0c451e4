internal import HTTP2

/// Header blocks: tables stay within their size, and what was decoded says the same when it is written plainly.
enum HPACKFuzz {
    static func run(_ bytes: UnsafeRawBufferPointer) throws(BrokenInvariant) {
        var input = FuzzInput(bytes)
        let blockCount = 1 + input.below(4)
        if input.flag() {
            _ = outcome { () throws(HTTP2Error) in try HPACKDecoder.decodeHuffman(input.rest) }
        }
        // The blocks of one connection share a table.
        let (one, other, plain) = (HPACKDecoder(), HPACKDecoder(), HPACKDecoder())
        for index in 0..<blockCount {
            let length = index == blockCount - 1 ? input.rest.count : input.below(256)
            let block = input.take(length)
            let first = decode(block, one)
            let second = decode(block, other)
            try require((first == nil) == (second == nil), "a block is broken or not")
            guard let first, let second else { return }
            try require(first == second, "equal tables read a block alike")
            try require(one.tableSize <= one.tableMaximum, "the table keeps to its size")
            try require(one.tableSize >= 32 * one.tableCount, "an entry counts at least 32 bytes")
            try require(one.tableMaximum <= 4096, "the table is no larger than we allowed")
            try require(decode(write(first), plain) == first, "fields survive being written plainly")
        }
    }

    private struct Field: Equatable {
        let name: [UInt8]
        let value: [UInt8]
    }

    private static func decode(_ block: [UInt8], _ decoder: HPACKDecoder) -> [Field]? {
        let fields = block.withUnsafeBytes { block in
            outcome { () throws(HTTP2Error) in try decoder.decode(block) }
        }
        return fields.value?.map { Field(name: $0.name, value: $0.value) }
    }

    /// Literals without indexing, neither name nor value Huffman-coded (RFC 7541 §6.2.2).
    private static func write(_ fields: [Field]) -> [UInt8] {
        fields.flatMap { [0] + string($0.name) + string($0.value) }
    }

    private static func string(_ bytes: [UInt8]) -> [UInt8] {
        guard bytes.count >= 127 else { return [UInt8(bytes.count)] + bytes }
        var coded: [UInt8] = [127]
        var rest = bytes.count - 127
        while rest >= 128 {
            coded.append(UInt8(rest & 127 | 128))
            rest >>= 7
        }
        return coded + [UInt8(rest)] + bytes
    }
}
