import Bytes
import Testing

@Suite struct TextTests {
    @Test func `hex is written in lower case and read in both`() {
        #expect(Hex.encode([0x00, 0xAB, 0xFF]) == "00abff")
        #expect(Hex.decode("00aBFf") == [0x00, 0xAB, 0xFF])
        #expect(Hex.decode("") == [])
        #expect(Hex.decode("abc") == nil)
        #expect(Hex.decode("0g") == nil)
    }

    @Test(arguments: [0, 1, 9, 10, 99, 100, 8443, -1, -10, Int.max, Int.min])
    func `a decimal comes back as it went`(_ value: Int) {
        var buffer = OutputBuffer()
        buffer.append(decimal: value)
        #expect(String(decoding: buffer.copyBytes(), as: UTF8.self) == String(value))
        #expect(buffer.withBytes { Decimal.parse($0) } == value)
    }

    @Test(arguments: ["", "-", "+1", " 1", "1 ", "1a", "0x1", "9223372036854775808", "-9223372036854775809"])
    func `what is no decimal is refused`(_ text: String) {
        #expect(raw(text) { Decimal.parse($0) } == nil)
    }

    @Test func `an unsigned decimal has no sign`() {
        #expect(raw("-1") { Decimal.parseUnsigned($0) } == nil)
        #expect(raw("0042") { Decimal.parseUnsigned($0) } == 42)
    }

    @Test(arguments: [0, 1, 7, 8, 9, 15, 16, 17, 900])
    func `texts of any length are compared to their last byte`(_ count: Int) {
        let text = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
        func equal(_ other: [UInt8]) -> Bool {
            text.withUnsafeBytes { left in other.withUnsafeBytes { ASCII.equal(left, $0) } }
        }
        #expect(equal(text))
        #expect(!equal(text + [0]))
        for place in text.indices {
            var other = text
            other[place] ^= 0x80
            #expect(!equal(other))
        }
    }

    @Test func `case is ignored for letters only`() {
        #expect(raw("Content-TYPE") { ASCII.equalIgnoringCase($0, "content-type") })
        #expect(!raw("content_type") { ASCII.equalIgnoringCase($0, "content-type") })
        #expect(!raw("@[`{") { ASCII.equalIgnoringCase($0, "`{@[") })
        #expect(raw("BEARER abc") { ASCII.hasPrefixIgnoringCase($0, "bearer ") })
        #expect(!raw("bear") { ASCII.hasPrefixIgnoringCase($0, "bearer ") })
        #expect(raw("abc") { ASCII.equal($0, "abc") })
        #expect(!raw("abC") { ASCII.equal($0, "abc") })
    }

    @Test func `case is ignored at every place of a long text, and for ASCII letters only`() {
        let text = Array("Strm-Serialization-Type".utf8)
        for place in text.indices {
            for byte in UInt8.min...UInt8.max {
                var other = text
                other[place] = byte
                let isEqual = text.withUnsafeBytes { left in
                    other.withUnsafeBytes { ASCII.equalIgnoringCase(left, $0) }
                }
                #expect(isEqual == (ASCII.lowercased(byte) == ASCII.lowercased(text[place])), "\(byte) at \(place)")
            }
        }
    }

    @Test func `the value of a field has no control character but the tab`() {
        for count in [1, 7, 8, 9, 20] {
            for place in 0..<count {
                for byte in UInt8.min...UInt8.max {
                    var text = [UInt8](repeating: 0x61, count: count)
                    text[place] = byte
                    let fits = text.withUnsafeBytes { ASCII.isFieldText($0) }
                    #expect(fits == (byte == 0x09 || byte >= 0x20 && byte != 0x7F), "\(byte) at \(place) of \(count)")
                }
            }
        }
        #expect(raw("") { ASCII.isFieldText($0) } && raw("a\tb\tc\td\te\t") { ASCII.isFieldText($0) })
    }

    @Test func `trimming takes spaces and tabs from both ends only`() {
        #expect(raw(" \t a b\t ") { Array(ASCII.trimmed($0)) } == Array("a b".utf8))
        #expect(raw("  \t") { ASCII.trimmed($0).isEmpty })
    }

    @Test func `the search finds the first such byte at every place`() {
        for place in 0..<40 {
            var bytes = [UInt8](repeating: 0x8A, count: 40)  // differs from LF in the high bit only
            bytes[place] = ASCII.lf
            bytes[39] = ASCII.lf
            let found = bytes.withUnsafeBytes { ASCII.firstIndex(of: ASCII.lf, in: $0) }
            #expect(found == place)
            #expect(
                bytes.withUnsafeBytes { ASCII.firstIndex(of: ASCII.lf, in: $0, from: place + 1) }
                    == (place < 39 ? 39 : nil))
        }
        #expect(raw("abc") { ASCII.firstIndex(of: 0x64, in: $0) } == nil)
    }

    @Test func `the bytes of a token are those of RFC 9110`() {
        let expected = Set("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".utf8)
        for byte in UInt8.min...UInt8.max { #expect(ASCII.isToken(byte) == expected.contains(byte)) }
    }

    @Test func `a UUID has version 4, the RFC variant and one text`() {
        let uuid = UUIDv4(random: 0xFFFF_FFFF_FFFF_FFFF, 0x0123_4567_89AB_CDEF)
        #expect(uuid.description == "ffffffff-ffff-4fff-8123-456789abcdef")
        #expect(UUIDv4("FFFFFFFF-FFFF-4FFF-8123-456789ABCDEF") == uuid)
        #expect(Hex.encode(uuid.bytes) == "ffffffffffff4fff8123456789abcdef")
        #expect(UUIDv4("ffffffff-ffff-1fff-8123-456789abcdef") == nil)  // version 1
        #expect(UUIDv4("ffffffff-ffff-4fff-c123-456789abcdef") == nil)  // variant
        #expect(UUIDv4("ffffffffffff4fff8123456789abcdef") == nil)
        #expect(UUIDv4("ffffffff-ffff-4fff-8123-456789abcdeg") == nil)
    }

    @Test func `secrets compare by content`() {
        #expect(constantTimeEqual([1, 2, 3], [1, 2, 3]))
        #expect(constantTimeEqual([UInt8](), []))
        #expect(!constantTimeEqual([1, 2, 3], [1, 2, 4]))
        #expect(!constantTimeEqual([1, 2, 3], [1, 2]))
    }

    private func raw<Result>(_ text: String, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        Array(text.utf8).withUnsafeBytes(body)
    }
}
