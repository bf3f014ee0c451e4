import Bytes
import GRPC
import JSON
import Testing

/// Bytes written as hexadecimal digits, for tests that show the wire.
private func hex(_ text: String) -> [UInt8] {
    var bytes: [UInt8] = []
    let digits = text.utf8.compactMap { ASCII.hexValue($0) }
    for index in stride(from: 0, to: digits.count - 1, by: 2) { bytes.append(digits[index] << 4 | digits[index + 1]) }
    return bytes
}

/// Why bytes are no sample: place and reason in one line.
private func refusal(_ bytes: [UInt8], limits: ProtoLimits = ProtoLimits()) -> String? {
    do {
        _ = try Sample(protobuf: bytes, limits: limits)
        return nil
    } catch .malformed(let path, let reason) {
        return path.steps.isEmpty ? reason.rawValue : "\(path) \(reason.rawValue)"
    } catch {
        return "\(error)"
    }
}

@Suite struct BinaryFormTests {
    @Test func `default values take no bytes, absent and empty messages differ`() throws {
        #expect(Sample().protobuf == [])
        var sample = Sample()
        sample.other = Inner()
        sample.inner = Inner()
        #expect(sample.protobuf == hex("3a00 4200"))
        let read = try Sample(protobuf: sample.protobuf)
        #expect(read == sample)
        #expect(read.$inner.isSet)
        #expect(try Sample(protobuf: []).$inner.isSet == false)
    }

