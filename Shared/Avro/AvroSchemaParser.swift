package import JSON

extension AvroSchema {
    /// Reads a schema from its JSON text.
    ///
    /// - Throws: `schemaNotJSON` or `invalidSchema`, with the path of the type or field.
    package static func parse(_ text: String) throws(AvroError) -> AvroSchema {
        let json: JSONValue
        do throws(JSONError) {
            json = try JSONValue.parse(text)
        } catch {
            throw .schemaNotJSON(error)
        }
        return try parse(json)
    }

    /// Reads a schema from its JSON value.
    ///
    /// - Throws: `invalidSchema`, with the path of the type or field.
    package static func parse(_ json: JSONValue) throws(AvroError) -> AvroSchema {
        var parser = AvroSchemaParser()
        let schema = try parser.schema(json, namespace: "", path: "")
        guard schema.depth <= AvroSchemaParser.depthLimit else { throw .invalidSchema(path: "", .tooDeep) }
        return schema
    }
}

/// Reads one schema text; remembers the named types met so far.
private struct AvroSchemaParser {
    /// Levels of types. References make a short text deep, and whoever walks a schema recurses.
    fileprivate static let depthLimit = 100
    private static let sizeLimit: Int64 = 1 << 20

    /// Named types that are complete, by full name.
    private var named: [String: AvroSchema] = [:]
    /// Named types whose definition is still being read: meeting one again means recursion.
    private var open: Set<String> = []

    mutating func schema(_ json: JSONValue, namespace: String, path: String) throws(AvroError) -> AvroSchema {
        switch json {
        case .string(let name):
            return try reference(name, namespace: namespace, path: path)
        case .array(let branches):
            return try union(branches, namespace: namespace, path: path)
        case .object(let object):
            return try definition(object, namespace: namespace, path: path)
        case .null, .bool, .number:
            throw .invalidSchema(path: path, .notASchema)
        }
    }

    private static func primitive(_ name: String) -> AvroSchema? {
        switch name {
        case "null": .null
        case "boolean": .boolean
        case "int": .int
        case "long": .long
        case "float": .float
        case "double": .double
        case "bytes": .bytes
        case "string": .string
        case _: nil
        }
    }

    private func reference(_ name: String, namespace: String, path: String) throws(AvroError) -> AvroSchema {
        if let primitive = Self.primitive(name) { return primitive }
        let qualified = name.contains(".") || namespace.isEmpty ? name : "\(namespace).\(name)"
        // A name without a namespace falls back to the null namespace, as the Java and Python readers allow.
        for candidate in [qualified, name] {
            if open.contains(candidate) { throw .invalidSchema(path: path, .recursive(candidate)) }
            if let schema = named[candidate] { return schema }
        }
        throw .invalidSchema(path: path, .unknownType(name))
    }

    private mutating func union(
        _ elements: [JSONValue], namespace: String, path: String
    ) throws(AvroError) -> AvroSchema {
        guard !elements.isEmpty else { throw .invalidSchema(path: path, .emptyUnion) }
        var branches: [AvroSchema] = []
        var names: Set<String> = []
        for element in elements {
            let branch = try schema(element, namespace: namespace, path: path)
            if case .union = branch { throw .invalidSchema(path: path, .nestedUnion) }
            guard names.insert(branch.branchName).inserted else {
                throw .invalidSchema(path: path, .duplicateBranch(branch.branchName))
            }
            branches.append(branch)
        }
        return .union(branches)
    }

    private mutating func definition(
        _ object: JSONObject, namespace: String, path: String
    ) throws(AvroError) -> AvroSchema {
        guard let type = object["type"] else { throw .invalidSchema(path: path, .missing("type")) }
        guard let kind = type.string else {
            // {"type": {"type": …}}: one more pair of braces says nothing more.
            return try schema(type, namespace: namespace, path: path)
        }
        switch kind {
        case "record":
            return try record(object, namespace: namespace, path: path)
        case "enum":
            return try enumeration(object, namespace: namespace, path: path)
        case "fixed":
            return try fixed(object, namespace: namespace, path: path)
        case "array":
            guard let items = object["items"] else { throw .invalidSchema(path: path, .missing("items")) }
            return .array(try schema(items, namespace: namespace, path: path))
        case "map":
            guard let values = object["values"] else { throw .invalidSchema(path: path, .missing("values")) }
            return .map(try schema(values, namespace: namespace, path: path))
        case _:
            return try reference(kind, namespace: namespace, path: path)
        }
    }

