import JSON
import TestKit
import Testing

/// Streams that come while events flow. How soon they take their first event is for `Tests/Benchmarks/control-plane` to say.
@Suite struct NewStreamTests {
    @Test func `streams that are made while events flow take their first event, and disturb nobody`() async throws {
        let plane = try await Plane()
        let ready = try plane.ready()
        let token = try await plane.folder.write("token", text: plane.polder("token", "demo").output)
        let event = try await runTool(Plane.binary("bench"), ["event", "7"]).outputBytes
        let producer = try RunningTool(
            Strangers.python,
            [
                "\(Strangers.packageRoot)/Tests/Strangers/steady.py", ready.url("events"),
                ready.document["caFile"]?.string ?? "", token, plane.folder.write("event", event), "100",
            ])
        try await eventually("events flow", within: .seconds(60)) {
            try await stored(plane, "demo") > 0
        }
        let environment = [
            "POLDER_CONFIG": plane.folder.file("config/config.yaml"), "POLDER_DIR": plane.directory,
        ]
        for number in 1...5 {
            let name = "late-\(number)"
            for arguments in [["create", "stream", name], ["send", name, "--count", "1", "--quiet"]] {
                _ = try await runTool(Plane.binary("polder"), arguments, environment: environment)
            }
            #expect(producer.exitStatus == nil)
            let read = try await runTool(
                Plane.binary("polder"), ["read", name, "-o", "raw"], environment: environment)
            #expect(read.output.split(separator: "\n").count == 1)
        }
        producer.terminate()
        let report = try JSONValue.parse(try await producer.waitForEnd(within: .seconds(60)).output.trimmed)
        #expect(report["refused"] == [])
        // Every event that was answered with 204 is there, and no other.
        #expect(try await stored(plane, "demo") == report["sent"]?.int64.map(Int.init))
        try await plane.stop()
    }

    private func stored(_ plane: Plane, _ stream: String) async throws -> Int {
        try await plane.polder("read", stream, "--from", "earliest", "-o", "raw").output.split(separator: "\n").count
    }
}
