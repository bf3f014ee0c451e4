import Bytes
import HTTP2
import TestKit
import Testing

/// PyPI's `hpack` encodes; we decode.
@Suite struct HPACKStrangerTests {
    /// Prints, for each connection, lines of `block hex` and then its fields, `name hex` `value hex`.
    private static let script = """
        import random, sys, hpack
        random.seed(7541)
        def text(n, alphabet): return bytes(random.choice(alphabet) for _ in range(n))
        lower = b"abcdefghijklmnopqrstuvwxyz-"; some = bytes(range(33, 127)); all_bytes = bytes(range(256))
        known = [(b":method", b"POST"), (b":path", b"/event"), (b":scheme", b"https"), (b"accept", b"*/*"), (b"content-type", b"application/octet-stream")]
        for connection in range(40):
            encoder = hpack.Encoder(); pool = []
            print("connection")
            for block in range(60):
                if random.random() < 0.1: encoder.header_table_size = random.choice([0, 64, 256, 1000, 4096])
                fields = []
                for _ in range(random.randrange(1, 14)):
                    roll = random.random()
                    if roll < 0.2: field = random.choice(known)
                    elif roll < 0.5 and pool: field = random.choice(pool)
                    elif roll < 0.9: field = (text(random.randrange(1, 20), lower), text(random.randrange(0, 60), some))
                    else: field = (text(random.randrange(1, 20), lower), text(random.randrange(0, 900), all_bytes))
                    pool.append(field)
                    if random.random() < 0.2: field = hpack.NeverIndexedHeaderTuple(*field)
                    fields.append(field)
                coded = encoder.encode(fields, huffman=random.random() < 0.7)
                print("block", coded.hex())
                for name, value in fields: print("field", name.hex(), "." + value.hex())
        """

    @Test func `what its encoder writes is what we read, whatever the table's size`() async throws {
        let output = try await Strangers.runPython(Self.script).output
        var decoder = HPACKDecoder()
        var expected: [(name: [UInt8], value: [UInt8])] = []
        var block: [UInt8]?
        var blocks = 0
        func compare() throws {
            guard let coded = block else { return }
            let decoded = try coded.withUnsafeBytes { try decoder.decode($0) }
            let same = decoded.elementsEqual(expected) { $0.name == $1.name && $0.value == $1.value }
            #expect(same)
            #expect(decoder.tableSize <= decoder.tableMaximum)
            blocks += 1
        }
        for line in output.split(separator: "\n") {
            let words = line.split(separator: " ")
            switch words[0] {
            case "connection":
                try compare()
                block = nil
                decoder = HPACKDecoder()
            case "block":
                try compare()
                block = bytes(String(words[1]))
                expected = []
            default:
                expected.append((bytes(String(words[1])), bytes(String(words[2].dropFirst()))))
            }
        }
        try compare()
        #expect(blocks == 2400)
    }

    @Test func `Huffman codes of all lengths are read`() async throws {
        let script = """
            import random
            from hpack.huffman import HuffmanEncoder
            from hpack.huffman_constants import REQUEST_CODES, REQUEST_CODES_LENGTH
            encoder = HuffmanEncoder(REQUEST_CODES, REQUEST_CODES_LENGTH)
            random.seed(9)
            texts = [bytes([b]) for b in range(256)] + [bytes([b]) * n for b in range(256) for n in (2, 3, 7, 8, 9)]
            texts += [bytes(random.randrange(256) for _ in range(n)) for n in range(300)]
            texts += [bytes(random.choice(b"abcdefXYZ0189._-eyJ") for _ in range(n)) for n in range(1200)]
            for text in texts: print("." + text.hex(), encoder.encode(text).hex())
            """
        var count = 0
        for line in try await Strangers.runPython(script).output.split(separator: "\n") {
            let words = line.split(separator: " ")
            let text = bytes(String(words[0].dropFirst()))
            let coded = words.count > 1 ? bytes(String(words[1])) : []
            let decoded = try coded.withUnsafeBytes { try HPACKDecoder.decodeHuffman($0) }
            if decoded != text { Issue.record("\(line)") }
            count += 1
        }
        #expect(count == 256 * 6 + 300 + 1200)
    }
}
