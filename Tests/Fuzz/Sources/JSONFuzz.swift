internal import JSON

/// The parser, the reader and the writer of JSON agree with each other: what is read can be written and read again.
enum JSONFuzz {
    static func run(_ bytes: UnsafeRawBufferPointer) throws(BrokenInvariant) {
        var input = FuzzInput(bytes)
        let depthLimit = input.below(129)
        let text = input.rest
        let parsed = outcome { () throws(JSONError) in try JSONValue.parse(text, depthLimit: depthLimit) }
        let tokens = outcome { () throws(JSONError) in try readTokens(text, depthLimit) }
        let tape = JSONTape()
        let taped = outcome { () throws(JSONError) in try tape.read(text, depthLimit: depthLimit) }
        try require((taped.value != nil) == (parsed.value != nil), "parser and tape accept the same texts")
        if taped.value != nil { try require(tape.view[0].next == tape.view.count, "the first value is everything") }
        switch parsed {
        case .success(let value):
            guard case .success(let depth) = tokens else {
                throw BrokenInvariant(description: "the reader refuses what the parser accepts")
            }
            try roundTrip(value)
            if depth > 0 {
                let shallower = outcome { () throws(JSONError) in try JSONValue.parse(text, depthLimit: depth - 1) }
                try require((try? shallower.get()) == nil, "a depth limit of one less refuses")
            }
            try require((try? JSONValue.parse(text, depthLimit: depth)) == value, "its own depth is enough")
        case .failure(.duplicateName(_, let place)):
            try require(place.offset < text.count, "a duplicate name stands in the text")
        case .failure(let error):
            try require(error.place.offset <= text.count, "an error's place is in the text")
            try require(error.place.line >= 1 && error.place.column >= 1, "lines and columns count from 1")
            guard case .failure(let other) = tokens else {
                throw BrokenInvariant(description: "the reader accepts what the parser refuses: \(error)")
            }
            try require(error == other, "parser and reader name one error: \(error), \(other)")
        }
    }

    /// Reads everything as the hot path does; answers how deep it went.
    private static func readTokens(_ text: UnsafeRawBufferPointer, _ depthLimit: Int) throws(JSONError) -> Int {
        var reader = JSONReader(text, depthLimit: depthLimit)
        var deepest = 0
        while true {
            let token = try reader.next()
            deepest = max(deepest, reader.depth)
            switch token {
            case .end: return deepest
            case .integer(let slice):
                precondition(reader.int64(slice) == Int64(reader.text(slice)), "an integer has the value of its text")
            case .decimal(let slice):
                precondition(reader.double(slice).map { $0.isFinite } ?? true, "a double is finite")
            case .name(let slice), .string(let slice):
                let characters = reader.text(slice)
                precondition(characters.utf8.count <= slice.count, "unescaping never lengthens")
                precondition(slice.hasEscapes || characters.utf8.elementsEqual(reader.raw(slice)), "plain text stays")
            case .beginObject, .endObject, .beginArray, .endArray, .bool, .null: break
            }
        }
    }

    private static func roundTrip(_ value: JSONValue) throws(BrokenInvariant) {
        for style in [JSONWriter.Style.compact, .javaRecord] {
            let written = value.bytes(style)
            let read = outcome { () throws(JSONError) in try JSONValue.parse(written) }
            guard case .success(let again) = read else {
                throw BrokenInvariant(description: "what the writer writes can be read: \(read)")
            }
            try require(again == value, "what the writer writes reads as the same value")
            try require(again.bytes(style) == written, "written again it is the same text")
        }
    }
}
