package import Time
internal import JSON

/// How many events a source stream took between two places of its topic: a record in topic `billing`.
///
///     key      UUID of the stream
///     value    {"stream":"demo","projectId":"…","fromOffset":0,"toOffset":120,"eventCount":120,"eventArrivalTime":1790000000000}
package struct UsageRecord: Sendable, Equatable {
    /// Who reports the records, by the name under which it stores its position in the topic.
    package static let reporter = "esr-proxy"

    /// The stream's name.
    package var stream: String
    /// The stream's UUID: the record's key.
    package var streamID: String
    /// The project's UUID; empty when the plane is configured from a folder alone.
    package var projectID: String
    /// The first event counted.
    package var fromOffset: Int64
    /// The first event not counted.
    package var toOffset: Int64
    /// When they were counted, a moment that no other record of the stream has; the wire knows milliseconds.
    package var arrivalTime: Timestamp

    /// How many events.
    package var eventCount: Int64 { toOffset - fromOffset }

    /// A record of its parts.
    package init(
        stream: String, streamID: String, projectID: String, fromOffset: Int64, toOffset: Int64, arrivalTime: Timestamp
    ) {
        self.stream = stream
        self.streamID = streamID
        self.projectID = projectID
        self.fromOffset = fromOffset
        self.toOffset = toOffset
        self.arrivalTime = arrivalTime
    }

    /// The record's value.
    package var value: [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.name("stream")
        writer.string(stream)
        writer.name("projectId")
        writer.string(projectID)
        writer.name("fromOffset")
        writer.integer(fromOffset)
        writer.name("toOffset")
        writer.integer(toOffset)
        writer.name("eventCount")
        writer.integer(eventCount)
        writer.name("eventArrivalTime")
        writer.integer(arrivalTime.milliseconds)
        writer.endObject()
        return writer.bytes
    }

    /// Reads a record. Members that it does not know are passed over.
    ///
    /// - Throws: `.notUsage` with what is wrong.
    package init(key: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer) throws(WireError) {
        let json: JSONValue
        do throws(JSONError) {
            json = try JSONValue.parse(value, depthLimit: 8)
        } catch {
            throw .notUsage("\(error)")
        }
        streamID = String(decoding: key, as: UTF8.self)
        stream = try json.member("stream", \.string)
        projectID = try json.member("projectId", \.string)
        fromOffset = try json.member("fromOffset", \.int64)
        toOffset = try json.member("toOffset", \.int64)
        arrivalTime = Timestamp(milliseconds: try json.member("eventArrivalTime", \.int64))
        guard fromOffset >= 0, toOffset > fromOffset, toOffset - fromOffset <= Int64(Int32.max) else {
            throw .notUsage("fromOffset and toOffset are no range of 1 to 2147483647 events")
        }
        guard try json.member("eventCount", \.int64) == eventCount else {
            throw .notUsage("eventCount is not the distance of fromOffset and toOffset")
        }
    }
}

extension JSONValue {
    fileprivate func member<Value>(_ name: String, _ read: (JSONValue) -> Value?) throws(WireError) -> Value {
        guard let value = self[name].flatMap(read) else { throw .notUsage("\(name) is missing or of the wrong kind") }
        return value
    }
}
