import JSON
import System
import TestKit
import Testing
import Time

/// Many events through a whole plane, judged by other people's decoders; with and without processes that die under the load.
@Suite(.serialized) struct StormTests {
    @Test func `a million events are stored exactly once, and each derived stream holds what it may`() async throws {
        let plane = try await Plane()
        let sent = try await finish(try await storm(plane, count: 1_000_000, people: 10_000), within: .seconds(400))
        #expect(sent["refused"]?.int64 == 0)
        let verdict = try await judged(plane, count: 1_000_000, people: 10_000)
        #expect(verdict["faults"] == [], "\(verdict)")
        // On a machine that is busy with other things the gateway sheds load; nobody was promised what got a 503.
        #expect(verdict["acknowledged"] == sent["acknowledged"])
        #expect(verdict["stored"] == sent["acknowledged"])
        #expect((sent["acknowledged"]?.int64 ?? 0) > 500_000)
        #expect((verdict["opened"]?.int64 ?? 0) > 10_000)
        try await plane.stop()
    }

    /// The short run of `make torture`; the machine's first processes of a plane take seconds when it is busy.
    @Test func `a killed gateway loses nothing that it acknowledged, a killed decrypter neither loses nor doubles`()
        async throws
    {
        let result = try await runTool(
            "\(Strangers.packageRoot)/Tests/Torture/torture",
            ["--for", "15s", "--rate", "3000", "--bin", File.parent(of: try Plane.binary("polder"))],
            deadline: .seconds(600), mayFail: true)
        #expect(result.status == 0, "\(result.errors)")
        let verdict = try JSONValue.parse(result.output.trimmed)
        #expect(verdict["faults"] == [], "\(verdict)")
        for promise in ["lost", "twice", "keyless", "derivedTwice"] { #expect(verdict[promise] == 0, "\(promise)") }
        #expect((verdict["acknowledged"]?.int64 ?? 0) > 1000)
        let kills = ["event-gateway", "decrypter", "supervisor"].map { verdict["kills"]?[$0]?.int64 ?? 0 }
        #expect(kills.reduce(0, +) >= 3, "\(kills)")
    }

    /// Starts the generator of numbered events.
    private func storm(_ plane: Plane, count: Int, people: Int) async throws -> RunningTool {
        let ready = try plane.ready()
        let token = try await plane.folder.write("token", text: plane.polder("token", "demo").output)
        let arguments = [
            "storm", "--url", ready.url("events"), "--ca", ready.document["caFile"]?.string ?? "", "--token-file",
            token,
            "--count", "\(count)", "--people", "\(people)", "--connections", "8", "--streams", "64",
            "--unacknowledged", plane.folder.file("unacknowledged"),
        ]
        return try RunningTool(Plane.binary("bench"), arguments)
    }

    private func finish(_ storm: RunningTool, within limit: Duration) async throws -> JSONValue {
        let result = try await storm.waitForEnd(within: limit)
        guard result.status == 0 else { throw PlaneError.unexpected("storm: \(result.errors)") }
        return try JSONValue.parse(result.output.trimmed)
    }

    /// Waits until the decrypter has nothing more to do, and lets the strangers judge.
    private func judged(_ plane: Plane, count: Int, people: Int) async throws -> JSONValue {
        try await plane.quiet()
        return try await plane.stranger(
            "judge.py",
            [
                plane.readyFile, try Plane.binary("polder"), "\(count)", "\(people)",
                plane.folder.file("unacknowledged"),
            ], deadline: .seconds(900))
    }
}