    @Test func `every kind is written as the encoding guide says`() throws {
        var sample = Sample()
        sample.text = "hi"
        sample.data = [0xFF]
        sample.flag = true
        sample.small = -2
        sample.large = 300
        sample.colour = .blue
        sample.words = ["a", ""]
        sample.numbers = [3, 270, 86_942]
        sample.colours = [Open(wrappedValue: .red), Open(number: 9)]
        sample.levels = ["b": 0, "a": 1]
        sample.named = ["k": Inner("n")]
        sample.choice = .two(Inner())
        #expect(
            sample.protobuf
                == hex(
                    """
                    0a026869 1201ff 1801 20feffffffffffffffff01 28ac02 3005 4a0161 4a00 5206038e029ea705 5a020109
                    6a050a01611001 6a050a01621000 72080a016b12030a016e 820100
                    """))
        #expect(try Sample(protobuf: sample.protobuf) == sample)
    }

    @Test func `a long message inside a message moves to make room for its length`() throws {
        for count in [126, 127, 128, 129, 16_382, 16_383, 16_384, 70_000, 2_200_000] {
            var sample = Sample()
            sample.child = [Sample()]
            sample.child[0].inners = [Inner(String(repeating: "x", count: count), 7)]
            #expect(try Sample(protobuf: sample.protobuf) == sample)
        }
    }

    @Test func `the last value counts, messages are merged, lists go on`() throws {
        let sample = try Sample(protobuf: hex("0a0161 0a0162 2001 2002 3a030a0178 3a021005 3a021006 4a0161 20034a0162"))
        #expect(sample.text == "b")
        #expect(sample.small == 3)
        #expect(sample.inner == Inner("x", 6))
        #expect(sample.words == ["a", "b"])
    }

    @Test func `packed and single numbers are read, mixed and with the wrong order of fields`() throws {
        let sample = try Sample(protobuf: hex("5a0105 5001 5203020304 5200 5005 5805 0a0161"))
        #expect(sample.numbers == [1, 2, 3, 4, 5])
        #expect(sample.colours.map(\.number) == [5, 5])
        #expect(sample.text == "a")
    }

    @Test func `of a oneof the last member counts, and only its own last run is merged`() throws {
        #expect(try Sample(protobuf: hex("7a030a0161 7a021001")).choice == .one(Inner("a", 1)))
        #expect(try Sample(protobuf: hex("7a030a0161 8201021001")).choice == .two(Inner("", 1)))
        #expect(try Sample(protobuf: hex("7a030a0161 820100 7a021001")).choice == .one(Inner("", 1)))
    }

    @Test func `map entries may lack key or value, come in any order, and the last one counts`() throws {
        let sample = try Sample(protobuf: hex("6a00 6a050a01611001 6a0510020a0162 6a050a01611003 7200 72030a0163"))
        #expect(sample.levels == ["": 0, "a": 3, "b": 2])
        #expect(sample.named == ["": Inner(), "c": Inner()])
    }

    @Test func `what is unknown or of another form is passed over`() throws {
        // Field 99 in each form, a group with a group in it, and text given as a number.
        let noise = hex(
            "98060a 9906 0102030405060708 9a0603616263 9d0601020304 9b06 9b06 089601 9c06 9c06 0805 1500000000")
        #expect(try Sample(protobuf: noise) == Sample())
        #expect(try Sample(protobuf: noise + hex("0a0161")).text == "a")
    }

    @Test func `an enumeration keeps a number that it does not know`() throws {
        let sample = try Sample(protobuf: hex("3063"))
        #expect(sample.colour == .unspecified)
        #expect(sample.$colour.number == 99)
        #expect(sample.protobuf == hex("3063"))
        #expect(sample.problems().map(\.description).contains("colour must be one of RED, BLUE"))
        #expect(sample.json["colour"] == 99)
    }

    @Test func `numbers of more bits than the field has are cut`() throws {
        #expect(try Sample(protobuf: hex("20ffffffff1f")).small == -1)
        #expect(try Sample(protobuf: hex("20818080808010")).small == 1)
        #expect(try Sample(protobuf: hex("1880808080808080808001")).flag)
        #expect(try Sample(protobuf: hex("28ffffffffffffffffff01")).large == -1)
        #expect(try Sample(protobuf: hex("28818000")).large == 1)
    }

    @Test(arguments: [
        ("0a", "ends too early"), ("0a02 61", "ends too early"), ("20", "ends too early"), ("2080", "ends too early"),
        ("2080808080808080808002", "holds a number of more than 64 bits"),
        ("28ffffffffffffffffffff01", "holds a number of more than 64 bits"),
        ("0001", "holds a field without a number or of an unknown form"),
        ("0e", "holds a field without a number or of an unknown form"),
        ("8080808010 01", "holds a field without a number or of an unknown form"),
        ("9906 01", "ends too early"), ("9d06 01", "ends too early"), ("9b06", "ends too early"),
        ("9c06", "holds a group that does not end where it should"),
        ("9b06 a406", "holds a group that does not end where it should"),
        ("0a01ff", "text is not UTF-8"), ("4a0161 4a02c080", "words[1] is not UTF-8"),
        ("3a030a01ff", "inner.name is not UTF-8"), ("3a0120", "inner ends too early"),
        ("6203 0a01ff", "inners[0].name is not UTF-8"), ("52020380", "numbers ends too early"),
        ("6a03 0a01ff", "levels.key is not UTF-8"), ("72080a016b12030a01ff", "named.k.name is not UTF-8"),
        ("7a030a01ff", "oneInner.name is not UTF-8"), ("0affffffffffffffffff01", "ends too early"),
    ])
    func `what is malformed is refused with its place`(_ wire: String, _ reason: String) {
        #expect(refusal(hex(wire)) == reason)
    }

    @Test func `a hundred messages in each other are read, one more is refused, in groups too`() {
        func nested(_ depth: Int) -> [UInt8] {
            var sample = Sample()
            for _ in 1..<depth {
                var outer = Sample()
                outer.child = [sample]
                sample = outer
            }
            return sample.protobuf
        }
        #expect(refusal(nested(100)) == nil)
        #expect(refusal(nested(101))?.hasSuffix("is nested too deeply") == true)
        #expect(refusal([UInt8](repeating: 0x9B, count: 1)) == "ends too early")
        let groups = [[UInt8]](repeating: [0x9B, 0x06], count: 100_000).flatMap { $0 }
        #expect(refusal(groups) == "is nested too deeply")
    }

    @Test func `small bytes cannot ask for much memory`() {
        let empties = [[UInt8]](repeating: [0xA2, 0x01, 0x00], count: 1_000_000).flatMap { $0 }
        #expect(refusal(empties)?.hasSuffix("takes too much memory") == true)
        var limits = ProtoLimits()
        limits.memory = 16
        #expect(refusal(hex("4a00"), limits: limits) == nil)
        #expect(refusal(hex("4a00 4a00"), limits: limits) == "takes too much memory")
    }

    @Test func `of a million broken rules a hundred are told, and long names are cut`() throws {
        var sample = Sample()
        sample.words = [String](repeating: "", count: 1_000_000)
        #expect(sample.problems().count == 100)
        sample.words = []
        sample.named = [String(repeating: "k", count: 1_000_000): Inner()]
        #expect(sample.problems().allSatisfy { $0.description.utf8.count < 200 })
        let path = DocumentPath([
            .member(String(repeating: "é", count: 200)), .member(String(repeating: "e", count: 200)),
        ])
        #expect(path.description.hasPrefix(#"["\u{e9}\u{e9}"#))
        #expect(path.description.hasSuffix(#"eee..."]"#))
        #expect(path.description.utf8.count == 120 * 6 + 120 + 2 * 7)
    }

    @Test func `every cut of a message is refused or read, never more`() throws {
        var sample = Sample()
        sample.text = "héllo"
        sample.child = [sample, sample]
        sample.levels = ["a": 1]
        sample.numbers = [1, 300]
        let whole = sample.protobuf
        for count in 0..<whole.count { _ = refusal(Array(whole[..<count])) }
        #expect(try Sample(protobuf: whole) == sample)
    }
}
