package import Faults
package import JSON

/// What went wrong with a schema or with a datum. Never holds a value of the datum: that may be personal data.
package enum AvroError: Fault, Equatable, CustomStringConvertible {
    /// The schema's text is not JSON.
    case schemaNotJSON(JSONError)
    /// The schema breaks a rule of Avro, or one of ours. `path` leads to the type or field, segments joined with `/`.
    case invalidSchema(path: String, SchemaFault)
    /// The bytes are not a datum of the schema. `offset` counts bytes from the start of the datum.
    case malformedDatum(offset: Int, DatumFault)
    /// The event's text is not JSON.
    case eventNotJSON(JSONError)
    /// The JSON value does not fit the schema. `path` leads to the member, segments joined with `/`.
    case mismatch(path: String, ValueFault)

    /// What can be wrong with a schema.
    package enum SchemaFault: Sendable, Equatable {
        case unknownType(String)
        case notASchema
        case missing(String)
        case invalidName(String)
        case duplicateName(String)
        case duplicateField(String)
        case duplicateSymbol(String)
        case recursive(String)
        case nestedUnion
        case duplicateBranch(String)
        case emptyUnion
        case invalidSize
        case invalidDefault
        case tooDeep
        case tooLarge
    }

    /// What can be wrong with the bytes of a datum.
    package enum DatumFault: Sendable, Equatable {
        /// The datum ends inside a value, or a length says more than there is.
        case truncated
        /// A number takes more bytes than it needs, or more than its type has.
        case overlongNumber
        /// A length or a size below zero.
        case negativeLength
        /// A boolean that is neither 0 nor 1.
        case invalidBoolean
        /// A union branch or an enum symbol that does not exist.
        case noSuchBranch
        /// A string or a map key that is not UTF-8.
        case invalidUTF8
        /// A block that does not have the size it states, or a count that cannot be true.
        case invalidBlock
        /// Bytes after the end of the datum.
        case trailingBytes
    }

    /// What can be wrong with a JSON value.
    package enum ValueFault: Sendable, Equatable {
        /// The value has another type than the schema wants; both are named.
        case wrongType(expected: String, found: String)
        /// A required member is not there and has no default.
        case missing
        /// The schema has no such member.
        case unknownMember
        /// The member stands twice in its object.
        case duplicate
        /// A number outside the range of its type.
        case outOfRange(String)
        /// A text that is not a symbol of the enumeration.
        case unknownSymbol
        /// A text with characters above U+00FF, or of the wrong length, for a bytes or fixed value.
        case notBytes
        /// More than one branch of the union could hold the value, and it does not say which.
        case ambiguous
        /// The event would take more bytes than allowed, for example because of large defaults in many elements.
        case tooLarge
    }

    /// One line that names the place and the rule.
    package var description: String {
        switch self {
        case .schemaNotJSON(let error): "schema is not valid JSON: \(error)"
        case .invalidSchema(let path, let fault):
            path.isEmpty ? "invalid schema: \(fault.text)" : "invalid schema at '\(path)': \(fault.text)"
        case .malformedDatum(let offset, let fault): "invalid Avro at byte \(offset): \(fault.text)"
        case .eventNotJSON(let error): "invalid JSON: \(error)"
        case .mismatch(let path, let fault):
            path.isEmpty ? "value does not fit the schema: \(fault.text)" : "field '\(path)': \(fault.text)"
        }
    }

    /// The author of the schema or the event.
    package var blame: Blame { .caller }
    /// The same bytes fail again.
    package var retry: Retry { .never }

    /// The same error, seen from one level further out.
    func within(_ segment: @autoclosure () -> String) -> AvroError {
        switch self {
        case .mismatch(let path, let fault):
            .mismatch(path: path.isEmpty ? segment() : "\(segment())/\(path)", fault)
        case .schemaNotJSON, .invalidSchema, .malformedDatum, .eventNotJSON:
            self
        }
    }
}

extension AvroError.SchemaFault {
    var text: String {
        switch self {
        case .unknownType(let name): "unknown type '\(name)'"
        case .notASchema: "a schema is a name, an object or a list of schemas"
        case .missing(let name): "'\(name)' is missing or has the wrong type"
        case .invalidName(let name): "'\(name)' is not a valid name"
        case .duplicateName(let name): "type '\(name)' is defined twice"
        case .duplicateField(let name): "field '\(name)' appears twice"
        case .duplicateSymbol(let name): "symbol '\(name)' appears twice"
        case .recursive(let name): "type '\(name)' contains itself; recursive schemas are not supported"
        case .nestedUnion: "a union stands directly in a union"
        case .duplicateBranch(let name): "the union has two branches of type '\(name)'"
        case .emptyUnion: "the union has no branches"
        case .invalidSize: "'size' must be a whole number from 0 to 1048576"
        case .invalidDefault: "the default does not fit the type"
        case .tooDeep: "the schema has too many levels"
        case .tooLarge: "the schema is too large"
        }
    }
}

extension AvroError.DatumFault {
    var text: String {
        switch self {
        case .truncated: "the data end inside a value"
        case .overlongNumber: "over-long number"
        case .negativeLength: "negative length"
        case .invalidBoolean: "boolean that is neither 0 nor 1"
        case .noSuchBranch: "no such union branch or enum symbol"
        case .invalidUTF8: "string is not UTF-8"
        case .invalidBlock: "list or map block with a wrong size or count"
        case .trailingBytes: "bytes after the end of the event"
        }
    }
}

extension AvroError.ValueFault {
    var text: String {
        switch self {
        case .wrongType(let expected, let found): "\(expected) expected, \(found) found"
        case .missing: "required, but missing"
        case .unknownMember: "not in the schema"
        case .duplicate: "appears twice"
        case .outOfRange(let type): "number out of range for \(type)"
        case .unknownSymbol: "not a symbol of the enumeration"
        case .notBytes: "not a text of the right length with one byte per character"
        case .ambiguous: "the union has several branches for this value; wrap it as {\"<type>\": value}"
        case .tooLarge: "the event is too large"
        }
    }
}
