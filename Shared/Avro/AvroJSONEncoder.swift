package import Bytes
internal import JSON

/// Reads an event written as JSON into an Avro datum: plain JSON and the JSON encoding of Avro, also mixed.
///
/// | schema | JSON accepted |
/// |---|---|
/// | union | the bare value, or wrapped in an object with the branch's name: `"x"` or `{"string": "x"}` |
/// | record | object, members in any order; a missing member takes its default; unknown and repeated ones are refused |
/// | int, long | a number without fraction and exponent, within the type's range |
/// | float, double | a number within the type's range, or one of the texts `NaN`, `Infinity`, `-Infinity` |
/// | bytes, fixed | text of characters U+0000 to U+00FF, one for each byte |
/// | enum | one of the symbols |
///
/// A bare value takes the one branch that can hold it: text goes to string before enum before bytes, a whole number to
/// int, long, float, double in this order as far as it fits. An object goes to the wrapped branch if its first member has a
/// branch's name, otherwise to the only record or map.
///
/// - Isolation: one per loop; it reuses its memory.
package struct AvroJSONEncoder {
    /// What a member took in the datum, in the order of arrival.
    private struct FieldRange {
        var start = -1
        var end = -1
    }

    /// Ranges of the records that are open, innermost last.
    private var ranges: [FieldRange] = []
    private var scratch: [UInt8] = []
    private var sizeLimit = 0

    /// An encoder without memory.
    package init() {}

    /// Appends the datum that the text describes.
    ///
    /// - Parameter sizeLimit: Most bytes that the datum may have. Defaults can make it much longer than the text.
    /// - Throws: `eventNotJSON`, or `mismatch` with the path of the member. The output then holds rubbish behind its old end.
    package mutating func encode(
        _ text: UnsafeRawBufferPointer, _ shape: AvroShape, into datum: inout OutputBuffer, sizeLimit: Int = 4 << 20
    ) throws(AvroError) {
        ranges.removeAll(keepingCapacity: true)
        self.sizeLimit = datum.count + sizeLimit
        var reader = JSONReader(text)
        let token = try next(&reader)
        try value(token, shape.root, &reader, &datum)
        _ = try next(&reader)
    }

    private func next(_ reader: inout JSONReader) throws(AvroError) -> JSONReader.Token {
        do throws(JSONError) {
            return try reader.next()
        } catch {
            throw .eventNotJSON(error)
        }
    }

    private mutating func value(
        _ token: JSONReader.Token, _ node: AvroShape.Node, _ reader: inout JSONReader, _ datum: inout OutputBuffer
    ) throws(AvroError) {
        guard datum.count <= sizeLimit else { throw .mismatch(path: "", .tooLarge) }
        switch node.kind {
        case .null:
            guard token == .null else { throw Self.wrong(token, node) }
        case .boolean:
            guard case .bool(let value) = token else { throw Self.wrong(token, node) }
            datum.append(value ? 1 : 0)
        case .int, .long, .float, .double:
            try number(token, node, reader, &datum)
        case .string:
            guard case .string(let slice) = token else { throw Self.wrong(token, node) }
            Self.append(slice, reader, &datum)
        case .bytes, .fixed:
            guard case .string(let slice) = token else { throw Self.wrong(token, node) }
            try bytes(slice, node, reader, &datum)
        case .enumeration(let symbols):
            guard case .string(let slice) = token else { throw Self.wrong(token, node) }
            guard let index = index(of: slice, in: symbols, reader) else { throw .mismatch(path: "", .unknownSymbol) }
            datum.append(zigzag: Int64(index))
        case .array(let items):
            guard token == .beginArray else { throw Self.wrong(token, node) }
            try array(items, first: try next(&reader), &reader, &datum)
        case .map(let values):
            guard token == .beginObject else { throw Self.wrong(token, node) }
            try map(values, first: try next(&reader), &reader, &datum)
        case .record(let fields, let names):
            guard token == .beginObject else { throw Self.wrong(token, node) }
            try record(fields, names, first: try next(&reader), &reader, &datum)
        case .union(let branches):
            try union(token, node, branches, &reader, &datum)
        }
    }
}

