// The exported form of a key: Google Tink's JSON keyset with one AES-SIV key, compact, members in this order.
//
//   {"primaryKeyId":N,"key":[{"keyData":{"typeUrl":"type.googleapis.com/google.crypto.tink.AesSivKey",
//    "value":"<Base64>","keyMaterialType":"SYMMETRIC"},"status":"ENABLED","keyId":N,"outputPrefixType":"TINK"}]}
//
// `value` is a protobuf message AesSivKey: field 1 `version` (0, therefore absent), field 2 the 64 key bytes:
//   12 40 | key (64)

private import Bytes
package import Crypto
private import JSON

/// Tink's JSON keyset.
package enum Keyset {
    private static let typeURL = "type.googleapis.com/google.crypto.tink.AesSivKey"
    private static let messagePrefix: [UInt8] = [0x12, 0x40]

    /// The JSON text of `key`: as secret as the key itself.
    package static func json(of key: borrowing DataKey) -> SecretBytes {
        var message = SecretBytes(count: messagePrefix.count + AESSIV.keyByteCount)
        key.material.withBytes { material in
            message.withMutableBytes { bytes in
                bytes.copyBytes(from: messagePrefix)
                UnsafeMutableRawBufferPointer(rebasing: bytes[messagePrefix.count...]).copyMemory(from: material)
            }
        }
        let head = #"{"primaryKeyId":\#(key.id),"key":[{"keyData":{"typeUrl":"\#(typeURL)","value":""#
        let tail =
            #"","keyMaterialType":"SYMMETRIC"},"status":"ENABLED","keyId":\#(key.id),"outputPrefixType":"TINK"}]}"#
        let valueCount = Base64.encodedCount(message.count)
        var text = SecretBytes(count: head.utf8.count + valueCount + tail.utf8.count)
        message.withBytes { message in
            text.withMutableBytes { out in
                out.copyBytes(from: head.utf8)
                let middle = UnsafeMutableRawBufferPointer(rebasing: out[head.utf8.count...])
                Base64.encode(message, into: middle)
                UnsafeMutableRawBufferPointer(rebasing: middle[valueCount...]).copyBytes(from: tail.utf8)
            }
        }
        return text
    }

    /// Reads a keyset: exactly one key, enabled, of type AES-SIV with Tink's prefix, and primary.
    /// - Throws: `.badKeyset` naming the member that is wrong.
    package static func parse(_ text: borrowing SecretBytes) throws(PrivacyError) -> DataKey {
        let parsed = try text.withBytes { bytes throws(PrivacyError) in
            do throws(JSONError) { return try JSONValue.parse(bytes) } catch {
                throw PrivacyError.badKeyset(reason: "not JSON")
            }
        }
        guard let keys = parsed["key"]?.array, keys.count == 1 else {
            throw .badKeyset(reason: "key must hold exactly one key")
        }
        let entry = keys[0]
        guard let id = entry["keyId"]?.int64, id > 0, id <= Int64(UInt32.max) else {
            throw .badKeyset(reason: "keyId")
        }
        guard parsed["primaryKeyId"]?.int64 == id else { throw .badKeyset(reason: "primaryKeyId") }
        guard entry["status"]?.string == "ENABLED" else { throw .badKeyset(reason: "status") }
        guard entry["outputPrefixType"]?.string == "TINK" else { throw .badKeyset(reason: "outputPrefixType") }
        guard let data = entry["keyData"], data["typeUrl"]?.string == typeURL else {
            throw .badKeyset(reason: "typeUrl")
        }
        guard data["keyMaterialType"]?.string == "SYMMETRIC" else { throw .badKeyset(reason: "keyMaterialType") }
        guard let value = data["value"]?.string, var message = Base64.decode(value) else {
            throw .badKeyset(reason: "value")
        }
        defer { message.withUnsafeMutableBytes { wipe($0) } }
        guard message.count == messagePrefix.count + AESSIV.keyByteCount, message.starts(with: messagePrefix) else {
            throw .badKeyset(reason: "value")
        }
        var material = Array(message[messagePrefix.count...])
        return try DataKey(id: UInt32(id), owning: SecretBytes(taking: &material))
    }
}
