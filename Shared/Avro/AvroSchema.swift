/// An Avro schema (Apache Avro 1.11 specification), as a tree: references to named types stand resolved in place.
///
/// Recursive schemas are refused when parsed, so the tree is finite and a datum cannot be deeper than its schema.
/// Logical types, aliases, orders and unknown attributes are tolerated and forgotten: they do not change the bytes.
package indirect enum AvroSchema: Sendable, Equatable {
    case null, boolean, int, long, float, double, bytes, string
    case record(AvroRecord)
    case enumeration(AvroEnumeration)
    case fixed(AvroFixed)
    case array(AvroSchema)
    case map(AvroSchema)
    case union([AvroSchema])
}

/// A record: its fields in the order of the bytes.
package final class AvroRecord: Sendable, Equatable {
    /// Namespace and name joined with dots.
    package let fullName: String
    /// The documentation, if any.
    package let doc: String?
    /// The fields in order; their names differ.
    package let fields: [AvroField]
    /// Levels of types, this one included.
    let depth: Int

    init(fullName: String, doc: String?, fields: [AvroField]) {
        self.fullName = fullName
        self.doc = doc
        self.fields = fields
        depth = 1 + (fields.map(\.schema.depth).max() ?? 0)
    }

    /// The field of that name, or nil.
    package func field(_ name: String) -> AvroField? { fields.first { $0.name == name } }

    /// Same name and same fields.
    package static func == (one: AvroRecord, other: AvroRecord) -> Bool {
        one === other || one.fullName == other.fullName && one.doc == other.doc && one.fields == other.fields
    }
}

/// One field of a record.
package struct AvroField: Sendable, Equatable {
    /// The field's name.
    package let name: String
    /// The documentation, if any.
    package let doc: String?
    /// The type of its value.
    package let schema: AvroSchema
    /// The binary form of its default, or nil without a default.
    package let defaultDatum: [UInt8]?
}

/// An enumeration.
package struct AvroEnumeration: Sendable, Equatable {
    /// Namespace and name joined with dots.
    package let fullName: String
    /// The symbols; their index is what the bytes hold.
    package let symbols: [String]
}

/// A run of bytes of a fixed length.
package struct AvroFixed: Sendable, Equatable {
    /// Namespace and name joined with dots.
    package let fullName: String
    /// Length in bytes.
    package let size: Int
}

extension AvroSchema {
    /// The name that marks this branch in a wrapped union value: `string`, `array`, or the full name of a named type.
    package var branchName: String {
        switch self {
        case .null: "null"
        case .boolean: "boolean"
        case .int: "int"
        case .long: "long"
        case .float: "float"
        case .double: "double"
        case .bytes: "bytes"
        case .string: "string"
        case .record(let record): record.fullName
        case .enumeration(let enumeration): enumeration.fullName
        case .fixed(let fixed): fixed.fullName
        case .array: "array"
        case .map: "map"
        case .union: "union"
        }
    }

    /// Levels of types, this one included. Records know theirs, so that types used twice are not counted twice.
    var depth: Int {
        switch self {
        case .null, .boolean, .int, .long, .float, .double, .bytes, .string, .enumeration, .fixed: 1
        case .record(let record): record.depth
        case .array(let inner), .map(let inner): 1 + inner.depth
        case .union(let branches): 1 + (branches.map(\.depth).max() ?? 0)
        }
    }

    /// For a union of null and one other type: that type, and the index of the null branch. Nil for all else.
    package var optional: (value: AvroSchema, nullBranch: Int)? {
        guard case .union(let branches) = self, branches.count == 2 else { return nil }
        if branches[0] == .null { return (branches[1], 0) }
        if branches[1] == .null { return (branches[0], 1) }
        return nil
    }

    /// A string, possibly null.
    package var isText: Bool { self == .string || optional?.value == .string }

    /// A list of strings, possibly null as a whole.
    package var isTextList: Bool {
        if case .array(.string) = self { return true }
        if case .array(.string)? = optional?.value { return true }
        return false
    }
}
