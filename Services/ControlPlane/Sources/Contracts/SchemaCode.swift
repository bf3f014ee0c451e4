import API

/// A schema as a package for programmers: what it is called, and a zip file.
///
///     python-avro-<name>-<version>/README.md
///     python-avro-<name>-<version>/schema/schema.avsc          (schema.json for a JSON Schema)
///
/// Code is not generated here: every language has its own generator for Avro, and the read-me says which.
struct SchemaCode {
    /// `python-avro-demo-1.0.0.zip`
    let filename: String
    /// The file.
    let zip: [UInt8]

    init(_ schema: SchemaSpec, language: String) {
        let isAvro = schema.ref.schemaType != .jsonSchema
        let name = "\(language)-\(isAvro ? "avro" : "json")-\(schema.ref.name)-\(schema.ref.version)"
        let file = isAvro ? "schema.avsc" : "schema.json"
        let readMe = """
            # \(schema.ref.handle)/\(schema.ref.name)/\(schema.ref.version)

            The schema of this data contract is in `schema/\(file)`.

            \(isAvro ? Self.generator(language) : Self.jsonHint)

            Events say which contract they keep to in `strmMeta.eventContractRef`: `\(schema.ref.contractRef)`.
            Senders name the schema in the header `Strm-Schema-Ref`: `\(schema.ref.contractRef)`.

            """
        filename = "\(name).zip"
        var archive = StoredZip()
        archive.add("\(name)/README.md", Array(readMe.utf8))
        archive.add("\(name)/schema/\(file)", Array(schema.definition.utf8))
        zip = archive.finish()
    }

    private static let jsonHint = "Events are JSON objects that the schema describes."

    private static func generator(_ language: String) -> String {
        switch language {
        case "java":
            "Classes: `avro-tools compile schema schema/schema.avsc src/main/java`, or the plugin `avro-maven-plugin`."
        case "typescript": "Types: `npx avro-to-typescript compile schema src`, or read it at run time with `avsc`."
        case "python":
            "Classes: `avro-gen`, or read it at run time: `avro.schema.parse(open('schema/schema.avsc').read())`."
        case "rust": "Types: `rsgen-avro schema/schema.avsc src/event.rs`, or read it at run time with `apache-avro`."
        case _: "Any Avro library reads it."
        }
    }
}
