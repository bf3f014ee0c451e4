internal import Bytes
internal import JSON
internal import Regex

/// Turns a schema's JSON into nodes.
///
/// First every subschema becomes a node, in the order of the text, and its JSON pointer is remembered; then references are
/// resolved among those pointers; then it is checked that no schema judges a value by judging it again, endlessly or too often.
struct SchemaCompiler {
    private(set) var nodes: [SchemaNode] = []
    private(set) var problems: [JSONSchemaError.Problem] = []
    private(set) var dialect = JSONSchema.Dialect.draft2020
    /// The values that the schema names, as one JSON array, and its tape.
    private(set) var constantText = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    private(set) var constantTape = JSONTape()

    private var constants: [JSONValue] = []
    private var byPointer: [[UInt8]: SchemaNode.Index] = [:]  // bytes: texts that only look alike are two places
    private var references: [(node: SchemaNode.Index, target: String, pointer: String)] = []
    private var identifier = ""
    private var isTooLarge = false

    /// Keywords that say something about a schema and nothing about values. `format` is one of them: that is its meaning unless
    /// a vocabulary says otherwise (JSON Schema 2020-12, Validation §7.2).
    private static let annotations: Set<String> = [
        "$comment", "title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly", "format",
        "contentEncoding", "contentMediaType", "contentSchema",
    ]

    private static let keywords: Set<String> = [
        "$schema", "$id", "$ref", "$defs", "definitions", "type", "enum", "const", "multipleOf", "minimum", "maximum",
        "exclusiveMinimum", "exclusiveMaximum", "minLength", "maxLength", "pattern", "items", "minItems", "maxItems",
        "uniqueItems", "contains", "properties", "patternProperties", "additionalProperties", "propertyNames",
        "minProperties", "maxProperties", "required", "allOf", "anyOf", "oneOf", "not", "if", "then", "else",
    ]

    private var dialectKeywords: Set<String> {
        switch dialect {
        case .draft7: ["additionalItems", "dependencies"]
        case .draft2019: ["additionalItems", "minContains", "maxContains", "dependentRequired", "dependentSchemas"]
        case .draft2020: ["prefixItems", "minContains", "maxContains", "dependentRequired", "dependentSchemas"]
        }
    }

    /// Compiles the whole; of use only if `problems` is empty afterwards.
    mutating func compile(_ json: JSONValue) -> SchemaNode.Index {
        readDialect(json)
        let root = schema(json, "")
        guard problems.isEmpty else { return root }
        resolveReferences()
        guard problems.isEmpty else { return root }
        checkNesting()
        guard problems.isEmpty else { return root }
        writeConstants()
        return root
    }

    private mutating func refuse(_ pointer: String, _ rule: String) {
        problems.append(JSONSchemaError.Problem(pointer: pointer, rule: rule))
    }

    private mutating func readDialect(_ json: JSONValue) {
        guard let stated = json["$schema"] else { return }
        let uri = stated.string.map { $0.hasSuffix("#") ? String($0.dropLast()) : $0 }
        guard let dialect = uri.flatMap(JSONSchema.Dialect.init) else {
            let known = JSONSchema.Dialect.allCases.map(\.rawValue).joined(separator: ", ")
            refuse("/$schema", "must be one of \(known)")
            return
        }
        self.dialect = dialect
    }

    // MARK: - One schema

    private mutating func schema(_ json: JSONValue, _ pointer: String) -> SchemaNode.Index {
        let index = SchemaNode.Index(nodes.count)
        guard nodes.count < JSONSchema.nodeLimit else {
            if !isTooLarge { refuse(pointer, "is one schema too many: \(JSONSchema.nodeLimit) are allowed") }
            isTooLarge = true
            return 0
        }
        nodes.append(SchemaNode(place: pointer))
        byPointer[Array(pointer.utf8)] = index
        switch json {
        case .bool(let allows):
            if !allows { (nodes[Int(index)].types, nodes[Int(index)].narrowTypes) = ([], []) }
        case .object(let object):
            nodes[Int(index)] = node(object, index, pointer)
        case .null, .number, .string, .array:
            refuse(pointer, "must be a schema: an object or a boolean")
        }
        return index
    }

    private mutating func node(_ object: JSONObject, _ index: SchemaNode.Index, _ pointer: String) -> SchemaNode {
        checkKeywords(object, pointer)
        var node = SchemaNode(place: pointer)
        readTypes(object, pointer, &node)
        node.number = numberRules(object, pointer)
        node.string = stringRules(object, pointer)
        node.array = arrayRules(object, pointer)
        node.object = objectRules(object, pointer)
        node.logic = logicRules(object, pointer)
        if let reference = object["$ref"] { refer(reference, index, "\(pointer)/$ref") }
        for name in ["$defs", "definitions"] { _ = schemas(object, name, pointer) }
        return node
    }

