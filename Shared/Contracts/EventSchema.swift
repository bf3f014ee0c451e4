package import API
package import Avro
package import JSON
package import JSONSchema

/// The schema of events, in whichever language it is written.
package struct EventSchema: Sendable {
    /// The schema languages.
    package enum Language: Sendable {
        case avro(AvroSchema)
        case json(JSONSchema)
    }

    /// The schema itself.
    package let language: Language
    /// CRC-64-AVRO: of an Avro schema's canonical form, of a JSON Schema's text without white space.
    package let fingerprint: UInt64

    /// Reads a schema's text. An object whose `type` is `record` and that has `fields` is an Avro schema, anything else a JSON
    /// Schema.
    ///
    /// - Throws: what is wrong with it.
    package static func parse(_ definition: String) throws(EventSchemaFault) -> EventSchema {
        let json: JSONValue
        do throws(JSONError) { json = try JSONValue.parse(definition) } catch { throw .notJSON(error) }
        return try EventSchema(json)
    }

    /// Reads a schema.
    ///
    /// - Throws: what is wrong with it.
    package init(_ json: JSONValue) throws(EventSchemaFault) {
        if Self.isAvro(json) {
            do throws(AvroError) {
                let schema = try AvroSchema.parse(json)
                _ = try AvroProgram(schema)
                language = .avro(schema)
                fingerprint = schema.fingerprint
            } catch {
                throw .avro(error)
            }
        } else {
            do throws(JSONSchemaError) { language = .json(try JSONSchema(json)) } catch { throw .json(error) }
            fingerprint = CRC64Avro.hash(json.bytes())
        }
    }

    /// Whether a schema is written in Avro; otherwise it is a JSON Schema.
    static func isAvro(_ json: JSONValue) -> Bool { json["type"]?.string == "record" && json["fields"] != nil }

    /// The language, as the interface definitions call it.
    package var type: SchemaType {
        switch language {
        case .avro: .avro
        case .json: .jsonSchema
        }
    }

    /// The fingerprint as contracts show it: signed 64-bit decimal text, as Java prints it.
    package var fingerprintText: String { String(Int64(bitPattern: fingerprint)) }

    /// What a field path leads to.
    package func target(of path: String) -> FieldTarget {
        switch language {
        case .avro(let schema):
            schema.target(of: path).map { .found(holdsText: $0.holdsText, isSingle: $0.isSingleText) } ?? .missing
        case .json(let schema):
            FieldTarget(schema.target(of: path))
        }
    }

    /// Writes an event of the log, what follows its record's header, as one JSON value in the writer's style.
    ///
    /// - Throws: what is wrong with the bytes; the writer then holds a part.
    package func write(_ event: UnsafeRawBufferPointer, to writer: inout JSONWriter) throws(EventFault) {
        switch language {
        case .avro(let schema):
            do throws(AvroError) { try AvroJSONText.write(event, schema, to: &writer) } catch { throw .avro(error) }
        case .json:
            do throws(JSONError) { try writer.value(text: event) } catch { throw .json(.notJSON(error)) }
        }
    }
}

/// What a field path leads to, as far as contracts care.
package enum FieldTarget: Sendable, Equatable {
    /// The schema has no such field.
    case missing
    /// The schema leaves open what stands at the beginning of the path, where a value of another type could hide.
    case open(prefix: String)
    /// `holdsText`: a string, a list of strings or null, nothing else. `isSingle`: a string or null, once in an event.
    case found(holdsText: Bool, isSingle: Bool)

    init(_ target: JSONPathTarget) {
        switch target {
        case .missing: self = .missing
        case .open(let prefix): self = .open(prefix: prefix)
        case .found: self = .found(holdsText: target.holdsText, isSingle: target.isSingleText)
        }
    }

    /// True for everything that can be sealed or masked.
    package var holdsText: Bool { if case .found(let holdsText, _) = self { holdsText } else { false } }
}

/// Why a text is not the schema of events.
package enum EventSchemaFault: Error, Equatable, CustomStringConvertible {
    /// It is not JSON.
    case notJSON(JSONError)
    /// It is an Avro schema that is refused.
    case avro(AvroError)
    /// It is a JSON Schema that is refused.
    case json(JSONSchemaError)

    /// One line.
    package var description: String {
        switch self {
        case .notJSON(let error): "\(error)"
        case .avro(let error): "\(error)"
        case .json(let error): "\(error)"
        }
    }
}

/// Why bytes are not an event of a schema. Never holds a value of the event: that may be personal data.
package enum EventFault: Error, Equatable, CustomStringConvertible {
    /// Of an Avro schema.
    case avro(AvroError)
    /// Of a JSON Schema.
    case json(JSONEventFault)

    /// One line that names the place and the rule.
    package var description: String {
        switch self {
        case .avro(let error): error.description
        case .json(let fault): fault.description
        }
    }
}