extension AvroJSONEncoder {
    private mutating func record(
        _ fields: [AvroShape.Node.Field], _ names: NameTable, first: JSONReader.Token, _ reader: inout JSONReader,
        _ datum: inout OutputBuffer
    ) throws(AvroError) {
        let base = datum.count
        let frame = ranges.count
        ranges.append(contentsOf: repeatElement(FieldRange(), count: fields.count))
        var expected = 0
        var isInOrder = true
        var token = first
        while case .name(let slice) = token {
            let index: Int
            if expected < fields.count, !slice.hasEscapes, names.equals(expected, reader.raw(slice)) {
                index = expected
            } else {
                guard let found = self.index(of: slice, in: names, reader) else {
                    throw .mismatch(path: shownName(reader.text(slice)), .unknownMember)
                }
                index = found
                isInOrder = false
            }
            expected = index + 1
            guard ranges[frame + index].start < 0 else { throw .mismatch(path: fields[index].name, .duplicate) }
            let start = datum.count
            let valueToken = try next(&reader)
            do throws(AvroError) {
                try value(valueToken, fields[index].node, &reader, &datum)
            } catch {
                throw error.within(fields[index].name)
            }
            ranges[frame + index] = FieldRange(start: start, end: datum.count)
            token = try next(&reader)
        }
        if expected < fields.count || !isInOrder {
            try appendDefaults(fields, frame, &datum)
            reorder(from: base, frame, fields.count, &datum)
        }
        ranges.removeLast(fields.count)
    }

    private mutating func appendDefaults(
        _ fields: [AvroShape.Node.Field], _ frame: Int, _ datum: inout OutputBuffer
    ) throws(AvroError) {
        for (index, field) in fields.enumerated() where ranges[frame + index].start < 0 {
            guard let defaultDatum = field.defaultDatum else { throw .mismatch(path: field.name, .missing) }
            let start = datum.count
            datum.append(defaultDatum)
            ranges[frame + index] = FieldRange(start: start, end: datum.count)
        }
    }

    /// Brings the fields of a record, encoded as they came, into the order of the schema.
    private mutating func reorder(from base: Int, _ frame: Int, _ count: Int, _ datum: inout OutputBuffer) {
        var end = base
        let isInOrder = ranges[frame..<frame + count].allSatisfy { range in
            defer { end = range.end }
            return range.start == end
        }
        guard !isInOrder else { return }
        scratch.removeAll(keepingCapacity: true)
        for range in ranges[frame..<frame + count] {
            scratch.append(contentsOf: UnsafeRawBufferPointer(rebasing: datum.bytes[range.start..<range.end]))
        }
        datum.truncate(to: base)
        datum.append(scratch)
    }

    private mutating func array(
        _ items: AvroShape.Node, first: JSONReader.Token, _ reader: inout JSONReader, _ datum: inout OutputBuffer
    ) throws(AvroError) {
        let start = openList(&datum)
        var count = 0
        var token = first
        while token != .endArray {
            do throws(AvroError) {
                try value(token, items, &reader, &datum)
            } catch {
                throw error.within(String(count))
            }
            count += 1
            token = try next(&reader)
        }
        closeList(start, count, &datum)
    }

    private mutating func map(
        _ values: AvroShape.Node, first: JSONReader.Token, _ reader: inout JSONReader, _ datum: inout OutputBuffer
    ) throws(AvroError) {
        // Hashing is seeded per process, so nobody can choose keys that clash.
        var keys: Set<String> = []
        let start = openList(&datum)
        var token = first
        while case .name(let slice) = token {
            let key = reader.text(slice)
            guard keys.insert(key).inserted else { throw .mismatch(path: shownName(key), .duplicate) }
            Self.append(slice, reader, &datum)
            let valueToken = try next(&reader)
            do throws(AvroError) {
                try value(valueToken, values, &reader, &datum)
            } catch {
                throw error.within(shownName(key))
            }
            token = try next(&reader)
        }
        closeList(start, keys.count, &datum)
    }

    /// Lists and maps are written as one block. Its count stands before the elements and is known after them.
    private func openList(_ datum: inout OutputBuffer) -> Int {
        let start = datum.count
        // One byte is room for the count of 63 elements; more elements move once.
        datum.append(0)
        return start
    }

    private mutating func closeList(_ start: Int, _ count: Int, _ datum: inout OutputBuffer) {
        guard count > 0 else { return }
        if count < 64 {
            datum.mutableBytes[start] = UInt8(count) &<< 1
        } else {
            scratch.removeAll(keepingCapacity: true)
            scratch.append(contentsOf: UnsafeRawBufferPointer(rebasing: datum.bytes[(start + 1)...]))
            datum.truncate(to: start)
            datum.append(zigzag: Int64(count))
            datum.append(scratch)
        }
        datum.append(0)
    }

