import Bytes
import JSON
import JSONSchema
import Regex
import Testing

/// A schema and what it makes of texts.
struct Judge {
    let schema: JSONSchema
    private let walker = JSONWalker()
    private let matcher: PatternMatcher

    init(_ schema: JSONSchema) {
        self.schema = schema
        guard let matcher = try? PatternMatcher() else { preconditionFailure("there is memory") }
        self.matcher = matcher
    }

    init(_ schema: String) throws(JSONSchemaError) { self.init(try JSONSchema.parse(schema)) }

    /// Nil when the text conforms, else why it does not.
    func fault(_ text: String) -> JSONEventFault? {
        Array(text.utf8).withUnsafeBytes { bytes in
            guard walker.read(bytes), walker.judge(schema, matcher) else { return walker.fault }
            return nil
        }
    }

    func accepts(_ text: String) -> Bool { fault(text) == nil }
}

/// The problems for which a schema is refused; empty when it is not.
func problems(_ schema: String) -> [String] {
    do throws(JSONSchemaError) {
        _ = try JSONSchema.parse(schema)
        return []
    } catch {
        guard case .refused(let problems) = error else { return ["\(error)"] }
        return problems.map(\.description)
    }
}
