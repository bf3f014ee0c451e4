import Avro
import Bytes
import JSON
import Testing

@Suite struct AvroWalkerTests {
    @Test func `the published event is accepted, and its values are found`() throws {
        let paths = [
            "uniqueIdentifier", "strmMeta/keyLink", "strmMeta/consentLevels", "consistentValue", "someSensitiveValue",
        ]
        let program = try AvroProgram(AvroSchema.parse(Fixture.demo), points: paths)
        let walker = AvroWalker()
        Fixture.demoDatum.withUnsafeBytes { datum in
            #expect(walker.walk(program, datum))
            let marks = Array(walker.marks)
            #expect(marks.map(\.point) == [1, 2, 0, 3, 4])
            #expect(marks[0].text == -1)
            let texts = marks[2...].map { String(decoding: datum[Int($0.text)..<Int($0.end)], as: UTF8.self) }
            #expect(texts == ["unique-5", "session-273", "sensitive-0"])
            var levels: [Int32] = []
            walker.forEachInt(of: marks[1], in: datum) { levels.append($0) }
            #expect(levels == [0, 1])
        }
    }

    @Test func `every cut of an event and every byte more is refused`() throws {
        let program = try AvroProgram(AvroSchema.parse(Fixture.demo))
        let datum = Fixture.demoDatum
        #expect(walkError(program, datum) == nil)
        for count in 0..<datum.count {
            guard case .malformedDatum(let offset, .truncated) = walkError(program, Array(datum[..<count])) else {
                Issue.record("\(count) bytes: \(String(describing: walkError(program, Array(datum[..<count]))))")
                continue
            }
            #expect(offset <= count)
        }
        #expect(walkError(program, datum + [0]) == .malformedDatum(offset: 86, .trailingBytes))
    }

