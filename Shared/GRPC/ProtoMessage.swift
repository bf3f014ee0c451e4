package import Bytes
package import JSON

/// A message of an interface definition, as a Swift value.
///
/// Its fields are declared once, in `visit`: number, name, rules. The declaration reads and writes the binary form and the
/// proto-JSON form, checks the rules, and lists the fields.
package protocol ProtoMessage: Sendable, Equatable {
    /// Its full name in the definition: `strmprivacy.api.entities.v1.Stream`.
    static var protoName: String { get }
    /// Text that stands for the message in JSON; nil for all but a few well-known types, which JSON shows as objects.
    static var textForm: ProtoTextForm<Self>? { get }
    /// The message with nothing set.
    init()
    /// Declares every field to `fields`, in the order of the definition.
    mutating func visit(_ fields: inout ProtoFields)
}

/// How a message is one text in JSON, as `Timestamp` is.
package struct ProtoTextForm<Message>: Sendable {
    /// The message of a text; nil when the text is none.
    package let read: @Sendable (String) -> Message?
    /// The text of a message.
    package let write: @Sendable (Message) -> String
    /// What a text must be, in words that follow a path.
    package let rule: String
}

/// How much a message may ask of whoever decodes it.
package struct ProtoLimits: Sendable {
    /// How deep messages stand in each other, the outermost one included.
    package var depth = 100
    /// Bytes that the elements of lists and maps may take once decoded. Two bytes on the wire can be an element of a
    /// thousand in memory.
    package var memory = 64 << 20

    /// The depth that every protobuf library allows, and 64 MiB.
    package init() {}
}

extension ProtoMessage {
    /// None.
    package static var textForm: ProtoTextForm<Self>? { nil }

    // MARK: - Binary form

    /// Reads the binary form (protobuf.dev/programming-guides/encoding). Of a field that is given twice the last value
    /// counts, and messages are merged; what is unknown is skipped. Rules are not checked: ask `problems()`.
    ///
    /// - Throws: `.malformed` with the place.
    package init(protobuf bytes: UnsafeRawBufferPointer, limits: ProtoLimits = ProtoLimits()) throws(GRPCError) {
        self.init()
        var fields = ProtoFields(.readingBinary)
        if let error = fields.readBinary(bytes, limits, into: &self) { throw error }
    }

    /// Reads the binary form.
    ///
    /// - Throws: `.malformed` with the place.
    package init(protobuf bytes: [UInt8], limits: ProtoLimits = ProtoLimits()) throws(GRPCError) {
        self.init()
        var fields = ProtoFields(.readingBinary)
        let error = bytes.withUnsafeBytes { fields.readBinary($0, limits, into: &self) }
        if let error { throw error }
    }

    /// The binary form: fields in the order of the definition, default values left out, numbers of a list packed, map
    /// entries in the order of their keys. The same message always has the same bytes.
    package var protobuf: [UInt8] {
        var output = OutputBuffer(capacity: 512)
        appendProtobuf(to: &output)
        return output.copyBytes()
    }

    /// Appends the binary form.
    package func appendProtobuf(to output: inout OutputBuffer) {
        var copy = self
        var fields = ProtoFields(.writingBinary)
        swap(&fields.output, &output)
        copy.visit(&fields)
        swap(&fields.output, &output)
    }

    // MARK: - JSON form

    /// Reads the proto-JSON form: camelCase and snake_case names, 64-bit integers as text or number, enumeration values
    /// by name or number, `null` as absent. Rules are checked; unknown members are problems.
    ///
    /// - Parameters:
    ///   - problems: Everything that is wrong is appended here; what cannot be read is then left out of the message.
    ///   - path: Where `json` stands in its document; problems carry paths from the document's root.
    package init(json: JSONValue, problems: inout [SpecProblem], at path: DocumentPath = DocumentPath()) {
        self.init()
        var fields = ProtoFields(.readingJSON, at: path)
        fields.readJSON(json, into: &self)
        problems += fields.problems
    }

    /// Reads the proto-JSON form.
    ///
    /// - Throws: `.invalid` with every problem.
    package init(json: JSONValue) throws(GRPCError) {
        var problems: [SpecProblem] = []
        self.init(json: json, problems: &problems)
        guard problems.isEmpty else { throw .invalid(problems) }
    }

    /// The proto-JSON form: camelCase names, 64-bit integers as text, members with their default value left out.
    package var json: JSONValue {
        var copy = self
        var fields = ProtoFields(.writingJSON)
        return fields.writeJSON(&copy)
    }

    // MARK: - Rules and shape

    /// Every rule that the message breaks, in the order of the definition; the first hundred of them.
    package func problems() -> [SpecProblem] {
        var copy = self
        var fields = ProtoFields(.checking)
        copy.visit(&fields)
        return fields.problems
    }

    /// Its fields, in the order of the definition.
    package static var shape: [ProtoFieldShape] {
        var message = Self()
        var fields = ProtoFields(.describing)
        message.visit(&fields)
        return fields.shapes
    }
}

/// What a definition says of one field.
package struct ProtoFieldShape: Sendable {
    /// What a field holds.
    package enum Kind: Sendable {
        case text, bytes, flag, int32, int64
        case enumeration(any ProtoEnum.Type)
        case message(any ProtoMessage.Type)
    }

    /// How often.
    package enum Label: Sendable, Equatable {
        case singular, repeated
        /// From text to the kind.
        case map
    }

    /// The number on the wire.
    package let number: Int
    /// The name in JSON: `consentLevels`.
    package let jsonName: String
    /// What it holds.
    package let kind: Kind
    /// How often.
    package let label: Label
    /// The group of fields of which at most one is set, if it is in one.
    package let oneof: String?

    /// The name in the definition: `consent_levels`.
    package var name: String { snakeCase(jsonName) }
}

/// `consentLevels` → `consent_levels`.
func snakeCase(_ name: String) -> String {
    var snake = ""
    for scalar in name.unicodeScalars {
        if ("A"..."Z").contains(scalar) {
            snake += "_"
            snake.unicodeScalars.append(Unicode.Scalar(UInt8(scalar.value + 32)))
        } else {
            snake.unicodeScalars.append(scalar)
        }
    }
    return snake
}