    private mutating func checkKeywords(_ object: JSONObject, _ pointer: String) {
        let own = dialectKeywords
        for name in object.names where !Self.annotations.contains(name) {
            let place = "\(pointer)/\(Self.escaped(name))"
            guard Self.keywords.contains(name) || own.contains(name) else {
                refuse(place, rule(ofUnknown: name))
                continue
            }
            if pointer.isEmpty {
                if name == "$id" {
                    identifier = object[name]?.string ?? ""
                    if object[name]?.string == nil { refuse(place, "must be a string") }
                }
            } else if name == "$id" || name == "$schema" {
                refuse(place, "is supported only at the top of the schema")
            }
            // Draft-07 ignores what stands beside a reference; nobody shall believe that it counts.
            if dialect == .draft7, object["$ref"] != nil,
                !["$ref", "$schema", "$id", "$defs", "definitions"].contains(name)
            {
                refuse(place, "has no effect beside $ref in draft-07: put both into allOf")
            }
        }
        for (name, needs) in [("then", "if"), ("else", "if"), ("minContains", "contains"), ("maxContains", "contains")]
        where object[name] != nil && object[needs] == nil {
            refuse("\(pointer)/\(name)", "has no effect without \(needs)")
        }
    }

    private func rule(ofUnknown name: String) -> String {
        switch (name, dialect) {
        case ("prefixItems", .draft7), ("prefixItems", .draft2019):
            "is not a keyword of this version of JSON Schema: use items with a list"
        case ("additionalItems", .draft2020):
            "is not a keyword of this version of JSON Schema: use prefixItems and items"
        case ("dependencies", .draft2019), ("dependencies", .draft2020):
            "is not a keyword of this version of JSON Schema: use dependentRequired or dependentSchemas"
        case ("dependentRequired", .draft7), ("dependentSchemas", .draft7):
            "is not a keyword of draft-07: use dependencies"
        case (_, _): "is not supported"
        }
    }

    private mutating func readTypes(_ object: JSONObject, _ pointer: String, _ node: inout SchemaNode) {
        if let stated = object["type"] {
            let words = stated.string.map { [$0] } ?? stated.array?.compactMap(\.string) ?? []
            let types = words.compactMap { JSONTypes(word: $0) }
            if types.isEmpty || types.count != stated.array?.count ?? 1 || Set(words).count != words.count {
                refuse("\(pointer)/type", "must be the name of a JSON type or a list of different ones")
            }
            node.types = types.reduce([]) { $0.union($1) }
            node.narrowTypes = node.types
        }
        if let stated = object["enum"] {
            let values = stated.array ?? []
            if values.isEmpty { refuse("\(pointer)/enum", "must be a list of at least one value") }
            node.choices.append(choice(values, isConst: false))
            node.narrowTypes.formIntersection(values.reduce([]) { $0.union(JSONTypes(of: $1)) })
        }
        if let value = object["const"] {
            node.choices.append(choice([value], isConst: true))
            node.narrowTypes.formIntersection(JSONTypes(of: value))
        }
    }

    // MARK: - By type

    private mutating func numberRules(_ object: JSONObject, _ pointer: String) -> SchemaNode.NumberRules? {
        let minimum = limit(object, "minimum", pointer)
        let maximum = limit(object, "maximum", pointer)
        let above = limit(object, "exclusiveMinimum", pointer)
        let below = limit(object, "exclusiveMaximum", pointer)
        var divisor: ExactNumber.Divisor?
        if let stated = object["multipleOf"] {
            let text = Array((stated.number?.text ?? "0").utf8)
            divisor = text.withUnsafeBytes { ExactNumber($0).divisor }
            if divisor == nil { refuse("\(pointer)/multipleOf", "must be a number above zero of at most 18 digits") }
        }
        guard minimum != nil || maximum != nil || above != nil || below != nil || divisor != nil else { return nil }
        return SchemaNode.NumberRules(
            minimum: minimum, maximum: maximum, above: above, below: below, multipleOf: divisor)
    }