    @Test(
        arguments: [
            // int and long
            (#""int""#, "feffffff0f", nil), (#""int""#, "ffffffff0f", nil), (#""int""#, "8080808010", .overlongNumber),
            (#""int""#, "8000", .overlongNumber), (#""int""#, "80808080808000", .overlongNumber),
            (#""long""#, "feffffffffffffffff01", nil), (#""long""#, "ffffffffffffffffff01", nil),
            (#""long""#, "ffffffffffffffffff02", .overlongNumber),
            (#""long""#, "ffffffffffffffffffff01", .overlongNumber),
            (#""long""#, "8080808080808080808000", .overlongNumber), (#""long""#, "ff", .truncated),
            // text, bytes, fixed widths
            (#""string""#, "00", nil), (#""string""#, "0461", .truncated), (#""string""#, "01", .negativeLength),
            (#""string""#, "feffffffffffffffff01", .truncated), (#""string""#, "ffffffffffffffffff01", .negativeLength),
            (#""string""#, "02ff", .invalidUTF8), (#""string""#, "06e28261", .invalidUTF8),
            (#""string""#, "06eda080", .invalidUTF8),
            (#""string""#, "04c3a9", nil), (#""bytes""#, "02ff", nil), (#""bytes""#, "04ff", .truncated),
            (#""string""#, "14616263646566676869c3", .invalidUTF8), (#""string""#, "800261", .truncated),
            (#""boolean""#, "01", nil), (#""boolean""#, "02", .invalidBoolean), (#""float""#, "000000", .truncated),
            (#""double""#, "0000000000000000", nil), (#"{"type":"fixed","name":"F","size":2}"#, "00", .truncated),
            (#"{"type":"fixed","name":"F","size":0}"#, "", nil), (#""null""#, "", nil),
            (#""null""#, "00", .trailingBytes),
            // unions and enums
            (#"["null","string"]"#, "00", nil), (#"["null","string"]"#, "020261", nil),
            (#"["null","string"]"#, "04", .noSuchBranch),
            (#"["null","string"]"#, "01", .noSuchBranch), (#"["null","string"]"#, "8000", .overlongNumber),
            (#"["string","null"]"#, "02", nil), (#"["string","null"]"#, "000261", nil),
            (#"["null","int"]"#, "0202", nil),
            (#"["null","int"]"#, "028080808010", .overlongNumber), (#"["null","long"]"#, "04", .noSuchBranch),
            (#"["null","boolean"]"#, "0201", nil), (#"["null","boolean"]"#, "0202", .invalidBoolean),
            (#"["null","boolean"]"#, "06", .noSuchBranch), (#"["null","boolean"]"#, "", .truncated),
            (#"["int","string","null"]"#, "0004", nil), (#"["int","string","null"]"#, "020261", nil),
            (#"["int","string","null"]"#, "04", nil), (#"["int","string","null"]"#, "06", .noSuchBranch),
            (#"["int"]"#, "0002", nil), (#"{"type":"enum","name":"E","symbols":["A"]}"#, "00", nil),
            (#"{"type":"enum","name":"E","symbols":["A"]}"#, "02", .noSuchBranch),
            (#"{"type":"enum","name":"E","symbols":["A"]}"#, "01", .noSuchBranch),
            // lists and maps: several blocks, blocks with a size, lies
            (#"{"type":"array","items":"int"}"#, "00", nil), (#"{"type":"array","items":"int"}"#, "040204020600", nil),
            (#"{"type":"array","items":"int"}"#, "0304020400", nil),
            (#"{"type":"array","items":"int"}"#, "03040204030402040000", .trailingBytes),
            (#"{"type":"array","items":"int"}"#, "0306020400", .invalidBlock),
            (#"{"type":"array","items":"int"}"#, "0302020400", .invalidBlock),
            (#"{"type":"array","items":"int"}"#, "0303020400", .negativeLength),
            (#"{"type":"array","items":"int"}"#, "0402", .truncated),
            (#"{"type":"array","items":"int"}"#, "feffffffffffffffff01", .truncated),
            (#"{"type":"array","items":"int"}"#, "ffffffffffffffffff0100", .invalidBlock),
            (#"{"type":"array","items":"double"}"#, "02000000000000000000", nil),
            (#"{"type":"array","items":"null"}"#, "808008" + "00", nil),
            (#"{"type":"array","items":"null"}"#, "828008" + "00", .invalidBlock),
            (#"{"type":"array","items":"null"}"#, "808008" + "02" + "00", .invalidBlock),
            (#"{"type":"array","items":"null"}"#, "feffffffffffffffff0100", .invalidBlock),
            (#"{"type":"array","items":"null"}"#, "030000", nil),
            (#"{"type":"array","items":"null"}"#, "030200", .invalidBlock),
            (#"{"type":"map","values":"int"}"#, "020261020000", .trailingBytes),
            (#"{"type":"map","values":"int"}"#, "0202610200", nil),
            (#"{"type":"map","values":"int"}"#, "010602610200", nil),
            (#"{"type":"map","values":"int"}"#, "010802610200", .invalidBlock),
            (#"{"type":"map","values":"null"}"#, "02026100", nil),
            (#"{"type":"map","values":"null"}"#, "0202ff00", .invalidUTF8),
        ] as [(String, String, AvroError.DatumFault?)])
    func `bytes are a datum or are refused for the right reason`(
        schema: String, hex: String, fault: AvroError.DatumFault?
    ) throws {
        #expect(try walkFault(schema, Fixture.bytes(hex)) == fault)
    }

    @Test func `nested lists are counted separately`() throws {
        let schema = #"{"type":"array","items":{"type":"array","items":{"type":"map","values":"boolean"}}}"#
        // [[{a: true, b: false}, {}], [], [{}]]
        let datum = "06" + "04" + "04" + "026101" + "026200" + "00" + "00" + "00" + "00" + "02" + "00" + "00" + "00"
        #expect(try walkFault(schema, Fixture.bytes(datum)) == nil)
        for count in 0..<Fixture.bytes(datum).count {
            #expect(try walkFault(schema, Array(Fixture.bytes(datum)[..<count])) == .truncated)
        }
    }

    @Test func `replaced texts keep everything else, whatever the blocks look like`() throws {
        let schema = try AvroSchema.parse(
            """
            {"type": "record", "name": "R", "fields": [
              {"name": "before", "type": "int"}, {"name": "plain", "type": "string"},
              {"name": "last", "type": ["string", "null"]},
              {"name": "tags", "type": ["null", {"type": "array", "items": "string"}]},
              {"name": "people", "type": {"type": "array", "items": {"type": "record", "name": "P", "fields": [
                {"name": "age", "type": "int"}, {"name": "name", "type": ["null", "string"]}]}}},
              {"name": "after", "type": "double"}]}
            """)
        let program = try AvroProgram(schema, points: ["plain", "last", "tags", "people/name"])
        // tags: a block with a size, then one without. people: one block with a size.
        let datum = Fixture.bytes(
            "0a" + "04" + "6869" + "00" + "0278" + "02" + "01" + "04" + "0261" + "02" + "0262" + "00"
                + "03" + "0c" + "02" + "020263" + "04" + "00" + "00" + "000000000000f03f")
        #expect(
            try text(schema, datum)
                == #"{"before":5,"plain":"hi","last":"x","tags":["a","b"],"people":[{"age":1,"name":"c"},{"age":2,"#
                + #""name":null}],"after":1.0}"#)
        let walker = AvroWalker()
        var output = OutputBuffer()
        datum.withUnsafeBytes { bytes in
            #expect(walker.walk(program, bytes))
            walker.splice(bytes, program, into: &output) { _, mark in
                guard mark.text >= 0 else { return .keep }
                return .text(UnsafeRawBufferPointer(rebasing: Self.sealed[...70]))
            }
        }
        let sealed = String(decoding: Self.sealed[...70], as: UTF8.self)
        #expect(
            try text(schema, output.copyBytes())
                == #"{"before":5,"plain":"\#(sealed)","last":"\#(sealed)","tags":["\#(sealed)","\#(sealed)"],"people":"#
                + #"[{"age":1,"name":"\#(sealed)"},{"age":2,"name":null}],"after":1.0}"#)
        #expect(walkError(program, output.copyBytes()) == nil)
    }

    @Test func `replacements may be made in the same memory, one after the other`() throws {
        let schema = try AvroSchema.parse(Fixture.demo)
        let program = try AvroProgram(schema, points: ["uniqueIdentifier", "consistentValue", "someSensitiveValue"])
        let walker = AvroWalker()
        var output = OutputBuffer()
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 1, alignment: 1)
        defer { memory.deallocate() }
        Fixture.demoDatum.withUnsafeBytes { datum in
            #expect(walker.walk(program, datum))
            walker.splice(datum, program, into: &output) { index, _ in
                memory[0] = UInt8(ascii: "x") + UInt8(index)
                return .text(UnsafeRawBufferPointer(memory))
            }
        }
        let json = try text(schema, output.copyBytes())
        #expect(json.contains(#""uniqueIdentifier":"x","consistentValue":"y","someSensitiveValue":"z""#))
    }

    @Test func `room is left where the caller then writes`() throws {
        let schema = try AvroSchema.parse(Fixture.demo)
        let program = try AvroProgram(schema, points: ["consistentValue", "uniqueIdentifier"])
        let walker = AvroWalker()
        var output = OutputBuffer(capacity: 16)
        output.append("before")
        Fixture.demoDatum.withUnsafeBytes { datum in
            #expect(walker.walk(program, datum))
            walker.splice(datum, program, into: &output) { index, _ in .room(index * 300) }
        }
        #expect(walker.place(of: 1) + 300 <= output.count)
        for index in 0..<300 { output.mutableBytes[walker.place(of: 1) + index] = UInt8(ascii: "r") }
        let json = try text(schema, Array(output.copyBytes()[6...]))
        #expect(json.contains(#""uniqueIdentifier":"","consistentValue":"\#(String(repeating: "r", count: 300))""#))
    }

    @Test func `nothing replaced gives the same bytes`() throws {
        let program = try AvroProgram(AvroSchema.parse(Fixture.demo), points: ["consistentValue", "strmMeta/nonce"])
        let walker = AvroWalker()
        var output = OutputBuffer()
        Fixture.demoDatum.withUnsafeBytes { datum in
            #expect(walker.walk(program, datum))
            walker.splice(datum, program, into: &output) { _, _ in .keep }
        }
        #expect(output.copyBytes() == Fixture.demoDatum)
    }

    @Test func `null members of strmMeta are set`() throws {
        let schema = try AvroSchema.parse(Fixture.demo)
        let program = try AvroProgram(
            schema, points: ["strmMeta/nonce", "strmMeta/timestamp", "strmMeta/keyLink"])
        let walker = AvroWalker()
        var output = OutputBuffer()
        let replacements: [AvroReplacement] = [
            .optionalNumber(-447_993_628), .optionalNumber(1_652_181_230_883),
            .text(UnsafeRawBufferPointer(rebasing: Self.sealed[..<36])),
        ]
        Fixture.demoDatum.withUnsafeBytes { datum in
            #expect(walker.walk(program, datum))
            walker.splice(datum, program, into: &output) { _, mark in replacements[Int(mark.point)] }
        }
        #expect(
            try text(schema, output.copyBytes(), .javaRecord)
                == #"{"strmMeta": {"eventContractRef": "strmprivacy/example/1.5.0", "nonce": -447993628, "#
                + #""timestamp": 1652181230883, "keyLink": "\#(String(decoding: Self.sealed[..<36], as: UTF8.self))", "#
                + #""billingId": null, "consentLevels": [0, 1]}, "uniqueIdentifier": "unique-5", "#
                + #""consistentValue": "session-273", "someSensitiveValue": "sensitive-0", "#
                + #""notSensitiveValue": "not-sensitive-6"}"#)
        // Set values are replaced by the next walk in the same way.
        let again = output.copyBytes()
        output.removeAll()
        again.withUnsafeBytes { datum in
            #expect(walker.walk(program, datum))
            walker.splice(datum, program, into: &output) { _, mark in replacements[Int(mark.point)] }
        }
        #expect(output.copyBytes() == again)
    }

    @Test func `a program for the beginning stops at its field`() throws {
        let program = try AvroProgram(AvroSchema.parse(Fixture.demo), upTo: "strmMeta/eventContractRef")
        let walker = AvroWalker()
        // Whatever follows is not looked at.
        (Array(Fixture.demoDatum[..<26]) + [0xFF, 0xFF]).withUnsafeBytes { datum in
            #expect(walker.walk(program, datum))
            let mark = walker.marks[0]
            #expect(
                String(decoding: datum[Int(mark.text)..<Int(mark.end)], as: UTF8.self) == "strmprivacy/example/1.5.0")
        }
        #expect(walkError(program, [0x32, 0x61]) == .malformedDatum(offset: 0, .truncated))
    }

    @Test(arguments: [
        ("a block that states the wrong size", #""boolean""#, [0x01, 0x04, 0x01, 0x00] as [UInt8], true),
        ("a block that ends outside", #""boolean""#, [0x01, 0x10, 0x01, 0x00], true),
        ("a count that is longer than it needs to be", #""boolean""#, [0x82, 0x00, 0x01, 0x00], true),
        ("a true block", #""boolean""#, [0x01, 0x02, 0x01, 0x00], false),
        (
            "empty elements that state their size of nothing", #"{"type":"record","name":"E","fields":[]}"#,
            [0x0B, 0x00, 0x00], false
        ),
    ])
    func `walker and printer agree on lists`(_ what: String, _ items: String, _ datum: [UInt8], _ isRefused: Bool)
        throws
    {
        let schema = try AvroSchema.parse(
            #"{"type":"record","name":"R","fields":[{"name":"l","type":{"type":"array","items":\#(items)}}]}"#)
        let program = try AvroProgram(schema, points: ["l", "l/x"])
        #expect((walkError(program, datum) != nil) == isRefused, "the walker on \(what)")
        let printed = Result { try text(schema, datum, .compact) }
        #expect(((try? printed.get()) == nil) == isRefused, "the printer on \(what): \(printed)")
    }

    @Test func `a walker gives back the memory of a datum with very many values`() throws {
        let program = try AvroProgram(AvroSchema.parse(#"{"type":"array","items":"string"}"#), points: [""])
        _ = program
        let list = try AvroProgram(
            AvroSchema.parse(
                #"{"type":"record","name":"R","fields":[{"name":"l","type":{"type":"array","items":"string"}}]}"#),
            points: ["l"])
        var datum = OutputBuffer()
        datum.append(zigzag: 300_000)
        datum.append([UInt8](repeating: 0, count: 300_001))
        let walker = AvroWalker()
        #expect(walker.walk(list, datum.bytes))
        #expect(walker.markCount == 300_000)
        ([0x00] as [UInt8]).withUnsafeBytes { #expect(walker.walk(list, $0)) }
        #expect(walker.markCount == 0)
    }

    // Never changed and never freed: text to put in the place of values.
    nonisolated(unsafe) private static let sealed: UnsafeRawBufferPointer = {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 100, alignment: 1)
        for index in 0..<100 { memory[index] = UInt8(ascii: "a") + UInt8(index % 26) }
        return UnsafeRawBufferPointer(memory)
    }()
}
