internal import Bytes

extension JSONValue {
    /// Reads one JSON text (RFC 8259), strictly: duplicate names, invalid UTF-8, lone surrogates and trailing bytes are
    /// refused. Names are compared byte for byte (§8.3).
    ///
    /// - Parameter depthLimit: Levels of arrays and objects accepted, at most 128.
    /// - Throws: what is wrong, with its line and column.
    /// - Complexity: linear in the text.
    package static func parse(_ bytes: UnsafeRawBufferPointer, depthLimit: Int = 128) throws(JSONError) -> JSONValue {
        var reader = JSONReader(bytes, depthLimit: depthLimit)
        let value = try read(try reader.next(), from: &reader)
        _ = try reader.next()
        return value
    }

    /// Reads one JSON text, as ``parse(_:depthLimit:)`` of raw bytes does.
    package static func parse(_ bytes: [UInt8], depthLimit: Int = 128) throws(JSONError) -> JSONValue {
        let result: Result<JSONValue, JSONError> = bytes.withUnsafeBytes { bytes in
            Result { () throws(JSONError) in try parse(bytes, depthLimit: depthLimit) }
        }
        return try result.get()
    }

    /// Reads one JSON text, as ``parse(_:depthLimit:)`` of raw bytes does.
    package static func parse(_ text: String, depthLimit: Int = 128) throws(JSONError) -> JSONValue {
        try parse(Array(text.utf8), depthLimit: depthLimit)
    }

    // Recursion is bounded by the reader's depth limit.
    private static func read(_ token: JSONReader.Token, from reader: inout JSONReader) throws(JSONError) -> JSONValue {
        switch token {
        case .null: return .null
        case .bool(let value): return .bool(value)
        case .string(let slice): return .string(reader.text(slice))
        case .integer(let slice), .decimal(let slice): return .number(JSONNumber(checked: reader.text(slice)))
        case .beginArray:
            var elements: [JSONValue] = []
            while true {
                let token = try reader.next()
                if token == .endArray { return .array(elements) }
                elements.append(try read(token, from: &reader))
            }
        case .beginObject:
            return .object(try readObject(from: &reader))
        case .name, .endArray, .endObject, .end:
            preconditionFailure("the reader hands out a value where the grammar wants one")
        }
    }

    private static func readObject(from reader: inout JSONReader) throws(JSONError) -> JSONObject {
        var members: [JSONObject.Member] = []
        // Few members: compare them all. Many: a set, whose hashing is seeded per process, so nobody can choose clashes.
        var names: Set<[UInt8]> = []
        while case .name(let slice) = try reader.next() {
            let name = reader.text(slice)
            let isDuplicate: Bool
            if members.count < 8 {
                isDuplicate = members.contains { $0.name.isIdentical(to: name) }
            } else {
                if names.isEmpty { names = Set(members.map { Array($0.name.utf8) }) }
                isDuplicate = !names.insert(Array(name.utf8)).inserted
            }
            guard !isDuplicate else { throw .duplicateName(name, reader.place(slice.offset - 1)) }
            members.append(JSONObject.Member(name: name, value: try read(try reader.next(), from: &reader)))
        }
        return JSONObject(unique: members)
    }
}