    private mutating func stringRules(_ object: JSONObject, _ pointer: String) -> SchemaNode.StringRules? {
        guard object["minLength"] != nil || object["maxLength"] != nil || object["pattern"] != nil else { return nil }
        var pattern: Pattern?
        if let stated = object["pattern"] {
            if let text = stated.string {
                pattern = self.pattern(text, "\(pointer)/pattern")
            } else {
                refuse("\(pointer)/pattern", "must be a string")
            }
        }
        return SchemaNode.StringRules(
            minLength: count(object, "minLength", pointer) ?? 0, maxLength: count(object, "maxLength", pointer) ?? .max,
            pattern: pattern)
    }

    private mutating func arrayRules(_ object: JSONObject, _ pointer: String) -> SchemaNode.ArrayRules? {
        let names: Set<String> = [
            "items", "prefixItems", "additionalItems", "contains", "minItems", "maxItems", "uniqueItems",
        ]
        guard object.names.contains(where: names.contains) else { return nil }
        var first: [SchemaNode.Index] = []
        var rest: SchemaNode.Index?
        if dialect == .draft2020 {
            if let stated = object["prefixItems"] { first = list(stated, "\(pointer)/prefixItems") }
            if let stated = object["items"] {
                if stated.array != nil {
                    refuse("\(pointer)/items", "must be a schema in 2020-12: use prefixItems for a list")
                } else {
                    rest = schema(stated, "\(pointer)/items")
                }
            }
        } else if let stated = object["items"] {
            if stated.array != nil {
                first = list(stated, "\(pointer)/items")
                rest = subschema(object, "additionalItems", pointer)
            } else {
                rest = schema(stated, "\(pointer)/items")
                if object["additionalItems"] != nil {
                    refuse("\(pointer)/additionalItems", "has no effect unless items is a list")
                }
            }
        } else if object["additionalItems"] != nil {
            refuse("\(pointer)/additionalItems", "has no effect unless items is a list")
        }
        return SchemaNode.ArrayRules(
            first: first, rest: rest, contains: subschema(object, "contains", pointer),
            minContains: count(object, "minContains", pointer) ?? 1,
            maxContains: count(object, "maxContains", pointer) ?? .max,
            minItems: count(object, "minItems", pointer) ?? 0, maxItems: count(object, "maxItems", pointer) ?? .max,
            isUnique: flag(object, "uniqueItems", pointer))
    }

    private mutating func objectRules(_ object: JSONObject, _ pointer: String) -> SchemaNode.ObjectRules? {
        let keywords: Set<String> = [
            "properties", "patternProperties", "additionalProperties", "propertyNames", "minProperties",
            "maxProperties", "required", "dependentRequired", "dependentSchemas", "dependencies",
        ]
        guard object.names.contains(where: keywords.contains) else { return nil }
        var names: [String] = []
        var indices: [[UInt8]: Int] = [:]
        func index(of name: String) -> Int {
            if let known = indices[Array(name.utf8)] { return known }
            indices[Array(name.utf8)] = names.count
            names.append(name)
            return names.count - 1
        }
        let properties = schemas(object, "properties", pointer).map { (index(of: $0.name), $0.node) }
        var patterns: [(pattern: Pattern, node: SchemaNode.Index)] = []
        for (name, node) in schemas(object, "patternProperties", pointer) {
            let place = "\(pointer)/patternProperties/\(Self.escaped(name))"
            if let pattern = pattern(name, place) { patterns.append((pattern, node)) }
        }
        let required = object["required"].map { texts($0, "\(pointer)/required").map(index) } ?? []
        var dependentRequired: [(name: Int, needs: [Int])] = []
        var dependentSchemas = schemas(object, "dependentSchemas", pointer).map {
            (name: index(of: $0.name), node: $0.node)
        }
        for keyword in ["dependentRequired", "dependencies"] {
            guard let stated = object[keyword] else { continue }
            guard let members = stated.object?.members else {
                refuse("\(pointer)/\(keyword)", "must be an object")
                continue
            }
            for member in members {
                let place = "\(pointer)/\(keyword)/\(Self.escaped(member.name))"
                if keyword == "dependencies", member.value.array == nil {
                    dependentSchemas.append((index(of: member.name), schema(member.value, place)))
                } else {
                    dependentRequired.append((index(of: member.name), texts(member.value, place).map(index)))
                }
            }
        }
        var byName = [SchemaNode.Index](repeating: -1, count: names.count)
        for (name, node) in properties { byName[name] = node }
        return SchemaNode.ObjectRules(
            names: names, properties: byName, patterns: patterns,
            additional: subschema(object, "additionalProperties", pointer),
            propertyNames: subschema(object, "propertyNames", pointer), required: required,
            dependentRequired: dependentRequired, dependentSchemas: dependentSchemas,
            minProperties: count(object, "minProperties", pointer) ?? 0,
            maxProperties: count(object, "maxProperties", pointer) ?? .max)
    }

