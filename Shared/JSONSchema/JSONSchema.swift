package import JSON

/// A JSON Schema (draft-07, 2019-09 or 2020-12), compiled once, for judging events.
///
/// Every keyword is either enforced, an annotation, or the reason why the schema is refused: none is silently ignored.
///
/// - Isolation: immutable once made, shared by all loops; judging needs a ``JSONWalker`` each.
package final class JSONSchema: @unchecked Sendable {
    // `@unchecked`: the node memory is written in `init` only; the tape is read once, there.

    /// The members of the schema's own text that only tell which version of JSON Schema it is written for.
    package enum Dialect: String, Sendable, CaseIterable {
        case draft7 = "http://json-schema.org/draft-07/schema"
        case draft2019 = "https://json-schema.org/draft/2019-09/schema"
        case draft2020 = "https://json-schema.org/draft/2020-12/schema"
    }

    /// Schemas in a schema, references not unfolded.
    package static let nodeLimit = 65_536
    /// Schemas that judge one value one inside the other: `$ref`, `allOf`, `if`, …
    static let nestingLimit = 64
    /// Schemas that may judge one value in all, references unfolded.
    static let unfoldedLimit = 4096

    /// Which version of JSON Schema.
    package let dialect: Dialect
    let nodes: UnsafeMutablePointer<SchemaNode>
    let nodeCount: Int
    let root: SchemaNode.Index
    /// The values that `enum`, `const` and limits name.
    let constants: JSONTape
    private let constantText: UnsafeMutableRawBufferPointer

    /// Compiles a schema.
    ///
    /// - Throws: `refused`, with every problem that was found, fifty at most.
    package init(_ json: JSONValue) throws(JSONSchemaError) {
        var compiler = SchemaCompiler()
        root = compiler.compile(json)
        guard compiler.problems.isEmpty else { throw .refused(Array(compiler.problems.prefix(50))) }
        dialect = compiler.dialect
        nodeCount = compiler.nodes.count
        nodes = .allocate(capacity: compiler.nodes.count)
        nodes.initialize(from: compiler.nodes, count: compiler.nodes.count)
        constantText = compiler.constantText
        constants = compiler.constantTape
    }

    /// Reads and compiles a schema's text.
    package static func parse(_ text: String) throws(JSONSchemaError) -> JSONSchema {
        let json: JSONValue
        do throws(JSONError) { json = try JSONValue.parse(text) } catch { throw .notJSON(error) }
        return try JSONSchema(json)
    }

    deinit {
        nodes.deinitialize(count: nodeCount)
        nodes.deallocate()
        constantText.deallocate()
    }
}
