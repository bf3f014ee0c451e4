import Avro
import Bytes
import Contracts
import JSONSchema

/// An event whose interesting values were noted, whatever the language of its schema.
protocol WalkedEvent {
    /// How many values were noted, in the order of the bytes.
    var count: Int { get }
    /// Which point of the plan a value stands at; below zero for none.
    func point(_ index: Int) -> Int32
    /// The characters of a value that holds text, nil for everything else.
    func text(_ index: Int) -> UnsafeRawBufferPointer?
    /// The consent levels of a value.
    func forEachLevel(_ index: Int, _ body: (Int32) -> Void)
    /// Writes the event with some texts replaced; nil keeps the value. A text is copied before the next one is asked for.
    func splice(into output: inout OutputBuffer, _ replacement: (Int) -> UnsafeRawBufferPointer?)
}

struct WalkedAvro: WalkedEvent {
    let walker: AvroWalker
    let program: AvroProgram
    let datum: UnsafeRawBufferPointer

    var count: Int { walker.markCount }

    func point(_ index: Int) -> Int32 { walker.marks[index].point }

    func text(_ index: Int) -> UnsafeRawBufferPointer? {
        let mark = walker.marks[index]
        guard mark.point >= 0, mark.text >= 0 else { return nil }
        return UnsafeRawBufferPointer(rebasing: datum[Int(mark.text)..<Int(mark.end)])
    }

    func forEachLevel(_ index: Int, _ body: (Int32) -> Void) {
        walker.forEachInt(of: walker.marks[index], in: datum, body)
    }

    func splice(into output: inout OutputBuffer, _ replacement: (Int) -> UnsafeRawBufferPointer?) {
        walker.splice(datum, program, into: &output) { index, _ in replacement(index).map { .text($0) } ?? .keep }
    }
}

struct WalkedJSON: WalkedEvent {
    let walker: JSONWalker
    let marks: [JSONMark]

    init(_ walker: JSONWalker) {
        self.walker = walker
        marks = walker.marks
    }

    var count: Int { marks.count }

    func point(_ index: Int) -> Int32 { marks[index].point }

    func text(_ index: Int) -> UnsafeRawBufferPointer? { walker.characters(of: marks[index]) }

    /// A list's elements are noted one by one.
    func forEachLevel(_ index: Int, _ body: (Int32) -> Void) {
        if let level = walker.int32(of: marks[index]) { body(level) }
    }

    func splice(into output: inout OutputBuffer, _ replacement: (Int) -> UnsafeRawBufferPointer?) {
        walker.splice(into: &output) { index, _ in replacement(index).map { .text($0) } ?? .keep }
    }
}

/// Where the interesting values stand, in the language of the schema.
enum WalkProgram {
    case avro(AvroProgram)
    case json(JSONProgram)

    /// - Throws: When an Avro schema is too large to compile.
    init(_ schema: EventSchema, points: [String]) throws(EventSchemaFault) {
        switch schema.language {
        case .avro(let schema):
            do throws(AvroError) { self = .avro(try AvroProgram(schema, points: points)) } catch { throw .avro(error) }
        case .json(let schema):
            self = .json(JSONProgram(schema, points: points))
        }
    }
}