    private mutating func logicRules(_ object: JSONObject, _ pointer: String) -> SchemaNode.LogicRules? {
        func isGiven(_ name: String) -> Bool { object[name] != nil }
        guard ["$ref", "allOf", "anyOf", "oneOf", "not", "if"].contains(where: isGiven) else { return nil }
        func branches(_ name: String, _ compiler: inout SchemaCompiler) -> [SchemaNode.Index] {
            object[name].map { compiler.list($0, "\(pointer)/\(name)") } ?? []
        }
        return SchemaNode.LogicRules(
            all: branches("allOf", &self), any: branches("anyOf", &self), one: branches("oneOf", &self),
            not: subschema(object, "not", pointer), condition: subschema(object, "if", pointer),
            then: subschema(object, "then", pointer), otherwise: subschema(object, "else", pointer))
    }

    // MARK: - Parts

    private mutating func subschema(_ object: JSONObject, _ name: String, _ pointer: String) -> SchemaNode.Index? {
        object[name].map { schema($0, "\(pointer)/\(name)") }
    }

    private mutating func list(_ json: JSONValue, _ pointer: String) -> [SchemaNode.Index] {
        guard let elements = json.array, !elements.isEmpty else {
            refuse(pointer, "must be a list of at least one schema")
            return []
        }
        return elements.enumerated().map { schema($1, "\(pointer)/\($0)") }
    }

    private mutating func schemas(
        _ object: JSONObject, _ keyword: String, _ pointer: String
    ) -> [(name: String, node: SchemaNode.Index)] {
        guard let stated = object[keyword] else { return [] }
        guard let members = stated.object?.members else {
            refuse("\(pointer)/\(keyword)", "must be an object of schemas")
            return []
        }
        return members.map { ($0.name, schema($0.value, "\(pointer)/\(keyword)/\(Self.escaped($0.name))")) }
    }

    private mutating func texts(_ json: JSONValue, _ pointer: String) -> [String] {
        let texts = json.array?.compactMap(\.string) ?? []
        if json.array == nil || texts.count != json.array?.count
            || Set(texts.map { Array($0.utf8) }).count != texts.count
        {
            refuse(pointer, "must be a list of different strings")
        }
        return texts
    }

    private mutating func count(_ object: JSONObject, _ name: String, _ pointer: String) -> Int? {
        guard let stated = object[name] else { return nil }
        guard let value = stated.int64, value >= 0 else {
            refuse("\(pointer)/\(name)", "must be a whole number from 0 on")
            return nil
        }
        return Int(value)
    }

    private mutating func flag(_ object: JSONObject, _ name: String, _ pointer: String) -> Bool {
        guard let stated = object[name] else { return false }
        if stated.bool == nil { refuse("\(pointer)/\(name)", "must be true or false") }
        return stated.bool ?? false
    }

    private mutating func limit(_ object: JSONObject, _ name: String, _ pointer: String) -> SchemaNode.Constant? {
        guard let stated = object[name] else { return nil }
        if stated.number == nil { refuse("\(pointer)/\(name)", "must be a number") }
        return constant(stated)
    }

    private mutating func pattern(_ text: String, _ pointer: String) -> Pattern? {
        do throws(RegexError) {
            return try Pattern(text)
        } catch {
            refuse(pointer, "is refused: \(error)")
            return nil
        }
    }

    private mutating func choice(_ values: [JSONValue], isConst: Bool) -> SchemaNode.Choice {
        SchemaNode.Choice(
            texts: NameTable(values.compactMap(\.string)),
            others: values.filter { $0.string == nil }.map { constant($0) }, isConst: isConst)
    }

    private mutating func constant(_ value: JSONValue) -> SchemaNode.Constant {
        constants.append(value)
        return SchemaNode.Constant(constants.count - 1)
    }

    // MARK: - References

    private mutating func refer(_ reference: JSONValue, _ node: SchemaNode.Index, _ pointer: String) {
        guard let text = reference.string else { return refuse(pointer, "must be a string") }
        var fragment = Substring(text)
        if !identifier.isEmpty, !fragment.hasPrefix("#") {
            let base = identifier.hasSuffix("#") ? String(identifier.dropLast()) : identifier
            if fragment.hasPrefix(base) { fragment = fragment.dropFirst(base.count) }
            if fragment.isEmpty { fragment = "#" }
        }
        guard fragment == "#" || fragment.utf8.starts(with: "#/".utf8),
            let target = Self.unescapedFragment(fragment.dropFirst())
        else {
            return refuse(
                pointer,
                "must point into the same schema, such as #/$defs/name: other documents and anchors are not supported")
        }
        references.append((node, target, pointer))
    }

