package import Faults
package import JSON

/// Why a text cannot be used as a JSON Schema.
package enum JSONSchemaError: Fault, Equatable, CustomStringConvertible {
    /// The schema's text is not JSON.
    case notJSON(JSONError)
    /// The schema breaks rules of JSON Schema or ours, or uses what is not supported. At least one problem.
    case refused([Problem])

    /// One reason, with its place.
    package struct Problem: Sendable, Equatable, CustomStringConvertible {
        /// JSON pointer (RFC 6901) to the keyword; empty for the whole schema.
        package let pointer: String
        /// Words that follow the pointer.
        package let rule: String

        /// "'/properties/email/unevaluatedItems' is not supported".
        package var description: String { "'\(pointer)' \(rule)" }
    }

    /// One line with every place and rule.
    package var description: String {
        switch self {
        case .notJSON(let error): "not valid JSON: \(error)"
        case .refused(let problems): problems.map(\.description).joined(separator: "; ")
        }
    }

    /// The author of the schema.
    package var blame: Blame { .caller }
    /// The same text fails again.
    package var retry: Retry { .never }
}

/// Why an event does not conform to its schema. Never holds a value of the event: that may be personal data.
package enum JSONEventFault: Error, Equatable, CustomStringConvertible {
    /// The event's text is not JSON.
    case notJSON(JSONError)
    /// A value breaks the schema. `path` leads to it, names and list indices joined with `/`.
    case mismatch(path: String, rule: String)

    /// One line that names the place and the rule.
    package var description: String {
        switch self {
        case .notJSON(let error): "invalid JSON: \(error)"
        case .mismatch(let path, let rule):
            path.isEmpty ? "event does not fit the schema: \(rule)" : "field '\(path)': \(rule)"
        }
    }
}
