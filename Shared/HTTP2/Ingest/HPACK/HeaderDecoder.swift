import Bytes

/// Decodes header blocks (RFC 7541) of one connection, one after the other.
///
///     1xxxxxxx  indexed field                         §6.1
///     01xxxxxx  literal, and remember it              §6.2.1
///     001xxxxx  new size of the table; first of all   §6.3, §4.2
///     0001xxxx  literal, never to be indexed          §6.2.3
///     0000xxxx  literal                               §6.2.2
struct HeaderDecoder: ~Copyable {
    private(set) var table = DynamicTable()
    private let statics = StaticTable.fields
    private let huffman = Huffman.code

    init() {}

    /// Appends the fields of a whole block to `list`, which decides what it keeps.
    ///
    /// - Throws: `compressionError` when the block is broken, `headerBomb` when it unpacks to something absurd; the table is
    ///   useless then, and the connection has to end.
    mutating func decode(
        _ block: UnsafeRawBufferPointer, into list: inout FieldList, tokens: TokenTable
    ) throws(Violation) {
        if block.isEmpty { return }
        var reader = BlockReader(block)
        while !reader.isAtEnd, reader.next & 0xE0 == 0x20 {
            try table.resize(to: reader.integer(prefix: 5))
        }
        while !reader.isAtEnd {
            let first = reader.next
            if first & 0x80 != 0 {
                try indexed(reader.integer(prefix: 7), &list)
            } else if first & 0x40 != 0 {
                let name = try reader.integer(prefix: 6)
                try literal(name, remember: true, &reader, &list, tokens)
            } else if first & 0x20 == 0 {
                let name = try reader.integer(prefix: 4)
                try literal(name, remember: false, &reader, &list, tokens)
            } else {
                // §4.2: a size update stands at the beginning of a block.
                throw .connection(.compressionError)
            }
        }
    }

    /// Gives back memory that an idle connection does not need.
    mutating func trim() { table.trim() }

    @inline(__always)
    private mutating func indexed(_ index: Int, _ list: inout FieldList) throws(Violation) {
        if index <= StaticTable.count {
            guard index > 0 else { throw .connection(.compressionError) }  // §6.1
            let entry = statics[index]
            try Self.copy(entry.name, entry.value, entry.kind, true, &list)
        } else {
            let entry = try table.entry(index)
            try Self.copy(entry.name, entry.value, entry.kind, entry.hasGoodValue, &list)
        }
    }

    @inline(__always)
    private static func copy(
        _ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, _ kind: FieldKind, _ good: Bool,
        _ list: inout FieldList
    ) throws(Violation) {
        guard try list.admit(name.count &+ value.count) else { return }
        let start = list.text.count
        list.text.append(name)
        let middle = list.text.count
        list.text.append(value)
        list.add(nameAt: start, valueAt: middle, kind, hasGoodValue: good)
    }

    private mutating func literal(
        _ nameIndex: Int, remember: Bool, _ reader: inout BlockReader, _ list: inout FieldList, _ tokens: TokenTable
    ) throws(Violation) {
        let start = list.text.count
        let kind: FieldKind
        if nameIndex == 0 {
            let (bytes, isHuffman) = try reader.string()
            if isHuffman { try huffman.decode(bytes, into: &list.text) } else { list.text.append(bytes) }
            kind = FieldKind(name: UnsafeRawBufferPointer(rebasing: list.text.bytes[start...]))
        } else if nameIndex <= StaticTable.count {
            let entry = statics[nameIndex]
            list.text.append(entry.name)
            kind = entry.kind
        } else {
            let entry = try table.entry(nameIndex)
            list.text.append(entry.name)
            kind = entry.kind
        }
        let middle = list.text.count
        let (bytes, isHuffman) = try reader.string()
        if !isHuffman {
            list.text.append(bytes)
        } else if kind.role == .authorization {
            try tokens.decode(bytes, into: &list.text)
        } else {
            try huffman.decode(bytes, into: &list.text)
        }
        let name = UnsafeRawBufferPointer(rebasing: list.text.bytes[start..<middle])
        let value = UnsafeRawBufferPointer(rebasing: list.text.bytes[middle...])
        let good = isFieldValue(value)
        if remember { table.insert(name, value, kind, good) }
        if try list.admit(name.count &+ value.count) {
            list.add(nameAt: start, valueAt: middle, kind, hasGoodValue: good)
        } else {
            list.text.truncate(to: start)
        }
    }
}
