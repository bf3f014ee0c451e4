import Crypto
import Testing

@Suite struct AESGCMTests {
    // Test case 16 of McGrew and Viega, "The Galois/Counter Mode of Operation", appendix B.
    private static let key = "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308"
    private static let nonce = "cafebabefacedbaddecaf888"
    private static let context = "feedfacedeadbeeffeedfacedeadbeefabaddad2"
    private static let plain =
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
        + "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
    private static let sealed =
        "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
        + "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
    private static let tag = "76fc6ece0f4e1768cddf8853bb2d551b"

    @Test func `a published value is opened`() throws {
        let cipher = try AESGCM(key: secret(bytes(Self.key)))
        let opened = try cipher.open(
            bytes("01" + Self.nonce + Self.sealed + Self.tag), authenticating: bytes(Self.context))
        #expect(opened == bytes(Self.plain))
    }

    @Test(arguments: [0, 1, 15, 16, 30, 1000])
    func `what was sealed is opened with the same context only, and each sealing differs`(_ count: Int) throws {
        let cipher = try AESGCM(key: SecretBytes(randomCount: 32))
        let plain = [UInt8](repeating: 7, count: count)
        let sealed = try cipher.seal(plain, authenticating: [1, 2, 3])
        #expect(sealed.count == count + AESGCM.overhead)
        #expect(try cipher.open(sealed, authenticating: [1, 2, 3]) == plain)
        #expect(try cipher.seal(plain, authenticating: [1, 2, 3]) != sealed)
        #expect(throws: CryptoError.unwrapRefused) { try cipher.open(sealed, authenticating: [1, 2]) }
        let other = try AESGCM(key: SecretBytes(randomCount: 32))
        #expect(throws: CryptoError.unwrapRefused) { try other.open(sealed, authenticating: [1, 2, 3]) }
    }

    @Test func `any flipped bit and any cut is refused`() throws {
        let cipher = try AESGCM(key: SecretBytes(randomCount: 32))
        let sealed = try cipher.seal(Array("a secret".utf8), authenticating: [])
        for index in sealed.indices {
            var damaged = sealed
            damaged[index] ^= 0x10
            #expect(throws: CryptoError.unwrapRefused) { try cipher.open(damaged, authenticating: []) }
            #expect(throws: CryptoError.unwrapRefused) {
                try cipher.open(Array(sealed[..<index]), authenticating: [])
            }
        }
    }
}