    private mutating func union(
        _ token: JSONReader.Token, _ node: AvroShape.Node, _ branches: [AvroShape.Node], _ reader: inout JSONReader,
        _ datum: inout OutputBuffer
    ) throws(AvroError) {
        guard token == .beginObject else {
            let index = try bareBranch(token, node, branches, reader)
            datum.append(zigzag: Int64(index))
            return try value(token, branches[index], &reader, &datum)
        }
        let first = try next(&reader)
        if case .name(let slice) = first, let index = wrappedBranch(slice, branches, reader) {
            datum.append(zigzag: Int64(index))
            let inner = try next(&reader)
            try value(inner, branches[index], &reader, &datum)
            let closing = try next(&reader)
            if case .name(let extra) = closing { throw .mismatch(path: shownName(reader.text(extra)), .unknownMember) }
            return
        }
        let candidates = branches.indices.filter { branches[$0].isObject }
        guard let index = candidates.first else { throw Self.wrong(token, node) }
        guard candidates.count == 1 else { throw .mismatch(path: "", .ambiguous) }
        datum.append(zigzag: Int64(index))
        try object(branches[index], first: first, &reader, &datum)
    }

    /// A record or a map whose opening brace and first name have been read.
    private mutating func object(
        _ node: AvroShape.Node, first: JSONReader.Token, _ reader: inout JSONReader, _ datum: inout OutputBuffer
    ) throws(AvroError) {
        switch node.kind {
        case .record(let fields, let names):
            try record(fields, names, first: first, &reader, &datum)
        case .map(let values):
            try map(values, first: first, &reader, &datum)
        case .null, .boolean, .int, .long, .float, .double, .bytes, .string, .fixed, .enumeration, .array, .union:
            throw Self.wrong(.beginObject, node)
        }
    }

    /// The branch that an object's first name wraps, or nil.
    private func wrappedBranch(
        _ slice: JSONReader.Slice, _ branches: [AvroShape.Node], _ reader: JSONReader
    ) -> Int? {
        guard !slice.hasEscapes else { return nil }
        let name = reader.raw(slice)
        return branches.firstIndex { branch in
            branch.branchName.count == name.count && branch.branchName.elementsEqual(name)
        }
    }

    /// The branch for a value that is neither an object nor wrapped.
    private func bareBranch(
        _ token: JSONReader.Token, _ node: AvroShape.Node, _ branches: [AvroShape.Node], _ reader: JSONReader
    ) throws(AvroError) -> Int {
        var best: Int?
        var bestRank = Int.max
        for (index, branch) in branches.enumerated() {
            guard let rank = rank(token, branch, reader), rank <= bestRank else { continue }
            // Two enumerations may share a symbol, two fixed types a length.
            guard rank < bestRank else { throw .mismatch(path: "", .ambiguous) }
            best = index
            bestRank = rank
        }
        guard let best else { throw Self.wrong(token, node) }
        return best
    }

    /// How well a branch takes a bare value, 0 for best, or nil if it cannot.
    private func rank(_ token: JSONReader.Token, _ branch: AvroShape.Node, _ reader: JSONReader) -> Int? {
        switch (token, branch.kind) {
        case (.null, .null), (.bool, .boolean), (.beginArray, .array), (.string, .string): 0
        case (.string(let slice), .enumeration(let symbols)):
            index(of: slice, in: symbols, reader) == nil ? nil : 1
        case (.string, .bytes): 2
        case (.string, .fixed): 3
        case (.string(let slice), .double): notFinite(reader.text(slice)) == nil ? nil : 4
        case (.string(let slice), .float): notFinite(reader.text(slice)) == nil ? nil : 5
        case (.integer(let slice), .int):
            reader.int64(slice).flatMap { Int32(exactly: $0) } == nil ? nil : 0
        case (.integer(let slice), .long): reader.int64(slice) == nil ? nil : 1
        // A decimal prefers the wider type, which loses less.
        case (.integer, .double), (.decimal, .double): 2
        case (.integer, .float), (.decimal, .float): 3
        case (_, _): nil
        }
    }

