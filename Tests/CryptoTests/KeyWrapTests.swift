import Crypto
import Testing

@Suite struct KeyWrapTests {
    static let wrapping = "000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F"

    // RFC 3394 §4.3, §4.5, §4.6: 128, 192 and 256 bits of key data under a 256-bit key.
    @Test(arguments: [
        ("00112233445566778899AABBCCDDEEFF", "64e8c3f9ce0f5ba263e9777905818a2a93c8191e7d6e8ae7"),
        (
            "00112233445566778899AABBCCDDEEFF0001020304050607",
            "a8f9bc1612c68b3ff6e6f4fbe30e71e4769c8b80a32cb8958cd5d17d6b254da1"
        ),
        (
            "00112233445566778899AABBCCDDEEFF000102030405060708090A0B0C0D0E0F",
            "28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21"
        ),
    ])
    func `wrapping gives the bytes of RFC 3394`(_ key: String, _ wrapped: String) throws {
        let wrap = try KeyWrap(owning: secret(bytes(Self.wrapping)))
        #expect(try hex(wrap.wrap(secret(bytes(key)))) == wrapped)
        let opened = try hex(wrap.unwrap(bytes(wrapped)))
        #expect(opened == key.lowercased())
    }

    @Test func `a 64-byte key survives the round trip, and any flipped bit is refused`() throws {
        let wrap = try KeyWrap(owning: SecretBytes(randomCount: 32))
        let key = try SecretBytes(randomCount: 64)
        let wrapped = try wrap.wrap(key)
        #expect(wrapped.count == 72)
        let same = try wrap.unwrap(wrapped).isEqual(to: key)
        #expect(same)
        for bit in 0..<(wrapped.count * 8) {
            var changed = wrapped
            changed[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(throws: CryptoError.unwrapRefused) {
                _ = try hex(wrap.unwrap(changed))
            }
        }
    }

    @Test func `another wrapping key is refused`() throws {
        let wrapped = try KeyWrap(owning: SecretBytes(randomCount: 32)).wrap(SecretBytes(randomCount: 64))
        let other = try KeyWrap(owning: SecretBytes(randomCount: 32))
        #expect(throws: CryptoError.unwrapRefused) {
            _ = try hex(other.unwrap(wrapped))
        }
    }

    @Test(arguments: [0, 8, 23, 71, 73])
    func `a wrapped key of an impossible length is refused`(_ count: Int) throws {
        let wrap = try KeyWrap(owning: SecretBytes(randomCount: 32))
        #expect(throws: CryptoError.self) {
            _ = try hex(wrap.unwrap([UInt8](repeating: 0, count: count)))
        }
    }

    @Test func `a wrapping key that is not 32 bytes is refused`() {
        #expect(throws: CryptoError.wrongLength(operation: "AES-256 key wrap", bytes: 16)) {
            _ = try KeyWrap(owning: SecretBytes(count: 16))
        }
    }
}
