import Glibc
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
        #expect(verdict["acknowledged"]?.int64 == 1_000_000)
        #expect(verdict["stored"]?.int64 == 1_000_000)
        #expect((verdict["opened"]?.int64 ?? 0) > 10_000)
        try await plane.stop()
    }

    @Test func `a killed gateway loses nothing that it acknowledged, a killed decrypter neither loses nor doubles`()
        async throws
    {
        let plane = try await Plane()
        let seed = UInt64.random(in: .min ... .max)
        var chance = SeededGenerator(seed: seed)
        let count = 300_000
        let running = try await storm(plane, count: count, people: 1_000, rate: 10_000)
        var kills = 0
        for round in 0..<10 {
            try await Task.sleep(for: .milliseconds(Int.random(in: 300...2_000, using: &chance)))
            let service = round.isMultiple(of: 2) ? "event-gateway" : "decrypter"
            var victim: Int32?
            // The ready-file is taken away while a process is missing.
            try await eventually("\(service) runs") {
                guard plane.folder.has("ready.json") else { return false }
                victim = try plane.ready().pids(service).first
                return victim.map { kill($0, 0) == 0 } ?? false
            }
            #expect(running.exitStatus == nil, "the storm ended before kill \(round)")
            if let victim, kill(victim, SIGKILL) == 0 { kills += 1 }
        }
        let sent = try await finish(running, within: .seconds(300))
        #expect(kills == 10)
        #expect(sent["refused"]?.int64 == 0)
        let verdict = try await judged(plane, count: count, people: 1_000)
        #expect(verdict["faults"] == [], "seed \(seed): \(verdict)")
        #expect((verdict["stored"]?.int64 ?? 0) >= (verdict["acknowledged"]?.int64 ?? 0))
        try await plane.stop()
    }

    /// Starts the generator of numbered events.
    private func storm(_ plane: Plane, count: Int, people: Int, rate: Int? = nil) async throws -> RunningTool {
        let ready = try plane.ready()
        let token = try await plane.folder.write("token", text: plane.polder("token", "demo").output)
        var arguments = [
            "storm", "--url", ready.url("events"), "--ca", ready.document["caFile"]?.string ?? "", "--token-file",
            token,
            "--count", "\(count)", "--people", "\(people)", "--connections", "8", "--streams", "64",
            "--unacknowledged", plane.folder.file("unacknowledged"),
        ]
        if let rate { arguments += ["--rate", "\(rate)"] }
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
