/// An event of the public record `io.strmprivacy.schemas.demo.v1.DemoEvent`, in every form that a client may send.
struct DemoEvent {
    var contract = "strmprivacy/example/1.5.0"
    var consent: [Int32] = [0, 1]
    var unique: String? = "unique-5"
    var consistent = "session-273"
    var sensitive: String? = "sensitive-0"
    var notSensitive: String? = "not-sensitive-6"

    /// The Avro datum (Avro 1.11, binary encoding).
    var avro: [UInt8] {
        var bytes = Self.text(contract)
        bytes += [0, 0, 0, 0]  // nonce, timestamp, keyLink, billingId
        if !consent.isEmpty { bytes += Self.long(Int64(consent.count)) + consent.flatMap { Self.long(Int64($0)) } }
        bytes += [0]
        bytes += Self.optional(unique) + Self.text(consistent) + Self.optional(sensitive) + Self.optional(notSensitive)
        return bytes
    }

    /// JSON; with `wrapped`, values of unions are wrapped as Avro's JSON encoding has them, and all members are there.
    func json(wrapped: Bool) -> [UInt8] {
        func optional(_ value: String?) -> String {
            guard let value else { return "null" }
            return wrapped ? #"{"string": "\#(value)"}"# : #""\#(value)""#
        }
        let nulls = wrapped ? #""nonce": null, "timestamp": null, "keyLink": null, "billingId": null, "# : ""
        let levels = consent.map(String.init).joined(separator: ", ")
        return Array(
            """
            {"strmMeta": {"eventContractRef": "\(contract)", \(nulls)"consentLevels": [\(levels)]},
             "uniqueIdentifier": \(optional(unique)), "consistentValue": "\(consistent)",
             "someSensitiveValue": \(optional(sensitive)), "notSensitiveValue": \(optional(notSensitive))}
            """.utf8)
    }

    static func long(_ value: Int64) -> [UInt8] {
        var rest = UInt64(bitPattern: (value << 1) ^ (value >> 63))
        var bytes: [UInt8] = []
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }

    static func text(_ value: String) -> [UInt8] { long(Int64(value.utf8.count)) + Array(value.utf8) }

    static func optional(_ value: String?) -> [UInt8] { value.map { [2] + text($0) } ?? [0] }

    /// The record's schema, as published.
    static let schema = """
        {"type": "record", "name": "DemoEvent", "namespace": "io.strmprivacy.schemas.demo.v1", "fields": [
          {"name": "strmMeta", "type": {"type": "record", "name": "StrmMeta", "fields": [
            {"name": "eventContractRef", "type": "string"},
            {"name": "nonce", "type": ["null", "int"], "default": null},
            {"name": "timestamp", "type": ["null", "long"], "default": null},
            {"name": "keyLink", "type": ["null", "string"], "default": null},
            {"name": "billingId", "type": ["null", "string"], "default": null},
            {"name": "consentLevels", "type": {"type": "array", "items": "int"}}]}},
          {"name": "uniqueIdentifier", "type": ["null", "string"], "default": null},
          {"name": "consistentValue", "type": "string"},
          {"name": "someSensitiveValue", "type": ["null", "string"], "default": null},
          {"name": "notSensitiveValue", "type": ["null", "string"], "default": null}]}
        """
}
