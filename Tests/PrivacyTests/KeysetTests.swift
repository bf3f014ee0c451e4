import Crypto
import Privacy
import Testing

@Suite struct KeysetTests {
    @Test func `the published keyset is read and written back to the byte`() throws {
        let text = Keyset.json(of: try Fixture.key())
        #expect(text.withBytes { String(decoding: $0, as: UTF8.self) } == Fixture.keyset)
    }

    @Test func `a new key survives its export`() throws {
        let key = try DataKey.random()
        let again = try Keyset.parse(Keyset.json(of: key))
        let same = again.material.isEqual(to: key.material)
        #expect(same)
        #expect(again.id == key.id)
    }

    @Test(arguments: [
        ("", "", "not JSON"),
        (#""status":"ENABLED""#, #""status":"DISABLED""#, "status"),
        (#""outputPrefixType":"TINK""#, #""outputPrefixType":"RAW""#, "outputPrefixType"),
        (#""keyMaterialType":"SYMMETRIC""#, #""keyMaterialType":"REMOTE""#, "keyMaterialType"),
        ("tink.AesSivKey", "tink.AesGcmKey", "typeUrl"),
        (#""primaryKeyId":714921229"#, #""primaryKeyId":1"#, "primaryKeyId"),
        (#""keyId":714921229"#, #""keyId":-1"#, "keyId"),
        ("EkBKGz", "EkFKGz", "value"),
        ("NNTH", "NNT", "value"),
    ])
    func `a keyset that is not one enabled AES-SIV key is refused`(
        _ part: String, _ other: String, _ reason: String
    ) throws {
        let text = part.isEmpty ? other : Fixture.keyset.replacing(part, with: other)
        #expect(throws: PrivacyError.badKeyset(reason: reason)) {
            _ = try Keyset.parse(SecretBytes(copying: Array(text.utf8)))
        }
    }
}

extension String {
    fileprivate func replacing(_ part: String, with other: String) -> String {
        let text = Array(utf8)
        let part = Array(part.utf8)
        for start in 0...(text.count - part.count) where Array(text[start..<(start + part.count)]) == part {
            return String(decoding: text[..<start] + other.utf8 + text[(start + part.count)...], as: UTF8.self)
        }
        return self
    }
}
