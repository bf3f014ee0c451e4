import Avro
import Bytes
import JSON
import TestKit
import Testing

/// Random schemas and data, judged by PyPI `fastavro`.
@Suite struct StrangerTests {
    /// Reads a list of schemas; answers, for each, what fastavro makes of it: canonical form, fingerprint, random values.
    private static let describe = """
        import fastavro, io, json, random, sys
        from fastavro.schema import to_parsing_canonical_form, fingerprint
        from fastavro.utils import generate_one
        random.seed(7)
        answers = []
        for schema in json.load(sys.stdin):
            form = to_parsing_canonical_form(schema)
            parsed = fastavro.parse_schema(schema)
            samples = []
            for _ in range(12):
                value = generate_one(parsed)
                binary, text = io.BytesIO(), io.StringIO()
                fastavro.schemaless_writer(binary, parsed, value)
                fastavro.json_writer(text, parsed, [value])
                samples.append({"hex": binary.getvalue().hex(), "json": text.getvalue()})
            answers.append({"form": form, "fingerprint": fingerprint(form, "CRC-64-AVRO"), "samples": samples})
        json.dump(answers, sys.stdout)
        """

    /// Reads pairs of schema and datums; answers each datum decoded and written again by fastavro.
    private static let rewrite = """
        import fastavro, io, json, sys
        answers = []
        for case in json.load(sys.stdin):
            parsed = fastavro.parse_schema(case["schema"])
            out = []
            for datum in case["datums"]:
                source, target = io.BytesIO(bytes.fromhex(datum)), io.BytesIO()
                value = fastavro.schemaless_reader(source, parsed)
                assert source.read() == b""
                fastavro.schemaless_writer(target, parsed, value)
                out.append(target.getvalue().hex())
            answers.append(out)
        json.dump(answers, sys.stdout)
        """

    @Test func `fastavro agrees on random schemas and data, in binary and in JSON`() async throws {
        var generator = SchemaGenerator(seed: 20)
        let schemas = (0..<60).map { _ in generator.record(depth: 0) }
        let answers = try await ask(Self.describe, .array(schemas))
        #expect(answers.count == schemas.count)
        var rewrites: [JSONValue] = []
        var spliced: [[String]] = []
        for (json, answer) in zip(schemas, answers) {
            let schema = try AvroSchema.parse(json)
            #expect(schema.canonicalForm == answer["form"]?.string)
            #expect(littleEndianHex(schema.fingerprint) == answer["fingerprint"]?.string)
            let paths = textPaths(schema, "", 0)
            let program = try AvroProgram(schema, points: paths)
            var datums: [String] = []
            for sample in try #require(answer["samples"]?.array) {
                let datum = Fixture.bytes(try #require(sample["hex"]?.string))
                #expect(walkError(program, datum) == nil)
                #expect(try encode(schema, try #require(sample["json"]?.string)) == datum)
                #expect(try encode(schema, text(schema, datum, .compact, .wrapped)) == datum)
                #expect(try encode(schema, text(schema, datum, .javaRecord, .wrapped)) == datum)
                for count in 0..<min(datum.count, 64) where walkError(program, Array(datum[..<count])) == nil {
                    Issue.record("a datum of \(datum.count) bytes is accepted after \(count)")
                }
                datums.append(Hex.encode(splice(datum, program)))
            }
            rewrites.append(["schema": json, "datums": .array(datums.map { .string($0) })])
            spliced.append(datums)
        }
        // What we wrote with replaced texts is read by fastavro and comes back byte for byte.
        let back = try await ask(Self.rewrite, .array(rewrites))
        #expect(back.map { $0.array?.compactMap(\.string) } == spliced)
    }

    @Test func `no change of a byte of a valid datum makes the walk run away`() async throws {
        var generator = SchemaGenerator(seed: 21)
        var random = SeededGenerator(seed: 22)
        let schemas = (0..<12).map { _ in generator.record(depth: 0) }
        let answers = try await ask(Self.describe, .array(schemas))
        for (json, answer) in zip(schemas, answers) {
            let schema = try AvroSchema.parse(json)
            let program = try AvroProgram(schema, points: textPaths(schema, "", 0))
            let walker = AvroWalker()
            for sample in try #require(answer["samples"]?.array) {
                let datum = Fixture.bytes(try #require(sample["hex"]?.string))
                guard !datum.isEmpty else { continue }
                for _ in 0..<50 {
                    var changed = datum
                    for _ in 0..<Int.random(in: 1...3, using: &random) {
                        changed[Int.random(in: 0..<changed.count, using: &random)] = .random(
                            in: 0...255, using: &random)
                    }
                    // Accepted or refused, but the same by both readers, and what is accepted can be printed and read again.
                    guard changed.withUnsafeBytes({ walker.walk(program, $0) }) else { continue }
                    let printed = try text(schema, changed, .compact, .wrapped)
                    _ = try? JSONValue.parse(printed)
                }
            }
        }
    }

