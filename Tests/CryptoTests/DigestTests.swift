import Crypto
import Testing

@Suite struct DigestTests {
    @Test func `SHA-256 gives the digest of FIPS 180-4`() throws {
        #expect(
            try hex(SHA256.hash(Array("abc".utf8)))
                == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(try hex(SHA256.hash([])) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    }

    // RFC 4231 §4.2, §4.3, §4.7.
    @Test(arguments: [
        (
            [UInt8](repeating: 0x0B, count: 20), "Hi There",
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
        ),
        (
            Array("Jefe".utf8), "what do ya want for nothing?",
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        ),
        (
            [UInt8](repeating: 0xAA, count: 131), "Test Using Larger Than Block-Size Key - Hash Key First",
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        ),
    ])
    func `HMAC-SHA256 gives the codes of RFC 4231`(_ key: [UInt8], _ message: String, _ code: String) throws {
        #expect(try hex(HMACSHA256.code(for: Array(message.utf8), key: secret(key))) == code)
    }

    @Test func `an empty message has a code too`() throws {
        let code = try HMACSHA256.code(for: [], key: secret([]))
        #expect(hex(code) == "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad")
    }

    @Test func `HKDF gives the keys of RFC 5869 A 1 and A 3`() throws {
        let input = secret([UInt8](repeating: 0x0B, count: 22))
        let first = try HKDF.derive(
            from: input, salt: bytes("000102030405060708090a0b0c"), info: bytes("f0f1f2f3f4f5f6f7f8f9"), count: 42)
        #expect(
            hex(first)
                == "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865")
        let third = try HKDF.derive(from: input, salt: [], info: [], count: 42)
        #expect(
            hex(third)
                == "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8")
    }

    @Test func `HKDF refuses a length beyond 255 blocks`() {
        #expect(throws: CryptoError.wrongLength(operation: "HKDF", bytes: 8161)) {
            _ = try HKDF.derive(from: secret([1]), salt: [], info: [], count: 8161)
        }
    }
}

/// A secret from test bytes.
func secret(_ bytes: [UInt8]) -> SecretBytes { SecretBytes(copying: bytes) }

func hex(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef")
    return String(bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
}

func hex(_ secret: borrowing SecretBytes) -> String { secret.withBytes { hex([UInt8]($0)) } }

func bytes(_ hex: String) -> [UInt8] {
    var result: [UInt8] = []
    var rest = Substring(hex)
    while let pair = UInt8(rest.prefix(2), radix: 16) {
        result.append(pair)
        rest = rest.dropFirst(2)
    }
    return result
}
