import KeyVault
import TestKit
import Testing

/// The settings of the real binary, as an operator gets them wrong.
@Suite struct SettingsTests {
    private func settings(_ folder: TemporaryFolder) throws -> [String: String] {
        let files = try TestAuthority(in: folder).issue("event-gateway")
        let plane = try folder.makeFolder("plane")
        return [
            "EVENT_GATEWAY_LISTEN": "127.0.0.1:0", "EVENT_GATEWAY_ADMIN_LISTEN": "127.0.0.1:0",
            "EVENT_GATEWAY_PLANE_FOLDER": plane, "EVENT_GATEWAY_STATE_FOLDER": try folder.makeFolder("state"),
            "EVENT_GATEWAY_TLS_CERT_FILE": files.certificate, "EVENT_GATEWAY_TLS_KEY_FILE": files.key,
            "EVENT_GATEWAY_CA_FILE": folder.file("ca.pem"),
        ]
    }

    @Test func `everything that is wrong is told at once, before a port opens`() async throws {
        let folder = try TemporaryFolder()
        let wrong = try settings(folder).merging([
            "EVENT_GATEWAY_LISTEN": "no-such-host.invalid:8443", "EVENT_GATEWAY_LISTEN_PLAIN": "0.0.0.0:8080",
            "EVENT_GATEWAY_JWKS_URL": "http://issuer.example.org/certs", "EVENT_GATEWAY_CA_FILE": "/nowhere/ca.pem",
            "EVENT_GATEWAY_TLS_CERT_FILE": "/nope.pem", "EVENT_GATEWAY_TYPO": "1", "EVENT_GATEWAY_LOOP": "2",
        ]) { $1 }
        let result = try await runTool(builtBinary("event-gateway"), environment: wrong, mayFail: true)
        #expect(result.status == 78)
        let lines = result.errors.split(separator: "\n").map { $0.dropFirst("event-gateway: EVENT_GATEWAY_".count) }
        #expect(
            Set(lines) == [
                "LISTEN: no-such-host.invalid: Name or service not known",
                "LISTEN_PLAIN: plain text is for the loopback only",
                "JWKS_URL: keys come over https, or from the loopback: who changes them on the way can make tokens",
                "CA_FILE: /nowhere/ca.pem: No such file or directory",
                "TLS_CERT_FILE: /nope.pem: No such file or directory",
                "TYPO is not a setting", "LOOP is not a setting; did you mean EVENT_GATEWAY_LOOPS?",
            ])
    }

    @Test func `a key-encryption key that was lost is asked for, not replaced`() async throws {
        let folder = try TemporaryFolder()
        let settings = try settings(folder)
        try folder.makeFolder("state/keys")
        try folder.write("state/keys/keys.db", text: "keys of people")
        let result = try await runTool(builtBinary("event-gateway"), environment: settings, mayFail: true)
        #expect(result.status == 78)
        #expect(result.errors.contains("state/secrets/kek: missing; restore it from a backup"))
        #expect(!folder.has("state/secrets/kek"))
    }
}