    private func number(
        _ token: JSONReader.Token, _ node: AvroShape.Node, _ reader: JSONReader, _ datum: inout OutputBuffer
    ) throws(AvroError) {
        switch (node.kind, token) {
        case (.int, .integer(let slice)):
            guard let value = reader.int64(slice), Int32(exactly: value) != nil else {
                throw .mismatch(path: "", .outOfRange("int"))
            }
            datum.append(zigzag: value)
        case (.long, .integer(let slice)):
            guard let value = reader.int64(slice) else { throw .mismatch(path: "", .outOfRange("long")) }
            datum.append(zigzag: value)
        case (.float, .integer(let slice)), (.float, .decimal(let slice)):
            // Not by way of double: rounding twice can give a neighbour.
            guard let value = Float(reader.text(slice)), value.isFinite else {
                throw .mismatch(path: "", .outOfRange("float"))
            }
            datum.append(littleEndian: value.bitPattern)
        case (.double, .integer(let slice)), (.double, .decimal(let slice)):
            guard let value = reader.double(slice) else { throw .mismatch(path: "", .outOfRange("double")) }
            datum.append(littleEndian: value.bitPattern)
        case (.float, .string(let slice)):
            guard let value = notFinite(reader.text(slice)) else { throw Self.wrong(token, node) }
            datum.append(littleEndian: Float(value).bitPattern)
        case (.double, .string(let slice)):
            guard let value = notFinite(reader.text(slice)) else { throw Self.wrong(token, node) }
            datum.append(littleEndian: value.bitPattern)
        case (_, _):
            throw Self.wrong(token, node)
        }
    }

    private func notFinite(_ text: String) -> Double? {
        switch text {
        case "NaN": .nan
        case "Infinity": .infinity
        case "-Infinity": -.infinity
        case _: nil
        }
    }

    private mutating func bytes(
        _ slice: JSONReader.Slice, _ node: AvroShape.Node, _ reader: JSONReader, _ datum: inout OutputBuffer
    ) throws(AvroError) {
        scratch.removeAll(keepingCapacity: true)
        for scalar in reader.text(slice).unicodeScalars {
            guard let byte = UInt8(exactly: scalar.value) else { throw .mismatch(path: "", .notBytes) }
            scratch.append(byte)
        }
        if case .fixed(let size) = node.kind {
            guard scratch.count == size else { throw .mismatch(path: "", .notBytes) }
        } else {
            datum.append(zigzag: Int64(scratch.count))
        }
        datum.append(scratch)
    }

    /// Appends a string: its length, then its bytes, unescaped behind a gap that is wide enough for any length.
    private static func append(_ slice: JSONReader.Slice, _ reader: JSONReader, _ datum: inout OutputBuffer) {
        guard slice.hasEscapes else {
            datum.append(zigzag: Int64(slice.count))
            datum.append(reader.raw(slice))
            return
        }
        let gap = 10
        datum.appendRaw(room: gap + slice.count) { target in
            guard let base = target.baseAddress else { return 0 }
            let count = reader.unescape(slice, into: base + gap)
            var rest = ZigZag.encode(Int64(count))
            var written = 0
            while rest >= 0x80 {
                base.storeBytes(of: UInt8(truncatingIfNeeded: rest) | 0x80, toByteOffset: written, as: UInt8.self)
                rest &>>= 7
                written += 1
            }
            base.storeBytes(of: UInt8(truncatingIfNeeded: rest), toByteOffset: written, as: UInt8.self)
            written += 1
            (base + written).copyMemory(from: base + gap, byteCount: count)
            return written + count
        }
    }

    private func index(of slice: JSONReader.Slice, in names: NameTable, _ reader: JSONReader) -> Int? {
        guard slice.hasEscapes else { return names.index(of: reader.raw(slice)) }
        return Array(reader.text(slice).utf8).withUnsafeBytes { names.index(of: $0) }
    }

    private static func wrong(_ token: JSONReader.Token, _ node: AvroShape.Node) -> AvroError {
        let found =
            switch token {
            case .beginObject: "object"
            case .beginArray: "array"
            case .string: "text"
            case .integer: "number"
            case .decimal: "number with a fraction or exponent"
            case .bool: "boolean"
            case .null: "null"
            case .name, .endObject, .endArray, .end: "nothing"
            }
        return .mismatch(path: "", .wrongType(expected: node.typeName, found: found))
    }
}

extension AvroShape.Node {
    fileprivate var isObject: Bool {
        switch kind {
        case .record, .map: true
        case .null, .boolean, .int, .long, .float, .double, .bytes, .string, .fixed, .enumeration, .array, .union:
            false
        }
    }
}
