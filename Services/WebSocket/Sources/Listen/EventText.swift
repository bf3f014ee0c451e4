internal import Contracts
internal import EventLog
internal import JSON
internal import PlaneConfig
internal import Wire

/// Turns records into what listeners see: one line of JSON, as a Java Avro record prints itself. Keeps the schemas that it
/// has met.
///
/// - Isolation: one thread.
package struct EventText {
    private let definition: (Int32) -> String?
    private var schemas: [Int32: EventSchema] = [:]

    /// - Parameter definition: Finds the text of a schema by its number; may block. Nil when there is none, asked again then.
    package init(definition: @escaping (Int32) -> String?) { self.definition = definition }

    /// The text of a record's value.
    package mutating func text(of value: UnsafeRawBufferPointer) -> Result<[UInt8], WebSocketTelemetry.Failure> {
        let id: Int32
        do throws(WireError) {
            id = try EventRecord.schemaID(of: value)
        } catch {
            return .failure(.init(.notFramed))
        }
        guard let schema = schema(id) else { return .failure(.init(.unknownSchema)) }
        do throws(EventFault) {
            var writer = JSONWriter(.javaRecord)
            try schema.write(UnsafeRawBufferPointer(rebasing: value[EventRecord.headerLength...]), to: &writer)
            return .success(writer.bytes)
        } catch {
            return .failure(.init(.malformed))
        }
    }

    private mutating func schema(_ id: Int32) -> EventSchema? {
        if let known = schemas[id] { return known }
        guard let text = definition(id) else { return nil }
        do throws(EventSchemaFault) {
            let schema = try EventSchema.parse(text)
            schemas[id] = schema
            return schema
        } catch {
            return nil
        }
    }
}

extension WebSocketTelemetry {
    /// A reason to skip an event, as an error.
    package struct Failure: Error {
        /// Why.
        package let reason: Skip

        /// Names the reason.
        package init(_ reason: Skip) { self.reason = reason }
    }
}