    /// The full name of a definition and the namespace that its inside inherits.
    private func name(
        of object: JSONObject, namespace: String, path: String
    ) throws(AvroError) -> (full: String, inside: String) {
        guard let name = object["name"]?.string else { throw .invalidSchema(path: path, .missing("name")) }
        let full: String
        if name.contains(".") {
            full = name
        } else {
            let own = object["namespace"]?.string ?? namespace
            full = own.isEmpty ? name : "\(own).\(name)"
        }
        let parts = full.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.allSatisfy({ AvroName.isValid($0) }) else { throw .invalidSchema(path: path, .invalidName(full)) }
        guard Self.primitive(full) == nil else { throw .invalidSchema(path: path, .invalidName(full)) }
        guard named[full] == nil, !open.contains(full) else {
            throw .invalidSchema(path: path, .duplicateName(full))
        }
        return (full, parts.dropLast().joined(separator: "."))
    }

    private mutating func record(
        _ object: JSONObject, namespace: String, path: String
    ) throws(AvroError) -> AvroSchema {
        let (full, inside) = try name(of: object, namespace: namespace, path: path)
        guard let elements = object["fields"]?.array else { throw .invalidSchema(path: path, .missing("fields")) }
        open.insert(full)
        var fields: [AvroField] = []
        var names: Set<String> = []
        for element in elements {
            guard let member = element.object, let name = member["name"]?.string else {
                throw .invalidSchema(path: path, .missing("name"))
            }
            let fieldPath = path.isEmpty ? name : "\(path)/\(name)"
            guard AvroName.isValid(name[...]) else { throw .invalidSchema(path: path, .invalidName(name)) }
            guard names.insert(name).inserted else { throw .invalidSchema(path: path, .duplicateField(name)) }
            guard let type = member["type"] else { throw .invalidSchema(path: fieldPath, .missing("type")) }
            let schema = try schema(type, namespace: inside, path: fieldPath)
            var defaultDatum: [UInt8]?
            if let value = member["default"] {
                guard let datum = AvroDefault.datum(of: value, schema) else {
                    throw .invalidSchema(path: fieldPath, .invalidDefault)
                }
                defaultDatum = datum
            }
            fields.append(
                AvroField(name: name, doc: member["doc"]?.string, schema: schema, defaultDatum: defaultDatum))
        }
        open.remove(full)
        let schema = AvroSchema.record(AvroRecord(fullName: full, doc: object["doc"]?.string, fields: fields))
        guard schema.depth <= Self.depthLimit else { throw .invalidSchema(path: path, .tooDeep) }
        named[full] = schema
        return schema
    }

    private mutating func enumeration(
        _ object: JSONObject, namespace: String, path: String
    ) throws(AvroError) -> AvroSchema {
        let (full, _) = try name(of: object, namespace: namespace, path: path)
        guard let elements = object["symbols"]?.array, !elements.isEmpty else {
            throw .invalidSchema(path: path, .missing("symbols"))
        }
        var symbols: [String] = []
        var seen: Set<String> = []
        for element in elements {
            guard let symbol = element.string, AvroName.isValid(symbol[...]) else {
                throw .invalidSchema(path: path, .invalidName(element.string ?? element.kindName))
            }
            guard seen.insert(symbol).inserted else { throw .invalidSchema(path: path, .duplicateSymbol(symbol)) }
            symbols.append(symbol)
        }
        let schema = AvroSchema.enumeration(AvroEnumeration(fullName: full, symbols: symbols))
        named[full] = schema
        return schema
    }

    private mutating func fixed(
        _ object: JSONObject, namespace: String, path: String
    ) throws(AvroError) -> AvroSchema {
        let (full, _) = try name(of: object, namespace: namespace, path: path)
        guard let size = object["size"]?.int64, size >= 0, size <= Self.sizeLimit else {
            throw .invalidSchema(path: path, .invalidSize)
        }
        let schema = AvroSchema.fixed(AvroFixed(fullName: full, size: Int(size)))
        named[full] = schema
        return schema
    }
}

/// The names that Avro allows.
package enum AvroName {
    /// True for `[A-Za-z_][A-Za-z0-9_]*`.
    package static func isValid(_ name: Substring) -> Bool {
        guard let first = name.utf8.first, !isDigit(first) else { return false }
        return name.utf8.allSatisfy { isDigit($0) || isLetter($0) || $0 == UInt8(ascii: "_") }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }

    private static func isLetter(_ byte: UInt8) -> Bool {
        let lower = byte | 0x20
        return lower >= UInt8(ascii: "a") && lower <= UInt8(ascii: "z")
    }
}
