internal import JSON

/// Turns a field's default, a JSON value in the schema's text, into the bytes of a datum.
///
/// A default of a union is written bare and belongs to the first branch that it fits (Avro 1.12; up to 1.11 to the first
/// branch, which is the same for every valid schema of that time).
enum AvroDefault {
    // A default may hold the defaults of the record below it, twice: without a limit, n lines could ask for 2^n bytes.
    private static let sizeLimit = 65_536

    /// The binary form, or nil if the value does not fit.
    static func datum(of value: JSONValue, _ schema: AvroSchema) -> [UInt8]? {
        var datum: [UInt8] = []
        return append(value, schema, to: &datum) && datum.count <= sizeLimit ? datum : nil
    }

    private static func append(_ value: JSONValue, _ schema: AvroSchema, to datum: inout [UInt8]) -> Bool {
        switch schema {
        case .null:
            return value.isNull
        case .boolean:
            guard let bool = value.bool else { return false }
            datum.append(bool ? 1 : 0)
        case .int:
            guard let number = value.int64, Int32(exactly: number) != nil else { return false }
            append(long: number, to: &datum)
        case .long:
            guard let number = value.int64 else { return false }
            append(long: number, to: &datum)
        case .float:
            guard let number = value.double, Float(number).isFinite else { return false }
            append(littleEndian: Float(number).bitPattern, to: &datum)
        case .double:
            guard let number = value.double else { return false }
            append(littleEndian: number.bitPattern, to: &datum)
        case .string:
            guard let text = value.string else { return false }
            append(long: Int64(text.utf8.count), to: &datum)
            datum.append(contentsOf: text.utf8)
        case .bytes:
            guard let bytes = value.string.flatMap(latin1) else { return false }
            append(long: Int64(bytes.count), to: &datum)
            datum.append(contentsOf: bytes)
        case .fixed(let fixed):
            guard let bytes = value.string.flatMap(latin1), bytes.count == fixed.size else { return false }
            datum.append(contentsOf: bytes)
        case .enumeration(let enumeration):
            guard let symbol = value.string, let index = enumeration.symbols.firstIndex(of: symbol) else {
                return false
            }
            append(long: Int64(index), to: &datum)
        case .union(let branches):
            for (index, branch) in branches.enumerated() {
                let start = datum.count
                append(long: Int64(index), to: &datum)
                if append(value, branch, to: &datum) { return true }
                datum.removeSubrange(start...)
            }
            return false
        case .array(let items):
            guard let elements = value.array else { return false }
            if !elements.isEmpty { append(long: Int64(elements.count), to: &datum) }
            for element in elements {
                guard append(element, items, to: &datum) else { return false }
            }
            datum.append(0)
        case .map(let values):
            guard let object = value.object else { return false }
            if !object.isEmpty { append(long: Int64(object.count), to: &datum) }
            for member in object.members {
                guard append(.string(member.name), .string, to: &datum), append(member.value, values, to: &datum)
                else { return false }
            }
            datum.append(0)
        case .record(let record):
            guard let object = value.object, object.names.allSatisfy({ record.field($0) != nil }) else { return false }
            for field in record.fields {
                if let member = object[field.name] {
                    guard append(member, field.schema, to: &datum) else { return false }
                } else {
                    guard let defaultDatum = field.defaultDatum else { return false }
                    datum.append(contentsOf: defaultDatum)
                }
            }
        }
        return true
    }

    private static func append(long value: Int64, to datum: inout [UInt8]) {
        var rest = UInt64(bitPattern: value &<< 1 ^ value &>> 63)
        while rest >= 0x80 {
            datum.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest &>>= 7
        }
        datum.append(UInt8(truncatingIfNeeded: rest))
    }

    private static func append(littleEndian value: some FixedWidthInteger, to datum: inout [UInt8]) {
        withUnsafeBytes(of: value.littleEndian) { datum.append(contentsOf: $0) }
    }

    private static func latin1(_ text: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        for scalar in text.unicodeScalars {
            guard let byte = UInt8(exactly: scalar.value) else { return nil }
            bytes.append(byte)
        }
        return bytes
    }
}