    /// RFC 6901 §6: a fragment is percent-encoded UTF-8. Nil if it is not.
    private static func unescapedFragment(_ fragment: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = fragment.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let code = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16), rest.count >= 2 else {
                return nil
            }
            bytes.append(code)
            rest = rest.dropFirst(2)
        }
        return String(validating: bytes, as: UTF8.self)
    }

    /// A name as a step of a JSON pointer (RFC 6901 §3).
    private static func escaped(_ name: String) -> String {
        var step = ""
        for scalar in name.unicodeScalars {
            switch scalar {
            case "~": step += "~0"
            case "/": step += "~1"
            case _: step.unicodeScalars.append(scalar)
            }
        }
        return step
    }

    private mutating func resolveReferences() {
        for (node, target, pointer) in references {
            guard let found = byPointer[Array(target.utf8)] else {
                refuse(pointer, "points to '\(shownName(target, limit: 120))', where no schema stands")
                continue
            }
            guard let logic = nodes[Int(node)].logic else { continue }
            nodes[Int(node)].logic = SchemaNode.LogicRules(
                all: [found] + logic.all, any: logic.any, one: logic.one, not: logic.not, condition: logic.condition,
                then: logic.then, otherwise: logic.otherwise)
        }
    }

    /// Refuses schemas that would judge one value endlessly, too deeply, or too often.
    private mutating func checkNesting() {
        var depths = [Int](repeating: -1, count: nodes.count)  // -2: being looked at
        var sizes = [Int](repeating: 0, count: nodes.count)
        // Depth first without recursion: references make chains as long as the schema.
        for start in nodes.indices where depths[start] < 0 {
            var stack: [(node: Int, next: Int)] = [(start, 0)]
            depths[start] = -2
            while let (node, next) = stack.last {
                let children = nodes[node].inPlace
                guard next < children.count else {
                    depths[node] = 1 + (children.map { depths[Int($0)] }.max() ?? 0)
                    sizes[node] = children.reduce(1) { min(JSONSchema.unfoldedLimit * 2, $0 + sizes[Int($1)]) }
                    stack.removeLast()
                    continue
                }
                stack[stack.count - 1].next += 1
                let child = Int(children[next])
                if depths[child] == -2 {
                    return refuse(nodes[child].place, "applies itself to the same value, without end")
                }
                if depths[child] == -1 {
                    depths[child] = -2
                    stack.append((child, 0))
                }
            }
        }
        if let node = depths.indices.first(where: { depths[$0] > JSONSchema.nestingLimit }) {
            refuse(
                nodes[node].place,
                "applies more than \(JSONSchema.nestingLimit) schemas one inside the other to one value")
        }
        if let node = sizes.indices.first(where: { sizes[$0] > JSONSchema.unfoldedLimit }) {
            refuse(nodes[node].place, "applies more than \(JSONSchema.unfoldedLimit) schemas to one value")
        }
    }

    // MARK: - Constants

    /// Writes the constants as one text and replaces their numbers by their places on its tape.
    private mutating func writeConstants() {
        let text = JSONValue.array(constants).bytes()
        constantText = .allocate(byteCount: text.count, alignment: 8)
        constantText.copyBytes(from: text)
        do throws(JSONError) {
            try constantTape.read(UnsafeRawBufferPointer(constantText))
        } catch {
            constantText.deallocate()
            return refuse("", "has values with more than 127 levels")
        }
        var places: [SchemaNode.Constant] = []
        let view = constantTape.view
        var place: Int32 = 1
        for _ in constants {
            places.append(place)
            place = view[place].next
        }
        for index in nodes.indices {
            nodes[index].choices = nodes[index].choices.map { choice in
                SchemaNode.Choice(
                    texts: choice.texts, others: choice.others.map { places[Int($0)] }, isConst: choice.isConst)
            }
            guard let number = nodes[index].number else { continue }
            func placed(_ constant: SchemaNode.Constant?) -> SchemaNode.Constant? { constant.map { places[Int($0)] } }
            nodes[index].number = SchemaNode.NumberRules(
                minimum: placed(number.minimum), maximum: placed(number.maximum), above: placed(number.above),
                below: placed(number.below), multipleOf: number.multipleOf)
        }
    }
}
