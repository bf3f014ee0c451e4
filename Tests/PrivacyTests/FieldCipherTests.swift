import Crypto
import Privacy
import TestKit
import Testing
import Wire

@Suite struct FieldCipherTests {
    // Published pairs (`17850`) and values sealed by Google Tink under one published key.
    static let vectors = [
        ("17850", "ASqc1Q0QalDEN+LHeyZSfGHE+s9Lqu4o+jM="),
        ("unique-5", "ASqc1Q30EUzVoC4aOnDabJ4gOXfVYAmnx5qw64s="),
        ("session-273", "ASqc1Q0+OwNhGrtFMgU3zxc2FFAY9ZXQ6izJcYfOj4o="),
        ("sensitive-0", "ASqc1Q24c5yF1ItMLo2UmKQ7xwtvPAOvo4CnK5rLS5A="),
        ("not-sensitive-6", "ASqc1Q2TjRtWbCEADh95z/wzB9iorsU3IeQguCokBf2id0zL"),
        ("", "ASqc1Q1yAPAJfb8BZNH5CVITZGfm"),
        ("a", "ASqc1Q2rkMAJdeR7xP1LleR80odn0A=="),
        ("é€", "ASqc1Q0y17AHqLC4VyJJsZmSG2pJrSnvPsQ="),
        ("0123456789abcdef", "ASqc1Q3FgtloLw0rc4qo8j2NmfrV5gf/QkohVhL4AlAjEJXS+g=="),
        ("0123456789abcdef0", "ASqc1Q0oABOtXWssKXWssWIIYwOKQ9ld32l5/XS46UqRirFgmrI="),
    ]

    @Test(arguments: vectors)
    func `the published values are sealed and opened to the byte`(_ plain: String, _ sealed: String) throws {
        let cipher = try Fixture.cipher()
        #expect(cipher.seal(plain) == sealed)
        #expect(try cipher.open(sealed) == plain)
    }

    @Test func `the fields of one event share a pass and give the same texts`() throws {
        let sealed = try Fixture.seal(Self.vectors.map { Array($0.0.utf8) })
        #expect(sealed == Self.vectors.map(\.1))
    }

    @Test func `texts of one event that are not genuine do not disturb the others`() throws {
        let cipher = try Fixture.cipher()
        let texts = [
            "ASqc1Q0QalDEN+LHeyZSfGHE+s9Lqu4o+jM=",
            "ASqc1Q0QalDEN+LHeyZSfGHE+s9Lqu4o+jN=",  // unused bits set
            "ASqc1Q0QalDEN+LHeyZSfGHE+s9Lqu4o+jI=",  // last byte changed
            "not Base64 at all",
            "ATuasjJ30S4uRB64APNKNze/TH6V5NbA6gRLGjM=",  // another key's
            "ASqc1Q2rkMAJdeR7xP1LleR80odn0A==",
        ]
        #expect(Fixture.open(texts, with: cipher) == ["17850", nil, nil, nil, nil, "a"])
    }

    @Test(arguments: [
        "", "A", "AQ==", "ASqc1Q0=", "ASqc1Q0QalDEN+LHeyZSfGHE+s9L", "ASqc1Q0QalDEN+LHeyZSfGHE+s9Lqu4o+jM",
        "ASqc1Q0QalDEN+LHeyZSfGHE+s9Lqu4o+jM= ", "AiqcIQ0QalDEN+LHeyZSfGHE+s9Lqu4o+jM=",
    ])
    func `a malformed text is refused without saying why`(_ text: String) throws {
        let cipher = try Fixture.cipher()
        #expect(throws: PrivacyError.badCipherText) { _ = try cipher.open(text) }
    }

    @Test func `what is genuine but no text is refused`() throws {
        let sealed = try Fixture.seal([[0xFF, 0xFE]])[0]
        let cipher = try Fixture.cipher()
        #expect(throws: PrivacyError.badCipherText) { _ = try cipher.open(sealed) }
    }

    @Test func `a cipher carries the key link in text and in bytes`() throws {
        let cipher = try Fixture.cipher()
        #expect(String(decoding: cipher.linkText, as: UTF8.self) == Fixture.link.description)
        #expect(cipher.link == Fixture.link)
        #expect(cipher.keyID == 714_921_229)
    }

    @Test func `new keys differ and have ids that every Tink accepts`() throws {
        var ids: Set<UInt32> = []
        for _ in 0..<100 {
            let key = try DataKey.random()
            #expect(key.id > 0 && key.id < 1 << 31)
            ids.insert(key.id)
        }
        #expect(ids.count == 100)
    }
}

enum Fixture {
    static let link = KeyLink("1867d5ad-f1fb-4faa-af98-f863a4f9e3e4")!
    static let keyset =
        #"{"primaryKeyId":714921229,"key":[{"keyData":{"typeUrl":"type.googleapis.com/google.crypto.tink.AesSivKey","#
        + #""value":"EkBKGzBuy9C3UUmWaOzpe7NBEg6QK21FRhZ9MjuD5hpa0+hPJy0kn1HngA9QUT5aGbTNQQyow0V6qJCFoFRQNNTH","#
        + #""keyMaterialType":"SYMMETRIC"},"status":"ENABLED","keyId":714921229,"outputPrefixType":"TINK"}]}"#

    static func key() throws -> DataKey { try Keyset.parse(SecretBytes(copying: Array(keyset.utf8))) }

    static func cipher() throws -> FieldCipher { try FieldCipher(key: key(), link: link) }

    /// Seals byte strings in one pass, under the published key.
    static func seal(_ values: [[UInt8]], with cipher: FieldCipher? = nil) throws -> [String] {
        let cipher = try cipher ?? self.cipher()
        let texts = values.map { FieldCipher.sealedTextCount($0.count) }
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: texts.reduce(0, +), alignment: 1)
        let plains = values.map { value in
            let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: value.count, alignment: 1)
            copy.copyBytes(from: value)
            return copy
        }
        defer {
            memory.deallocate()
            for plain in plains { plain.deallocate() }
        }
        var offset = 0
        var fields: [FieldToSeal] = []
        for (plain, count) in zip(plains, texts) {
            fields.append(
                FieldToSeal(plain: UnsafeRawBufferPointer(plain), text: memory.baseAddress! + offset))
            offset += count
        }
        fields.withUnsafeBufferPointer { cipher.seal($0, using: FieldWorkspace()) }
        return zip(fields, texts).map { field, count in
            String(decoding: UnsafeRawBufferPointer(start: field.text, count: count), as: UTF8.self)
        }
    }

    /// Opens texts in one pass; nil for those that are not genuine.
    static func open(_ texts: [String], with cipher: FieldCipher) -> [String?] {
        let copies = texts.map { text in
            let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: text.utf8.count, alignment: 1)
            copy.copyBytes(from: text.utf8)
            return copy
        }
        defer { for copy in copies { copy.deallocate() } }
        var fields = copies.map { FieldToOpen(text: UnsafeRawBufferPointer($0)) }
        let workspace = FieldWorkspace()
        return fields.withUnsafeMutableBufferPointer { fields in
            let all = cipher.open(fields, using: workspace)
            #expect(all == fields.allSatisfy(\.isGenuine))
            return fields.map { $0.isGenuine ? String(decoding: $0.plain, as: UTF8.self) : nil }
        }
    }
}
