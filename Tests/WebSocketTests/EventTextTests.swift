import Avro
import Bytes
import Testing
import WebSocket
import Wire

@Suite struct EventTextTests {
    static let schema = """
        {"type":"record","name":"E","fields":[{"name":"strmMeta","type":{"type":"record","name":"M","fields":[
        {"name":"eventContractRef","type":"string"},{"name":"billingId","type":["null","string"],"default":null},
        {"name":"consentLevels","type":{"type":"array","items":"int"}}]}},
        {"name":"text","type":"string"},{"name":"score","type":"float"}]}
        """

    static func datum(_ json: String) throws -> [UInt8] {
        var encoder = AvroJSONEncoder()
        var out = OutputBuffer()
        let shape = AvroShape(try AvroSchema.parse(schema))
        try Array(json.utf8).withUnsafeBytes { try encoder.encode($0, shape, into: &out) }
        return out.copyBytes()
    }

    private func text(_ value: [UInt8], known: [Int32: String]) -> String {
        var text = EventText { known[$0] }
        return value.withUnsafeBytes { raw in
            switch text.text(of: raw) {
            case .success(let line): String(decoding: line, as: UTF8.self)
            case .failure(let failure): "skip \(failure.reason.rawValue)"
            }
        }
    }

    @Test func `an event looks as a Java record prints itself, nulls bare and members in schema order`() throws {
        let datum = try Self.datum(
            #"{"score":3.3405764,"text":"a \"b\"\n","strmMeta":{"consentLevels":[0,1],"eventContractRef":"a/b/1.0.0"}}"#
        )
        #expect(
            text(EventRecord.header(schemaID: 7) + datum, known: [7: Self.schema])
                == #"{"strmMeta": {"eventContractRef": "a/b/1.0.0", "billingId": null, "consentLevels": [0, 1]}, "#
                + #""text": "a \"b\"\n", "score": 3.3405764}"#)
    }

    @Test func `an event of a JSON Schema is one line in the same style, members as they were sent`() {
        let event = " {\"b\":1.50 ,\n\"a\" : [ ] , \"strmMeta\":{\"eventContractRef\":\"a\\/b\"}} "
        let header = EventRecord.header(schemaID: 8)
        let known: [Int32: String] = [8: #"{"type": "object"}"#]
        #expect(
            text(header + Array(event.utf8), known: known)
                == #"{"b": 1.50, "a": [], "strmMeta": {"eventContractRef": "a/b"}}"#)
        #expect(text(header + Array("{".utf8), known: known) == "skip malformed")
    }

    @Test func `what cannot be shown says why`() throws {
        let datum = try Self.datum(#"{"score":1,"text":"","strmMeta":{"consentLevels":[],"eventContractRef":""}}"#)
        let header = EventRecord.header(schemaID: 7)
        #expect(text([], known: [:]) == "skip not_framed")
        #expect(text([1, 0, 0, 0, 7], known: [:]) == "skip not_framed")
        #expect(text(header + datum, known: [:]) == "skip unknown_schema")
        #expect(text(header + datum, known: [7: "{"]) == "skip unknown_schema")
        #expect(text(header + datum.dropLast(), known: [7: Self.schema]) == "skip malformed")
        #expect(text(header + datum + [0], known: [7: Self.schema]) == "skip malformed")
    }
}
