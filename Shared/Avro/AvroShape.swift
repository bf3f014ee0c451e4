internal import Bytes

/// A schema prepared for reading JSON events: fields and branches are found by their bytes, without `String`s.
///
/// - Isolation: immutable once made, shared by all loops.
package final class AvroShape: @unchecked Sendable {
    // `@unchecked`: nodes are built in `init` and never changed.

    /// The schema it was made from.
    package let schema: AvroSchema
    let root: Node

    /// Prepares a schema.
    package init(_ schema: AvroSchema) {
        self.schema = schema
        var records: [String: Node] = [:]
        root = Node.make(schema, &records)
    }

    /// One type. Records that are used twice are one node, so preparing takes time linear in the schema's text.
    final class Node {
        enum Kind {
            case null, boolean, int, long, float, double, bytes, string
            case fixed(Int)
            case enumeration(NameTable)
            case array(Node)
            case map(Node)
            case union([Node])
            case record([Field], NameTable)
        }

        let kind: Kind
        /// What marks this type in a wrapped union value.
        let branchName: [UInt8]
        /// What the type is called in messages.
        let typeName: String

        struct Field {
            let name: String
            let node: Node
            let defaultDatum: [UInt8]?
        }

        init(_ kind: Kind, _ schema: AvroSchema) {
            self.kind = kind
            branchName = Array(schema.branchName.utf8)
            typeName =
                switch schema {
                case .enumeration: "enum text"
                case .record: "object"
                case .map: "object"
                case .array: "array"
                case .bytes, .fixed: "bytes as text"
                case .union(let branches): branches.map(\.branchName).joined(separator: " or ")
                case .null, .boolean, .int, .long, .float, .double, .string: schema.branchName
                }
        }

        static func make(_ schema: AvroSchema, _ records: inout [String: Node]) -> Node {
            switch schema {
            case .null: Node(.null, schema)
            case .boolean: Node(.boolean, schema)
            case .int: Node(.int, schema)
            case .long: Node(.long, schema)
            case .float: Node(.float, schema)
            case .double: Node(.double, schema)
            case .bytes: Node(.bytes, schema)
            case .string: Node(.string, schema)
            case .fixed(let fixed): Node(.fixed(fixed.size), schema)
            case .enumeration(let enumeration): Node(.enumeration(NameTable(enumeration.symbols)), schema)
            case .array(let items): Node(.array(make(items, &records)), schema)
            case .map(let values): Node(.map(make(values, &records)), schema)
            case .union(let branches): Node(.union(branches.map { make($0, &records) }), schema)
            case .record(let record): makeRecord(record, schema, &records)
            }
        }

        private static func makeRecord(
            _ record: AvroRecord, _ schema: AvroSchema, _ records: inout [String: Node]
        ) -> Node {
            if let node = records[record.fullName] { return node }
            let fields = record.fields.map {
                Field(name: $0.name, node: make($0.schema, &records), defaultDatum: $0.defaultDatum)
            }
            let node = Node(.record(fields, NameTable(record.fields.map(\.name))), schema)
            records[record.fullName] = node
            return node
        }
    }
}
