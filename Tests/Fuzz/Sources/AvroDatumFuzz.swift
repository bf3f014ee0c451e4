internal import Avro
internal import Bytes
internal import JSON

/// Two readers of Avro (the compiled program and the printer) accept the same bytes; what was accepted survives JSON, and a
/// splice changes what it was asked to change.
enum AvroDatumFuzz {
    static func run(_ bytes: UnsafeRawBufferPointer) throws(BrokenInvariant) {
        var maker = AvroMaker(FuzzInput(bytes))
        let json = maker.schema()
        guard case .success(let schema) = outcome({ () throws(AvroError) in try AvroSchema.parse(json) }) else {
            throw BrokenInvariant(description: "a schema of the maker is a schema: \(json.text())")
        }
        try checkSchema(schema)
        guard
            case .success(let program) = outcome({ () throws(AvroError) in
                try AvroProgram(schema, points: schema.paths)
            })
        else { throw BrokenInvariant(description: "a small schema compiles") }
        var made = OutputBuffer()
        let isMade = maker.input.flag()
        if isMade { maker.datum(of: schema, into: &made) }
        let datum = isMade ? made.bytes : maker.input.rest
        let walker = AvroWalker()
        let isAccepted = walker.walk(program, datum)
        let printed = outcome { () throws(AvroError) in try AvroJSONText.bytes(of: datum, schema, .compact, .wrapped) }
        switch printed {
        case .failure(let error):
            try require(!isMade, "a made datum is a datum: \(error)")
            try require(!isAccepted, "the walker accepts what the printer refuses: \(error)")
        case .success(let text):
            try require(isAccepted, "the printer accepts what the walker refuses: \(walker.error)")
            try checkJSON(text, datum, schema, isCanonical: isMade)
            try checkSplice(datum, text, schema, program, walker)
        }
    }

    private static func checkSchema(_ schema: AvroSchema) throws(BrokenInvariant) {
        let canonical = schema.canonicalForm
        guard case .success(let again) = outcome({ () throws(AvroError) in try AvroSchema.parse(canonical) }) else {
            throw BrokenInvariant(description: "a canonical form is a schema: \(canonical)")
        }
        try require(again == schema, "the canonical form means the same schema")
        try require(again.canonicalForm == canonical, "the canonical form is its own canonical form")
    }

    /// Encode and print are each other's inverse. Bytes that nobody made may have several blocks or equal keys: their JSON
    /// gives the canonical datum, which prints the same.
    private static func checkJSON(
        _ text: [UInt8], _ datum: UnsafeRawBufferPointer, _ schema: AvroSchema, isCanonical: Bool
    ) throws(BrokenInvariant) {
        let shape = AvroShape(schema)
        guard let again = encode(text, shape) else {
            // Equal keys in a map cannot be written as JSON.
            return try require(!isCanonical, "the JSON encoding of a datum can be read")
        }
        if isCanonical { try require(again.elementsEqual(datum), "encoding what was printed gives the datum") }
        try require(
            print(again, schema, .wrapped) == text, "printing what was encoded gives the text")
        guard !schema.hasMapInUnion, let bare = print(again, schema, .bare) else { return }
        // Which branch a bare value belongs to may be open; if it is not, the value is the same.
        guard let fromBare = encode(bare, shape) else { return }
        try require(print(fromBare, schema, .bare) == bare, "a bare value survives")
    }

    private static func encode(_ text: [UInt8], _ shape: AvroShape) -> [UInt8]? {
        var encoder = AvroJSONEncoder()
        var out = OutputBuffer()
        let encoded = text.withUnsafeBytes { text in
            outcome { () throws(AvroError) in try encoder.encode(text, shape, into: &out) }
        }
        guard case .success = encoded else { return nil }
        return out.copyBytes()
    }

    private static func print(_ datum: [UInt8], _ schema: AvroSchema, _ unions: AvroJSONText.Unions) -> [UInt8]? {
        datum.withUnsafeBytes { datum in
            outcome { () throws(AvroError) in try AvroJSONText.bytes(of: datum, schema, .compact, unions) }
        }.value
    }

    private static func checkSplice(
        _ datum: UnsafeRawBufferPointer, _ text: [UInt8], _ schema: AvroSchema, _ program: AvroProgram,
        _ walker: AvroWalker
    ) throws(BrokenInvariant) {
        let marks = Array(walker.marks)
        for mark in marks {
            try require(
                0 <= mark.start && mark.start <= mark.end && Int(mark.end) <= datum.count, "a mark lies in the datum")
            try require(
                mark.point == AvroMark.blockHeader || program.points.indices.contains(Int(mark.point)),
                "a mark's point exists")
        }
        var kept = OutputBuffer()
        walker.splice(datum, program, into: &kept) { _, _ in .keep }
        try require(
            print(kept.copyBytes(), schema, .wrapped) == text, "a splice that keeps everything keeps the value")

        let isText = program.points.map { schema.target(of: $0)?.holdsText ?? false }
        let replacement = Array("polder".utf8)
        var changed = OutputBuffer()
        replacement.withUnsafeBytes { replacement in
            walker.splice(datum, program, into: &changed) { index, mark in
                guard isText[Int(mark.point)] else { return .keep }
                return index % 2 == 0 ? .text(replacement) : .room(replacement.count)
            }
        }
        // Room that was lent is the caller's to fill.
        for (index, mark) in marks.enumerated() where index % 2 == 1 && mark.point >= 0 && isText[Int(mark.point)] {
            let place = walker.place(of: index)
            for (offset, byte) in replacement.enumerated() { changed.mutableBytes[place + offset] = byte }
        }
        try require(walker.walk(program, changed.bytes), "a spliced datum is a datum: \(walker.error)")
        let again = Array(walker.marks.filter { $0.point != AvroMark.blockHeader })
        let before = marks.filter { $0.point != AvroMark.blockHeader }
        try require(again.map(\.point) == before.map(\.point), "a splice keeps the values in order")
        for (one, two) in zip(before, again) {
            let after = changed.bytes[Int(two.text < 0 ? two.start : two.text)..<Int(two.end)]
            if isText[Int(one.point)] {
                try require(two.text >= 0 && after.elementsEqual(replacement), "a replaced text is the replacement")
            } else {
                try require(
                    after.count == one.end - (one.text < 0 ? one.start : one.text), "a kept value keeps its length")
            }
        }
    }
}

extension Result {
    /// What it succeeded with.
    var value: Success? {
        switch self {
        case .success(let value): value
        case .failure: nil
        }
    }
}
