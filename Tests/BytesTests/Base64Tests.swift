import Bytes
import Testing

@Suite struct Base64Tests {
    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"),
    ])
    func `RFC 4648 section 10, both ways`(_ plain: String, _ text: String) {
        #expect(Base64.encode(Array(plain.utf8)) == text)
        #expect(Base64.decode(text) == Array(plain.utf8))
    }

    @Test func `every length up to 300 survives both forms`() {
        var generator = SystemRandomNumberGenerator()
        for count in 0...300 {
            let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
            let standard = Base64.encode(bytes)
            #expect(standard.utf8.count == Base64.encodedCount(count))
            #expect(standard == naive(bytes))
            #expect(Base64.decode(standard) == bytes)
            #expect(Base64.decode(Base64.encode(bytes, .url), .url) == bytes)
        }
    }

    @Test func `the url form has its own alphabet and no padding`() {
        #expect(Base64.encode([0xFB, 0xEF, 0xFF, 0xFE]) == "++///g==")
        #expect(Base64.encode([0xFB, 0xEF, 0xFF, 0xFE], .url) == "--___g")
    }

    @Test(arguments: ["Zg", "Zg=", "Z===", "Zm9v\n", "Zm 9", "Zh==", "Zm9=", "====", "Zg==Zg==", "--__", "Zm9v="])
    func `the standard decoder is strict`(_ text: String) {
        #expect(Base64.decode(text) == nil)
    }

    @Test(arguments: ["Zg==", "Z", "Zh", "Zm9", "++//", "Zg="])
    func `the url decoder is strict`(_ text: String) {
        #expect(Base64.decode(text, .url) == nil)
    }

    /// The definition, group by group: the judge of the fast encoder.
    private func naive(_ bytes: [UInt8]) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        var text = ""
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = Array(bytes[start..<min(start + 3, bytes.count)])
            let word = group.enumerated().reduce(0) { $0 | Int($1.element) << (16 - 8 * $1.offset) }
            for place in 0..<4 { text.append(place <= group.count ? alphabet[word >> (18 - 6 * place) & 63] : "=") }
        }
        return text
    }
}
