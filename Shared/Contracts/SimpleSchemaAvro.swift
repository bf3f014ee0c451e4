package import API
package import GRPC
package import JSON
package import Wire

/// Turns a simple schema (a tree of typed nodes) into an Avro schema.
///
/// | node | Avro |
/// |---|---|
/// | STRING, BOOLEAN, FLOAT, INTEGER, LONG | string, boolean, float (32 bits), int, long |
/// | NODE | a record, named after the node, in the namespace of its parent and itself |
/// | required | the plain type |
/// | not required | `["null", T]` with default null |
/// | repeated | an array of T; not required: `["null", array of T]` |
///
/// The first field is `strmMeta`. A name that Avro allows is kept; any other is cut at every character outside
/// `[A-Za-z0-9]`, the parts joined with the first letter in upper and the rest in lower case: `Prijs in GB£` → `PrijsInGb`.
package enum SimpleSchemaAvro {
    /// The Avro schema of a simple schema.
    ///
    /// - Parameters:
    ///   - ref: The contract; the namespace is made from it if the schema has none.
    ///   - path: Where the simple schema stands, for problems.
    ///   - problems: Gets every rule that is broken; the schema is then of no use.
    package static func definition(
        of schema: SimpleSchema, for ref: ContractRef, at path: DocumentPath = DocumentPath(),
        problems: inout [SpecProblem]
    ) -> JSONValue {
        let schema = named(schema, for: ref)
        var fields = [strmMeta(in: schema.namespace)]
        fields += self.fields(of: schema.nodes, in: schema.namespace, at: path, isTop: true, problems: &problems)
        var record: JSONObject = [
            "type": "record", "name": .string(schema.avroName), "namespace": .string(schema.namespace),
        ]
        if !schema.doc.isEmpty { record["doc"] = .string(schema.doc) }
        record["fields"] = .array(fields)
        return .object(record)
    }

    /// The same simple schema with every Avro name and the namespace filled in.
    package static func named(_ schema: SimpleSchema, for ref: ContractRef) -> SimpleSchema {
        var schema = schema
        if schema.avroName.isEmpty { schema.avroName = avroName(schema.name) }
        if schema.namespace.isEmpty {
            let version = ref.version.replacing(".", with: "_")
            schema.namespace = "\(avroName(ref.handle)).\(avroName(ref.name)).v\(version)"
        }
        schema.nodes = schema.nodes.map(named)
        return schema
    }

    private static func named(_ node: SimpleSchemaNode) -> SimpleSchemaNode {
        var node = node
        if node.avroName.isEmpty { node.avroName = avroName(node.name) }
        node.nodes = node.nodes.map(named)
        return node
    }

    /// The Avro name made from a name for people; empty if nothing is left of it.
    package static func avroName(_ name: String) -> String {
        if TextRule.isAvroName(name) { return name }
        var result = ""
        var isPartStart = true
        for scalar in name.unicodeScalars {
            guard isLetterOrDigit(scalar) else {
                isPartStart = true
                continue
            }
            let text = String(scalar)
            result += isPartStart ? text.uppercased() : text.lowercased()
            isPartStart = false
        }
        if let first = result.utf8.first, first <= UInt8(ascii: "9") { return "_" + result }
        return result
    }

    private static func isLetterOrDigit(_ scalar: Unicode.Scalar) -> Bool {
        ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || ("0"..."9").contains(scalar)
    }

    private static func fields(
        of nodes: [SimpleSchemaNode], in namespace: String, at path: DocumentPath, isTop: Bool,
        problems: inout [SpecProblem]
    ) -> [JSONValue] {
        var fields: [JSONValue] = []
        var names: Set<String> = isTop ? ["strmMeta"] : []
        for (index, node) in nodes.enumerated() {
            let place = path.appending(.member("nodes")).appending(.index(index))
            if node.avroName.isEmpty {
                problems.append(
                    SpecProblem(place.appending(.member("name")), "has no letter or digit for an Avro name"))
            } else if !names.insert(node.avroName).inserted {
                problems.append(
                    SpecProblem(
                        place.appending(.member("name")), "gives the Avro name \(node.avroName), which is taken already"
                    ))
            }
            fields.append(field(node, in: namespace, at: place, problems: &problems))
        }
        return fields
    }

    private static func field(
        _ node: SimpleSchemaNode, in namespace: String, at path: DocumentPath, problems: inout [SpecProblem]
    ) -> JSONValue {
        var type: JSONValue
        switch node.type {
        case .string: type = "string"
        case .boolean: type = "boolean"
        case .float: type = "float"
        case .integer: type = "int"
        case .long: type = "long"
        case .node:
            let name = node.avroName.prefix(1).uppercased() + node.avroName.dropFirst()
            let inside = "\(namespace).\(name.lowercased())"
            let fields = fields(of: node.nodes, in: inside, at: path, isTop: false, problems: &problems)
            type = ["type": "record", "name": .string(name), "namespace": .string(inside), "fields": .array(fields)]
        case .unspecified:
            problems.append(SpecProblem(path.appending(.member("type")), "must be set"))
            type = "null"
        }
        if node.repeated { type = ["type": "array", "items": type] }
        if !node.required { type = ["null", type] }
        var field: JSONObject = ["name": .string(node.avroName), "type": type]
        if !node.doc.isEmpty { field["doc"] = .string(node.doc) }
        if !node.required { field["default"] = .some(.null) }
        return .object(field)
    }

    private static func strmMeta(in namespace: String) -> JSONValue {
        func optional(_ name: String, _ type: JSONValue) -> JSONValue {
            ["name": .string(name), "type": ["null", type], "default": .null]
        }
        return [
            "name": "strmMeta",
            "type": [
                "type": "record", "name": "StrmMeta", "namespace": .string("\(namespace).strmmeta"),
                "fields": [
                    ["name": "eventContractRef", "type": "string"], optional("nonce", "int"),
                    optional("timestamp", "long"), optional("keyLink", "string"), optional("billingId", "string"),
                    ["name": "consentLevels", "type": ["type": "array", "items": "int"]],
                ],
            ],
        ]
    }
}