    @Test func `a changed JSON text is refused, or gives a datum that is one`() async throws {
        var generator = SchemaGenerator(seed: 23)
        var random = SeededGenerator(seed: 24)
        let schemas = (0..<12).map { _ in generator.record(depth: 0) }
        let answers = try await ask(Self.describe, .array(schemas))
        let pieces = [
            "\"", "{", "}", "[", "]", ",", ":", "\\", "null", "1e9", "-", "true", "\\ud800", "\u{0}", "é", "",
        ].map {
            Array($0.utf8)
        }
        var accepted = 0
        for (json, answer) in zip(schemas, answers) {
            let schema = try AvroSchema.parse(json)
            let program = try AvroProgram(schema)
            let shape = AvroShape(schema)
            var encoder = AvroJSONEncoder()
            for sample in try #require(answer["samples"]?.array) {
                let text = Array(try #require(sample["json"]?.string).utf8)
                for _ in 0..<40 {
                    var changed = text
                    let start = Int.random(in: 0..<changed.count, using: &random)
                    let end = min(changed.count, start + Int.random(in: 0...2, using: &random))
                    changed.replaceSubrange(
                        start..<end, with: pieces[Int.random(in: 0..<pieces.count, using: &random)])
                    var output = OutputBuffer()
                    let isAccepted = changed.withUnsafeBytes { bytes in
                        do throws(AvroError) {
                            try encoder.encode(bytes, shape, into: &output)
                            return true
                        } catch {
                            return false
                        }
                    }
                    guard isAccepted else { continue }
                    accepted += 1
                    #expect(walkError(program, output.copyBytes()) == nil)
                }
            }
        }
        #expect(accepted > 100)
    }

    private func ask(_ script: String, _ input: JSONValue) async throws -> [JSONValue] {
        let result = try await Strangers.runPython(script, input: input.bytes())
        return try #require(try JSONValue.parse(result.outputBytes).array)
    }

    private func littleEndianHex(_ value: UInt64) -> String {
        Hex.encode(withUnsafeBytes(of: value.littleEndian) { Array($0) })
    }

    private func splice(_ datum: [UInt8], _ program: AvroProgram) -> [UInt8] {
        let walker = AvroWalker()
        var output = OutputBuffer()
        let sealed = Array("AX+sVreQHft41CYozNAalRpuzy00lJanLD4RI5d9Z/8+KfD79PvEig==".utf8)
        sealed.withUnsafeBytes { sealed in
            datum.withUnsafeBytes { datum in
                #expect(walker.walk(program, datum))
                walker.splice(datum, program, into: &output) { _, mark in mark.text >= 0 ? .text(sealed) : .keep }
            }
        }
        return output.copyBytes()
    }

    /// Paths of everything that holds text.
    private func textPaths(_ schema: AvroSchema, _ path: String, _ level: Int) -> [String] {
        var paths: [String] = []
        if schema.target(of: path)?.holdsText == true { paths.append(path) }
        return paths + fieldPaths(schema, path)
    }

    private func fieldPaths(_ root: AvroSchema, _ prefix: String) -> [String] {
        guard let record = record(root) else { return [] }
        return record.fields.flatMap { field -> [String] in
            let path = prefix.isEmpty ? field.name : "\(prefix)/\(field.name)"
            let schema = field.schema
            if schema.isText || schema.isTextList { return [path] }
            return fieldPaths(schema, path)
        }
    }

    private func record(_ schema: AvroSchema) -> AvroRecord? {
        switch schema {
        case .record(let record): record
        case .array(let items): record(items)
        case .union: schema.optional.flatMap { record($0.value) }
        case .null, .boolean, .int, .long, .float, .double, .bytes, .string, .enumeration, .fixed, .map: nil
        }
    }
}

/// Makes schemas of every type, with namespaces and references to types met before.
private struct SchemaGenerator {
    private var random: SeededGenerator
    private var counter = 0
    private var known: [String] = []

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    mutating func record(depth: Int) -> JSONValue {
        if depth == 0 { known = [] }
        counter += 1
        let name = "R\(counter)"
        let namespace = ["", "a", "a.b"][pick(3)]
        var fields: [JSONValue] = []
        for index in 0..<(2 + pick(5)) {
            fields.append(["name": .string("f\(index)"), "type": type(depth: depth + 1)])
        }
        var object: JSONValue = ["type": "record", "name": .string(name), "fields": .array(fields)]
        // Without a namespace of its own a type inherits one; with an empty one it has none.
        if depth == 0 || pick(2) == 0 {
            object = [
                "type": "record", "name": .string(namespace.isEmpty ? name : "\(namespace).\(name)"),
                "namespace": .string(namespace), "doc": "text", "fields": .array(fields),
            ]
        }
        return object
    }

    private mutating func type(depth: Int) -> JSONValue {
        let simple: [JSONValue] = [
            "string", "string", "int", "long", "boolean", "float", "double", "bytes", "null", ["null", "string"],
            ["string", "null"], ["null", "int"], ["null", "long"], ["type": "array", "items": "string"],
            ["null", ["type": "array", "items": "string"]], ["type": "array", "items": "int"],
            ["type": "string", "logicalType": "of-ours"],
        ]
        guard depth < 4, pick(3) == 0 else { return simple[pick(simple.count)] }
        switch pick(9) {
        case 0: return ["type": "array", "items": type(depth: depth + 1)]
        case 1: return ["type": "map", "values": type(depth: depth + 1)]
        case 2: return record(depth: depth + 1)
        case 3: return ["null", record(depth: depth + 1)]
        case 4: return ["type": "array", "items": record(depth: depth + 1)]
        case 5: return ["null", ["type": "array", "items": record(depth: depth + 1)]]
        case 6:
            return ["int", "string", "null", "double", record(depth: depth + 1), ["type": "map", "values": "long"]]
        case 7:
            counter += 1
            return ["type": "enum", "name": .string("x.E\(counter)"), "symbols": ["A", "B", "C_3"]]
        case _:
            if let name = known.last, pick(2) == 0 { return .string(name) }
            counter += 1
            known.append("y.F\(counter)")
            return ["type": "fixed", "name": .string("y.F\(counter)"), "size": .init(pick(20))]
        }
    }

    private mutating func pick(_ count: Int) -> Int { Int.random(in: 0..<count, using: &random) }
}
