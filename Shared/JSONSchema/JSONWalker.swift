package import Bytes
package import JSON
package import Regex

/// Where a value stands in an event's text.
package struct JSONMark {
    /// Which point of the program, or ``objectEnd``.
    package let point: Int32
    /// What stands there. Of ``objectEnd``: object.
    package let kind: JSONTape.Kind
    /// First byte of the value in the text; of ``objectEnd`` the closing brace.
    let start: Int32
    /// First byte behind the value; of ``objectEnd`` the same as `start`.
    let end: Int32
    /// Place of the value on the tape.
    let place: Int32

    /// The point of a mark for the end of the object that members may be added to.
    package static let objectEnd: Int32 = -2
}

/// What a splice puts in the place of a marked value.
package enum JSONReplacement {
    /// The value stays as it is.
    case keep
    /// A string of these characters, escaped as JSON needs it.
    case text(UnsafeRawBufferPointer)
    /// Room for a string of so many bytes that need no escape, for the caller to fill: ``JSONWalker/place(of:)`` says where.
    case room(Int)
    /// Bytes of JSON text as they are; at an object's end members, each with its comma in front.
    case verbatim(UnsafeRawBufferPointer)
}

/// Reads events that are JSON texts: checks them against their schema, notes the values of interest, writes events with replaced
/// values. What is not replaced stays byte for byte as the sender wrote it.
///
/// Everything that a hostile text can do ends in a fault, within bounded time and memory: it leaves the grammar, is too deep, has
/// names twice, does not fit the schema, or costs too much to check.
///
/// - Isolation: one per loop; it holds what it made of the last text and reuses the memory.
package final class JSONWalker {
    /// Levels of arrays and objects that an event may have.
    package static let depthLimit = 100
    /// Marks kept between texts; a text with more gives their memory back with the next one.
    private static let marksKept = 4096

    private let tape = JSONTape()
    private var noted: [JSONMark] = []
    private var places: [Int] = []
    /// Why the last call answered false.
    package private(set) var fault = JSONEventFault.mismatch(path: "", rule: "nothing was read")

    /// A walker without marks.
    package init() {}

    /// Reads a text. Everything else is about the text that was read last; its bytes must stay in place.
    ///
    /// - Returns: false if it is no JSON; ``fault`` then says why.
    package func read(_ text: UnsafeRawBufferPointer) -> Bool {
        do throws(JSONError) {
            try tape.read(text, depthLimit: Self.depthLimit)
            return true
        } catch {
            fault = .notJSON(error)
            return false
        }
    }

    /// Holds the text against a schema.
    ///
    /// - Returns: false if it does not conform; ``fault`` then says why.
    package func judge(_ schema: JSONSchema, _ matcher: PatternMatcher) -> Bool {
        let view = tape.view
        var judge = SchemaJudge(schema, view, matcher)
        if judge.accepts(schema.root) { return true }
        fault = judge.finding?.fault(schema, view) ?? .mismatch(path: "", rule: "not allowed by the schema")
        return false
    }

    /// Notes the values that the program's paths lead to.
    ///
    /// - Returns: false if a path leads to something else than its schema says, which a text that was judged never does.
    package func note(_ program: JSONProgram) -> Bool {
        noted.removeAll(keepingCapacity: noted.count <= Self.marksKept)
        return note(program, 0, 0, tape.view)
    }

    /// The marks of the last ``note(_:)``, in the order of the bytes.
    package var marks: [JSONMark] { noted }

    /// The characters of a marked string, unescaped; nil for everything else.
    package func characters(of mark: JSONMark) -> UnsafeRawBufferPointer? {
        guard mark.kind == .string else { return nil }
        let view = tape.view
        return view.characters(view[mark.place])
    }

    /// A marked number, if it is a whole one that fits.
    package func int32(of mark: JSONMark) -> Int32? {
        guard mark.kind == .number else { return nil }
        let view = tape.view
        return ExactNumber(view.bytes(view[mark.place])).int32
    }

    /// Writes the event with some of its marked values replaced; without white space around it.
    ///
    /// - Parameters:
    ///   - output: The new text is appended.
    ///   - replacement: Called once for each mark, in order, with its index and itself. What it hands out is copied before the
    ///     next call, so that all may use the same memory.
    package func splice(into output: inout OutputBuffer, _ replacement: (Int, JSONMark) -> JSONReplacement) {
        let view = tape.view
        let event = view[0]
        places.removeAll(keepingCapacity: places.count <= Self.marksKept)
        var copied = Int(event.start)
        func copy(to end: Int32, _ output: inout OutputBuffer) {
            output.append(UnsafeRawBufferPointer(start: view.text + copied, count: Int(end) - copied))
        }
        for (index, mark) in noted.enumerated() {
            var place = -1
            let new = replacement(index, mark)
            if case .keep = new {
                places.append(place)
                continue
            }
            copy(to: mark.start, &output)
            copied = Int(mark.end)
            switch new {
            case .keep: break
            case .text(let characters): output.append(jsonString: characters)
            case .verbatim(let bytes): output.append(bytes)
            case .room(let count):
                output.append(UInt8(ascii: "\""))
                place = output.count
                output.appendRaw(room: count) { _ in count }
                output.append(UInt8(ascii: "\""))
            }
            places.append(place)
        }
        copy(to: event.end, &output)
    }

    /// Where in the output of the last splice the characters of a mark begin that was given room: bytes from the output's start.
    package func place(of index: Int) -> Int { places[index] }

    // Recursion is bounded by the depth limit of the text.
    private func note(_ program: JSONProgram, _ index: Int32, _ place: Int32, _ view: JSONTape.View) -> Bool {
        let value = view[place]
        let node = program.nodes[Int(index)]
        switch value.kind {
        case .array:
            if node.isSingle { return unexpected(program, node) }
            var element = place &+ 1
            for _ in 0..<value.count {
                guard note(program, index, element, view) else { return false }
                element = view[element].next
            }
        case .object:
            if node.point >= 0 { return unexpected(program, node) }
            var name = place &+ 1
            for _ in 0..<value.count {
                if let child = node.names.index(of: view.characters(view[name])) {
                    guard note(program, node.children[child], name &+ 1, view) else { return false }
                }
                name = view[name &+ 1].next
            }
            if node.notesEnd {
                noted.append(
                    JSONMark(
                        point: JSONMark.objectEnd, kind: .object, start: value.end &- 1, end: value.end &- 1,
                        place: place))
            }
        case .null, .boolean, .number, .string:
            guard node.point >= 0 else { break }
            guard !node.isText || value.kind == .string || value.kind == .null else { return unexpected(program, node) }
            noted.append(
                JSONMark(point: node.point, kind: value.kind, start: value.start, end: value.end, place: place))
        }
        return true
    }

    private func unexpected(_ program: JSONProgram, _ node: JSONProgram.Node) -> Bool {
        fault = .mismatch(path: program.points[Int(node.point)], rule: "holds another type than the contract needs")
        return false
    }
}
