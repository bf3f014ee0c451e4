internal import JSON

extension AvroSchema {
    /// The Parsing Canonical Form: what two schemas must share to read each other's bytes without resolution.
    ///
    /// Full names, no namespaces, no attributes but those that shape the bytes, no white space; a named type is written
    /// out where it is met first.
    package var canonicalForm: String {
        var writer = JSONWriter(.compact)
        var written: Set<String> = []
        writeCanonical(to: &writer, &written)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    /// The CRC-64-AVRO of the canonical form.
    package var fingerprint: UInt64 { CRC64Avro.hash(Array(canonicalForm.utf8)) }

    /// The fingerprint as contracts show it: signed 64-bit decimal text, as Java prints it.
    package var fingerprintText: String { String(Int64(bitPattern: fingerprint)) }

    private func writeCanonical(to writer: inout JSONWriter, _ written: inout Set<String>) {
        switch self {
        case .null, .boolean, .int, .long, .float, .double, .bytes, .string:
            writer.string(branchName)
        case .union(let branches):
            writer.beginArray()
            for branch in branches { branch.writeCanonical(to: &writer, &written) }
            writer.endArray()
        case .array(let items):
            writer.beginObject()
            writer.name("type")
            writer.string("array")
            writer.name("items")
            items.writeCanonical(to: &writer, &written)
            writer.endObject()
        case .map(let values):
            writer.beginObject()
            writer.name("type")
            writer.string("map")
            writer.name("values")
            values.writeCanonical(to: &writer, &written)
            writer.endObject()
        case .fixed, .enumeration, .record:
            guard written.insert(branchName).inserted else {
                writer.string(branchName)
                return
            }
            writer.beginObject()
            writer.name("name")
            writer.string(branchName)
            writer.name("type")
            writeCanonicalBody(to: &writer, &written)
            writer.endObject()
        }
    }

    private func writeCanonicalBody(to writer: inout JSONWriter, _ written: inout Set<String>) {
        switch self {
        case .fixed(let fixed):
            writer.string("fixed")
            writer.name("size")
            writer.integer(Int64(fixed.size))
        case .enumeration(let enumeration):
            writer.string("enum")
            writer.name("symbols")
            writer.beginArray()
            for symbol in enumeration.symbols { writer.string(symbol) }
            writer.endArray()
        case .record(let record):
            writer.string("record")
            writer.name("fields")
            writer.beginArray()
            for field in record.fields {
                writer.beginObject()
                writer.name("name")
                writer.string(field.name)
                writer.name("type")
                field.schema.writeCanonical(to: &writer, &written)
                writer.endObject()
            }
            writer.endArray()
        case .null, .boolean, .int, .long, .float, .double, .bytes, .string, .array, .map, .union:
            preconditionFailure("only named types have a body")
        }
    }
}

/// CRC-64-AVRO, the 64-bit Rabin fingerprint of the Avro specification ("Schema Fingerprints").
package enum CRC64Avro {
    private static let empty: UInt64 = 0xC15D_213A_A4D7_A795

    private static let table: [UInt64] = (0..<256).map { index in
        var entry = UInt64(index)
        for _ in 0..<8 { entry = entry >> 1 ^ (entry & 1 == 1 ? empty : 0) }
        return entry
    }

    /// The hash of the bytes.
    package static func hash(_ bytes: [UInt8]) -> UInt64 {
        bytes.reduce(empty) { hash, byte in hash >> 8 ^ table[Int((hash ^ UInt64(byte)) & 0xFF)] }
    }
}
