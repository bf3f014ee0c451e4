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

/// Finds the index of a name from its bytes: open addressing, so a look-up touches one or two slots and allocates nothing.
///
/// The names come from schemas and contracts, which their owner writes; what a caller sends can only miss.
package struct NameTable: Sendable {
    private let names: [[UInt8]]
    private let slots: [Int32]
    private let mask: Int

    /// A table of names that differ; of equal ones the first is found.
    package init(_ names: [String]) {
        self.names = names.map { Array($0.utf8) }
        var capacity = 4
        while capacity < names.count * 2 { capacity *= 2 }
        mask = capacity - 1
        var slots = [Int32](repeating: -1, count: capacity)
        for (index, name) in self.names.enumerated() {
            var slot = name.withUnsafeBytes { Self.hash($0) } & mask
            while slots[slot] >= 0, self.names[Int(slots[slot])] != name { slot = (slot + 1) & mask }
            if slots[slot] < 0 { slots[slot] = Int32(index) }
        }
        self.slots = slots
    }

    /// The index of the name in the list that the table was made from, or nil.
    package func index(of name: UnsafeRawBufferPointer) -> Int? {
        var slot = Self.hash(name) & mask
        while slots[slot] >= 0 {
            let index = Int(slots[slot])
            if equals(index, name) { return index }
            slot = (slot &+ 1) & mask
        }
        return nil
    }

    /// True if the name at that index has these bytes.
    package func equals(_ index: Int, _ name: UnsafeRawBufferPointer) -> Bool {
        names[index].withUnsafeBytes { $0.count == name.count && $0.elementsEqual(name) }
    }

    /// FNV-1a over eight bytes at a time and the rest one by one.
    private static func hash(_ name: UnsafeRawBufferPointer) -> Int {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        var index = 0
        while index &+ 8 <= name.count {
            hash = (hash ^ name.loadUnaligned(fromByteOffset: index, as: UInt64.self)) &* 0x0000_0100_0000_01B3
            hash ^= hash &>> 29
            index &+= 8
        }
        while index < name.count {
            hash = (hash ^ UInt64(name[index])) &* 0x0000_0100_0000_01B3
            index &+= 1
        }
        return Int(truncatingIfNeeded: (hash ^ hash &>> 32) & 0x7FFF_FFFF)
    }
}
