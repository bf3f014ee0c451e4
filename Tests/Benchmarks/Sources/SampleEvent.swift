import Avro
import Bytes

/// The event that is measured: `strmprivacy/example/1.5.0`, 250 bytes of Avro, three personal fields.
enum SampleEvent {
    /// What `Strm-Schema-Ref` says.
    static let contract = "strmprivacy/example/1.5.0"

    /// The contract's schema.
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

    /// The personal fields; the second one is the key field.
    static let personalFields = ["uniqueIdentifier", "consistentValue", "someSensitiveValue"]

    /// The datum of one event. Personal values have 24 bytes each.
    ///
    /// - Parameters:
    ///   - person: The number in the key field's value.
    ///   - consent: Consent levels of the event.
    static func datum(person: Int, consent: [Int] = [0, 1]) -> [UInt8] {
        var bytes: [UInt8] = []
        text(contract, &bytes)
        bytes += [0, 0, 0, 0]  // nonce, timestamp, keyLink, billingId: null
        if !consent.isEmpty {
            bytes.append(UInt8(consent.count * 2))
            bytes += consent.map { UInt8($0 * 2) }
        }
        bytes.append(0)
        for value in ["unique-", "person-", "secret-"] {
            if value != "person-" { bytes.append(2) }  // the key field is not optional
            text(value + padded(person, 24 - value.utf8.count), &bytes)
        }
        bytes.append(2)
        let rest = 250 - bytes.count - 2
        text(String(repeating: "n", count: rest), &bytes)
        precondition(bytes.count == 250, "the sample event has 250 bytes")
        return bytes
    }

    private static func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: width - digits.utf8.count) + digits
    }

    /// Appends an Avro string.
    static func text(_ text: String, _ bytes: inout [UInt8]) {
        var length = UInt64(text.utf8.count) << 1  // zigzag
        while length >= 0x80 {
            bytes.append(UInt8(length & 0x7F) | 0x80)
            length >>= 7
        }
        bytes.append(UInt8(length))
        bytes += Array(text.utf8)
    }
}
