import JSON
import Testing

@Suite struct JSONReaderTests {
    @Test func `tokens come one by one`() throws {
        try read(#"{"a":[1,-2.5],"b\n":"x","c":{}}"#) { reader in
            #expect(try reader.next() == .beginObject)
            #expect(try name(&reader) == "a")
            #expect(try reader.next() == .beginArray)
            guard case .integer(let one) = try reader.next(), case .decimal(let two) = try reader.next() else {
                Issue.record("numbers expected")
                return
            }
            #expect(reader.int64(one) == 1)
            #expect(reader.double(two) == -2.5)
            #expect(try reader.next() == .endArray)
            #expect(try name(&reader) == "b\n")
            guard case .string(let text) = try reader.next() else {
                Issue.record("string expected")
                return
            }
            #expect(reader.text(text) == "x")
            #expect(try name(&reader) == "c")
            #expect(try reader.next() == .beginObject)
            #expect(try reader.next() == .endObject)
            #expect(try reader.next() == .endObject)
            #expect(try reader.next() == .end)
            #expect(try reader.next() == .end)
        }
    }

    @Test func `the kind of each level is remembered down to the limit`() throws {
        // Alternating arrays and objects, closed with the right bracket at every level.
        let opening = String(repeating: #"[{"a":"#, count: 64)
        try read(opening + "1" + String(repeating: "}]", count: 64)) { reader in
            while try reader.next() != .end {}
        }
        #expect(throws: JSONError.self) {
            try read(opening + "1" + String(repeating: "]}", count: 64)) { reader in
                while try reader.next() != .end {}
            }
        }
    }

    @Test(
        arguments: [
            ("0", 0), ("-0", 0), ("9223372036854775807", .max), ("-9223372036854775808", .min),
            ("9223372036854775808", nil), ("-9223372036854775809", nil), ("18446744073709551616", nil),
        ] as [(String, Int64?)])
    func `integers fit or are nil`(text: String, expected: Int64?) throws {
        try read(text) { reader in
            guard case .integer(let slice) = try reader.next() else {
                Issue.record("integer expected")
                return
            }
            #expect(reader.int64(slice) == expected)
        }
    }

    @Test func `every cut of a document is refused`() {
        let text = Array(#"{"a":[1,2.5e3,"é\u00e9\ud83d\ude00"],"b":{"c":null,"d":true}}"#.utf8)
        for count in 0..<text.count {
            #expect(throws: JSONError.self) { try JSONValue.parse(Array(text[..<count])) }
        }
    }

    private func name(_ reader: inout JSONReader) throws -> String? {
        guard case .name(let slice) = try reader.next() else { return nil }
        return reader.text(slice)
    }

    private func read(_ text: String, _ body: (inout JSONReader) throws -> Void) throws {
        try Array(text.utf8).withUnsafeBytes { bytes in
            var reader = JSONReader(bytes)
            try body(&reader)
        }
    }
}
