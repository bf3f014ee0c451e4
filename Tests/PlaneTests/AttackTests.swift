import JSON
import System
import TestKit
import Testing

/// Hostile peers against a real gateway, with a good client beside them: `Tests/Attacks`, each attack for two seconds.
@Suite struct AttackTests {
    @Test
    func
        `every attack is cut off for a reason that the metrics tell, within bounded memory, and good clients are served`()
        async throws
    {
        let folder = try TemporaryFolder()
        let result = try await runTool(
            Strangers.python,
            ["\(Strangers.packageRoot)/Tests/Attacks/attack", "--brief", "--json", folder.file("attack.json")],
            environment: ["POLDER_BINARIES": try File.parent(of: Plane.binary("polder"))], deadline: .seconds(900),
            mayFail: true)
        try #require(folder.has("attack.json"), "\(result.errors)")
        let report = try JSONValue.parse(try folder.read("attack.json"))
        let attacks = report["attacks"]?.array ?? []
        #expect(attacks.count > 30, "\(result.errors)")
        for attack in attacks {
            #expect(attack["faults"] == [], "\(attack["name"]?.string ?? "?"):\n\(result.errors)")
        }
    }
}
