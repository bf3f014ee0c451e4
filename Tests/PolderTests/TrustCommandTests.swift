import AuditChain
import Crypto
import JSON
import Polder
import TestKit
import Testing

@Suite struct TrustCommandTests {
    private func polder(_ arguments: String...) async -> (ExitCode, Printed) {
        let printed = Printed()
        let code = await PolderCommandLine(PolderMain.commands, version: "0.1.0").run(
            arguments, CommandContext(console: printed.console(), environment: [:]))
        return (code, printed)
    }

    private let folder: TemporaryFolder
    private let policy: String

    init() throws {
        folder = try TemporaryFolder()
        policy = try folder.write(
            "policy.json",
            text: """
                {"version":1,"default":"deny","rules":[
                  {"id":"apps","effect":"allow","kinds":["http"],"verbs":["get","create"],"groups":[""],"resources":["configmaps"],
                   "namespaces":{"matchLabels":{"pdp/managed":"true"}}},
                  {"id":"shell","effect":"allow","kinds":["exec"],"namespaces":"all","requires":["reason"],"audit":"full"}]}
                """)
    }

    @Test func `a policy says which rule decides about a call`() async throws {
        let path = "/api/v1/namespaces/shop/configmaps/a?pretty=true"
        let (code, printed) = await polder(
            "plane", "policy", "test", policy, path, "-l", "pdp/managed=true", "-o", "json")
        #expect(code == .success)
        let answer = try JSONValue.parse(printed.output)
        #expect(answer["allowed"] == true && answer["rule"] == "apps" && answer["verbs"] == ["get"])
        #expect(answer["policyHash"]?.string?.count == 64 && answer["namespace"] == "shop")

        for labels in [[], ["--no-labels"], ["-l", "pdp/managed=false"]] {
            let printed = Printed()
            let code = await PolderCommandLine(PolderMain.commands, version: "0.1.0").run(
                ["plane", "policy", "test", policy, path] + labels,
                CommandContext(console: printed.console(), environment: [:]))
            #expect(code == .refused && printed.output.hasPrefix("denied: "))
        }
    }

    @Test func `a call that is none is denied with what it breaks`() async {
        let (code, printed) = await polder("plane", "policy", "test", policy, "/api/v1/namespaces/shop/%2e%2e/secrets")
        #expect(code == .refused)
        #expect(printed.error.contains("path: nothing in it is percent-encoded"))
        let exec = "/api/v1/namespaces/shop/pods/web/exec?command=sh"
        #expect(await polder("plane", "policy", "test", policy, exec, "--reason", "ticket 7").0 == .success)
        #expect(await polder("plane", "policy", "test", policy, exec).1.error.contains("would allow it with a reason"))
        let http = await polder("plane", "policy", "test", policy, exec, "--reason", "x", "--kind", "http")
        #expect(http.0 == .refused && http.1.error.contains("a stream of kind http carries no exec"))
    }

    @Test func `a body is looked at, too`() async throws {
        let path = "/api/v1/namespaces/shop/configmaps"
        let good = try folder.write(
            "good.json", text: #"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"}}"#)
        let bad = try folder.write("bad.json", text: #"{"apiVersion":"v1","kind":"Secret","metadata":{"name":"a"}}"#)
        let label = "pdp/managed=true"
        #expect(
            await polder("plane", "policy", "test", policy, path, "-X", "POST", "--body", good, "-l", label).0
                == .success)
        let refused = await polder("plane", "policy", "test", policy, path, "-X", "POST", "--body", bad, "-l", label)
        #expect(refused.0 == .refused && refused.1.error.contains("body: kind: the path says ConfigMap"))
    }

    @Test func `a policy with mistakes is told all of them`() async throws {
        let bad = try folder.write(
            "bad.json", text: #"{"version":2,"default":"deny","rules":[{"id":"a","effect":"deny","verbs":["*"]}]}"#)
        let (code, printed) = await polder("plane", "policy", "test", bad)
        #expect(code == .configuration)
        #expect(printed.error.contains("version: must be 1") && printed.error.contains("rule a, verbs: "))
        let (good, text) = await polder("plane", "policy", "test", policy)
        #expect(good == .success && text.output.hasPrefix("2 rules, sha256 "))
        #expect(await polder("plane", "policy", "test", policy, "/api", "--label", "x").0 == .usage)
    }

    @Test func `an audit log is checked, and its first wrong entry named`() async throws {
        let log = try AuditLog(
            folder: folder.file("audit"), planeID: "p1", key: SigningKey.generate(.es256), clock: ManualClock())
        for number in 0..<3 { try await log.append(.noted("thing \(number)", [:])) }
        log.close()
        let (code, printed) = await polder("audit", "verify", folder.file("audit"), "-o", "json")
        #expect(code == .success)
        let report = try JSONValue.parse(printed.output)
        #expect(report["isWhole"] == true && report["entries"]?.int64 == 6)
        let anchor = "\(report["lastNumber"]?.int64 ?? 0):\(report["lastHash"]?.string ?? "")"
        let keys = try folder.write("keys.json", folder.read("audit/keys.json"))
        let again = await polder("audit", "verify", folder.file("audit"), "--anchor", anchor, "--key", keys)
        #expect(again.0 == .success && again.1.output.hasSuffix("nothing is wrong up to \(anchor)\n"))

        let file = "audit/audit-000000000001.jsonl"
        try folder.write(file, text: try folder.readText(file).replacing("thing 1", with: "thing 9"))
        let (failure, told) = await polder("audit", "verify", folder.file("audit"))
        #expect(failure == .failure)
        #expect(told.error.contains("audit-000000000001.jsonl:3: changed: the line is not what its hash says"))
        #expect(await polder("audit", "verify", folder.file("nothing")).0 == .notFound)
        #expect(await polder("audit", "verify", folder.file("audit"), "--anchor", "x").0 == .usage)
    }
}
