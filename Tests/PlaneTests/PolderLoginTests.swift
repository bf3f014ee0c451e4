import JSON
import System
import TestKit
import Testing

/// `polder login` against the control plane of a real plane, with a stranger at the keyboard.
@Suite struct PolderLoginTests {
    @Test func `a person logs in and out, in every way`() async throws {
        let plane = try await Plane()
        defer { plane.killSupervisor() }
        let ready = try plane.ready()
        let email = ready.document["adminUser"]?["email"]?.string ?? ""
        let passwordFile = ready.document["adminUser"]?["passwordFile"]?.string ?? ""
        let caFile = ready.document["caFile"]?.string ?? ""
        let script = "\(Strangers.packageRoot)/Tests/Strangers/polder_login.py"
        let person = [script, "browser", caFile, email, passwordFile]
        let config = plane.folder.file("config/config.yaml")
        func polder(_ arguments: String..., environment: [String: String] = [:]) async throws -> ToolResult {
            try await runTool(
                Plane.binary("polder"), arguments + ["--dir", plane.directory],
                environment: environment.merging(["POLDER_CONFIG": config]) { mine, _ in mine }, mayFail: true)
        }

        // The local admin: whoever can read the password's file.
        let local = try await polder("login")
        #expect(local.status == 0, "\(local.errors)")
        #expect(local.output == "logged in as \(email) (context local, \(ready.url("auth")))\n")
        #expect(local.errors.contains(passwordFile))
        let tokens = try plane.folder.names(in: "config/tokens").filter { $0.hasSuffix(".json") }
        #expect(tokens.count == 1)
        #expect(try plane.folder.mode(of: "config/tokens/\(tokens[0])") == 0o600)
        let first = try JSONValue.parse(try plane.folder.read("config/tokens/\(tokens[0])"))
        #expect(first["email"]?.string == email)

        // With a browser, which a stranger's answer does not disturb; and for the public tool, which knows no proof.
        let browser = try plane.folder.write(
            "browser", text: "#!/bin/sh\nexec \(try Strangers.python) \(person.joined(separator: " ")) \"$1\"\n",
            mode: 0o700)
        let seen = try await polder(
            "login", "--browser", "--strm-config", plane.folder.file("strm"), environment: ["BROWSER": browser])
        #expect(seen.status == 0, "\(seen.errors)")
        #expect(seen.output.hasPrefix("logged in as \(email)"))
        let strm = try JSONValue.parse(try plane.folder.read("strm/strm-creds-localhost.json"))
        #expect(strm.object?.names == ["accessToken", "refreshToken", "expiresAt", "email"])
        #expect(strm["email"]?.string == email)
        #expect((strm["expiresAt"]?.int64 ?? 0) > 1_700_000_000)
        #expect(
            try plane.folder.readText("strm/active_projects.json")
                == "{\"users\":[{\"email\":\"\(email)\",\"active_project\":\"default\",\"zed_token\":\"\"}]}\n")

        // Without one: what the browser ends at is pasted.
        try await runTool(
            try Strangers.python,
            [script, "headless", caFile, email, passwordFile, try Plane.binary("polder"), "login", "--headless"]
                + ["--dir", plane.directory], environment: ["POLDER_CONFIG": config])

        // A wrong password, and one that others can read.
        let wrong = try plane.folder.write("wrong", text: "not the password\n")
        let refused = try await polder("login", "--email", email, "--password-file", wrong)
        #expect(refused.status == 5)
        #expect(refused.errors == "polder: this e-mail address and this password do not belong together\n")
        try File.setMode(wrong, 0o644)
        #expect(try await polder("login", "--email", email, "--password-file", wrong).errors.contains("chmod 600"))

        // A login ends here and there.
        let out = try await polder("logout")
        #expect(out.output == "logged out \(email)\n")
        #expect(try plane.folder.names(in: "config/tokens").filter { $0.hasSuffix(".json") }.isEmpty)
        #expect(try await polder("logout").errors == "polder: nobody was logged in\n")
        // The password stands in nothing that was printed.
        let password = try plane.folder.readText("state/secrets/admin-password").filter { !$0.isNewline }
        for result in [local, seen, refused, out] { #expect(!(result.output + result.errors).contains(password)) }
        #expect(try await plane.stop() == 0)
    }
}
