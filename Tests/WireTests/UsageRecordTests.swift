import Testing
import Time
import Wire

@Suite struct UsageRecordTests {
    private let record = UsageRecord(
        stream: "demo", streamID: "1867d5ad-f1fb-4faa-af98-f863a4f9e3e4", projectID: "", fromOffset: 7, toOffset: 19,
        arrivalTime: Timestamp(milliseconds: 1_790_000_000_000))

    private func read(_ text: String) throws -> UsageRecord {
        try Array(record.streamID.utf8).withUnsafeBytes { key in
            try Array(text.utf8).withUnsafeBytes { value in try UsageRecord(key: key, value: value) }
        }
    }

    @Test func `a usage record is JSON with the names of the wire`() throws {
        let text = String(decoding: record.value, as: UTF8.self)
        #expect(
            text == """
                {"stream":"demo","projectId":"","fromOffset":7,"toOffset":19,"eventCount":12,"eventArrivalTime":1790000000000}
                """)
        #expect(try read(text) == record)
        #expect(try read(text.replacing("{", with: #"{"later":[1],"#)) == record, "unknown members are passed over")
    }

    @Test(arguments: [
        ("", "unexpected"), ("[]", "stream is missing"), (#""eventCount":12"#, ""),
        (#"{"stream":"demo","projectId":"","fromOffset":7,"toOffset":7,"eventCount":0,"eventArrivalTime":1}"#, "range"),
        (
            #"{"stream":"demo","projectId":"","fromOffset":-1,"toOffset":7,"eventCount":8,"eventArrivalTime":1}"#,
            "range"
        ),
        (
            #"{"stream":"demo","projectId":"","fromOffset":0,"toOffset":2147483648,"eventCount":1,"eventArrivalTime":1}"#,
            "range"
        ),
        (
            #"{"stream":"demo","projectId":"","fromOffset":1,"toOffset":7,"eventCount":5,"eventArrivalTime":1}"#,
            "distance"
        ),
        (
            #"{"stream":"demo","projectId":"","fromOffset":1,"toOffset":7,"eventCount":6}"#,
            "eventArrivalTime is missing"
        ),
        (#"{"stream":1,"projectId":"","fromOffset":1,"toOffset":7,"eventCount":6,"eventArrivalTime":1}"#, "stream"),
    ])
    func `anything else is refused with the reason`(_ text: String, _ reason: String) throws {
        do {
            _ = try read(text)
            Issue.record("\(text) was read")
        } catch WireError.notUsage(let said) {
            #expect(said.contains(reason) || reason == "unexpected", "\(said)")
        }
    }
}
