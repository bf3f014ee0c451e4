import JSON
import System
import TestKit
import Testing

/// Short runs of `make outage` and `make churn`: planes that lose their control plane, and whoever else decides about them.
@Suite(.serialized) struct OutageTests {
    @Test func `a plane runs, restarts and counts without its control plane, and believes nobody in its place`()
        async throws
    {
        let verdict = try await torture("outage", ["--for", "10s", "--rate", "50"])
        #expect((verdict["total"]?["acknowledged"]?.int64 ?? 0) > 500)
        let (counted, stored) = (events(verdict["counted"]), events(verdict["stored"]))
        #expect(counted == stored && stored.count == 5)
        #expect((verdict["restarts"]?.object?.members.count ?? 0) >= 12, "\(verdict)")
        #expect((verdict["impostorAsked"]?.int64 ?? 0) > 0)
    }

    @Test func `whatever is killed while streams are made and deleted, the plane is what its clients were told`()
        async throws
    {
        let verdict = try await torture("churn", ["--kills", "5", "--operations", "50"])
        let operations = verdict["operations"]?.object?.members.compactMap { $0.value.int64 } ?? []
        #expect(operations.reduce(0, +) == 50, "\(verdict)")
        let kills = verdict["kills"]?.object?.members.compactMap { $0.value.int64 } ?? []
        #expect(kills.reduce(0, +) == 5, "\(verdict)")
    }

    private func events(_ counts: JSONValue?) -> [String: Int64] {
        Dictionary(uniqueKeysWithValues: (counts?.object?.members ?? []).map { ($0.name, $0.value.int64 ?? -1) })
    }

    /// Runs one of the scripts on the binaries beside the tests; answers its verdict, which must be good.
    private func torture(_ script: String, _ arguments: [String]) async throws -> JSONValue {
        let result = try await runTool(
            "\(Strangers.packageRoot)/Tests/Torture/\(script)",
            arguments + ["--bin", File.parent(of: try Plane.binary("polder"))], deadline: .seconds(1500), mayFail: true)
        #expect(result.status == 0, "\(result.errors)")
        let verdict = try JSONValue.parse(result.output.trimmed)
        #expect(verdict["faults"] == [], "\(verdict)")
        return verdict
    }
}
