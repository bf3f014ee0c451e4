internal import Avro
internal import Bytes
internal import JSON

/// Makes schemas, and datums of schemas, from choices. Every schema that Polder accepts can come out, small ones first.
struct AvroMaker {
    var input: FuzzInput
    private var nodes = 0
    private var names = 0
    /// Named types that are complete and can be referred to.
    private var defined: [String] = []

    init(_ input: FuzzInput) { self.input = input }

    // MARK: Schemas

    /// The schema as JSON. Names are `f0`, `R1` …, so they never look like the name of a union's branch.
    mutating func schema() -> JSONValue {
        // Events are records; anything else is rarer.
        input.below(8) == 0 ? type(depth: 0, inUnion: false) : record(depth: 0)
    }

    private static let primitives = ["null", "boolean", "int", "long", "float", "double", "bytes", "string"]

    private mutating func type(depth: Int, inUnion: Bool) -> JSONValue {
        nodes += 1
        guard depth < 6, nodes < 40, !input.isUsedUp else { return "string" }
        switch input.below(20) {
        case 0..<5: return .string(input.element(of: Self.primitives))
        case 5, 6: return "string"
        case 7: return ["null", "string"]
        case 8: return ["type": "array", "items": "string"]
        case 9, 10: return ["type": "array", "items": type(depth: depth + 1, inUnion: false)]
        case 11: return ["type": "map", "values": type(depth: depth + 1, inUnion: false)]
        case 12: return enumeration()
        case 13: return ["type": "fixed", "name": .string(newName("F")), "size": JSONValue(Int64(input.below(40)))]
        case 14 where !defined.isEmpty: return .string(input.element(of: defined))
        case 15,
            16 where !inUnion:
            return union(depth: depth + 1)
        case _: return record(depth: depth + 1)
        }
    }

    private mutating func newName(_ prefix: String) -> String {
        names += 1
        return "\(prefix)\(names)"
    }

    private mutating func enumeration() -> JSONValue {
        let name = newName("E")
        let symbols = (0...input.below(5)).map { JSONValue.string("S\($0)") }
        defined.append(name)
        return ["type": "enum", "name": .string(name), "symbols": .array(symbols)]
    }

    private mutating func union(depth: Int) -> JSONValue {
        var branches: [JSONValue] = []
        var seen: Set<String> = []
        if input.flag() {
            branches.append("null")
            seen.insert("null")
        }
        for _ in 0...input.below(4) {
            let before = defined
            let branch = type(depth: depth, inUnion: true)
            if branch.array == nil, seen.insert(Self.branchName(branch)).inserted {
                branches.append(branch)
            } else {
                defined = before  // what nobody has seen cannot be referred to
            }
        }
        if branches.isEmpty { branches.append("long") }
        return .array(branches)
    }

    private static func branchName(_ schema: JSONValue) -> String {
        schema.string ?? schema["name"]?.string ?? schema["type"]?.string ?? ""
    }

    private mutating func record(depth: Int) -> JSONValue {
        let name = newName("R")
        let count = input.below(5)
        let fields = (0..<count).map { index in
            JSONValue.object(["name": .string("f\(index)"), "type": type(depth: depth, inUnion: false)])
        }
        defined.append(name)
        return ["type": "record", "name": .string(name), "fields": .array(fields)]
    }

    // MARK: Datums

    /// Appends a datum in its one canonical form: lists in one block, different keys in a map, one NaN.
    mutating func datum(of schema: AvroSchema, into out: inout OutputBuffer) {
        switch schema {
        case .null: break
        case .boolean: out.append(input.byte() & 1)
        case .int: out.append(zigzag: Int64(Int32(truncatingIfNeeded: number())))
        case .long: out.append(zigzag: number())
        case .float:
            let value = Float(bitPattern: UInt32(truncatingIfNeeded: input.word()))
            out.append(littleEndian: (value.isNaN ? Float.nan : value).bitPattern)
        case .double:
            let value = Double(bitPattern: input.word())
            out.append(littleEndian: (value.isNaN ? Double.nan : value).bitPattern)
        case .bytes: lengthFirst(input.take(input.below(70)), &out)
        case .string: lengthFirst(text(), &out)
        case .fixed(let fixed):
            let bytes = input.take(fixed.size)
            out.append(bytes)
            for _ in bytes.count..<fixed.size { out.append(0) }
        case .enumeration(let enumeration): out.append(zigzag: Int64(input.below(enumeration.symbols.count)))
        case .union(let branches):
            let index = input.below(branches.count)
            out.append(zigzag: Int64(index))
            datum(of: branches[index], into: &out)
        case .record(let record):
            for field in record.fields { datum(of: field.schema, into: &out) }
        case .array(let items):
            let count = input.below(6)
            if count > 0 { out.append(zigzag: Int64(count)) }
            for _ in 0..<count { datum(of: items, into: &out) }
            out.append(0)
        case .map(let values):
            let count = input.below(4)
            if count > 0 { out.append(zigzag: Int64(count)) }
            for index in 0..<count {
                lengthFirst(Array("\(index)".utf8) + text(), &out)
                datum(of: values, into: &out)
            }
            out.append(0)
        }
    }

    private mutating func number() -> Int64 {
        switch input.below(4) {
        case 0: Int64(bitPattern: input.word())
        case 1: input.element(of: [.min, .max, Int64(Int32.min), Int64(Int32.max), 1 << 53, -64, 64])
        case _: Int64(Int8(bitPattern: input.byte()))
        }
    }

    private mutating func text() -> [UInt8] {
        Array(String(decoding: input.take(input.below(20)), as: UTF8.self).utf8)
    }

    private func lengthFirst(_ bytes: [UInt8], _ out: inout OutputBuffer) {
        out.append(zigzag: Int64(bytes.count))
        out.append(bytes)
    }
}

extension AvroSchema {
    /// The paths of all fields, those inside lists and optional records too.
    var paths: [String] {
        var found: [String] = []
        collectPaths("", &found)
        return found
    }

    private func collectPaths(_ prefix: String, _ found: inout [String]) {
        switch self {
        case .record(let record):
            for field in record.fields {
                let path = prefix.isEmpty ? field.name : "\(prefix)/\(field.name)"
                found.append(path)
                field.schema.collectPaths(path, &found)
            }
        case .array(let items): items.collectPaths(prefix, &found)
        case .union: optional?.value.collectPaths(prefix, &found)
        case .null, .boolean, .int, .long, .float, .double, .bytes, .string, .enumeration, .fixed, .map: break
        }
    }

    /// True where a bare JSON value could be taken for a wrapped one: a map may have a branch's name as a key.
    var hasMapInUnion: Bool {
        switch self {
        case .union(let branches):
            branches.contains { if case .map = $0 { true } else { $0.hasMapInUnion } }
        case .record(let record): record.fields.contains { $0.schema.hasMapInUnion }
        case .array(let inner), .map(let inner): inner.hasMapInUnion
        case .null, .boolean, .int, .long, .float, .double, .bytes, .string, .enumeration, .fixed: false
        }
    }
}
