import JSON
import TestKit
import Testing

/// People log in, judged by `Tests/Strangers/login.py`: a browser without scripts, and the public tool's way to ask for tokens.
@Suite struct LoginTests {
    private func tell(
        _ story: String, _ plane: RunningControlPlane, at site: String, _ arguments: [String] = []
    ) async throws -> [Substring] {
        let result = try await runTool(
            Strangers.python,
            ["\(Strangers.packageRoot)/Tests/Strangers/login.py", story, site, plane.authority.caFile] + arguments,
            environment: ["REQUESTS_CA_BUNDLE": plane.authority.caFile], deadline: .seconds(300))
        let lines = result.output.split(separator: "\n")
        #expect(lines.last == "fine", "\(result.errors)")
        return lines
    }

    @Test
    func `the public tool logs in over the plain listener, refreshes in both ways, and its login survives a restart`()
        async throws
    {
        let plane = try await RunningControlPlane.start()
        let users = plane.url + "/auth/realms/users"
        let lines = try await tell(
            "cli", plane, at: plane.plainURL, [users, plane.adminEmail, try plane.adminPassword()])
        let token = String(try #require(lines.first))
        plane.tool.terminate()
        #expect(try await plane.tool.waitForEnd().status == 0)
        let second = try await RunningControlPlane.start(in: plane.folder)
        _ = try await tell("restarted", second, at: second.url, [token])
        for secret in [token, try plane.adminPassword(), "not the password"] {
            #expect(!plane.tool.errors.contains(secret))
            #expect(!second.tool.errors.contains(secret))
        }
        // The state has neither the password nor a token.
        let state = try String(decoding: plane.folder.read("state/control/state.db"), as: UTF8.self)
        #expect(!state.contains(token))
        #expect(!state.contains(try plane.adminPassword()))
    }

    @Test func `our own tool needs PKCE, waits on any port, and gets another refresh token each time`() async throws {
        let plane = try await RunningControlPlane.start()
        _ = try await tell("own", plane, at: plane.url, [plane.adminEmail, try plane.adminPassword()])
    }

    @Test(arguments: [true, false])
    func `open redirects, forged forms and fixed sessions lead nowhere`(_ isSecure: Bool) async throws {
        let plane = try await RunningControlPlane.start()
        _ = try await tell(
            "attacks", plane, at: isSecure ? plane.url : plane.plainURL, [plane.adminEmail, try plane.adminPassword()])
    }

    @Test func `whoever guesses has to wait, and the owner's browser does not`() async throws {
        let plane = try await RunningControlPlane.start()
        _ = try await tell("guesses", plane, at: plane.url, [plane.adminEmail, try plane.adminPassword()])
        let metrics = try await plane.curl([plane.adminURL + "/metrics"]).body
        #expect(metrics.contains("control_plane_logins_total{outcome=\"wait\"}"))
        #expect(!metrics.contains("control_plane_logins_total{outcome=\"wrong\"} 0"))
    }

    @Test func `people change their password, and invited people choose one behind a link`() async throws {
        let plane = try await RunningControlPlane.start()
        let invited = "guest@polder.local"
        _ = try await runTool(
            "sqlite3",
            [
                "-cmd", ".timeout 10000", plane.folder.file("state/control/state.db"),
                "INSERT INTO invites (email, role, state, invited) VALUES ('\(invited)', 4, 1, 0)",
            ])
        _ = try await tell(
            "account", plane, at: plane.url,
            [plane.adminEmail, try plane.adminPassword(), plane.folder.file("state"), invited])
    }

    @Test func `a password that an operator put there is taken, one that is too short is refused at the start`()
        async throws
    {
        let folder = try TemporaryFolder()
        try folder.makeFolder("state/secrets")
        try folder.write("state/secrets/admin-password", text: "the operator's own words\n")
        let plane = try await RunningControlPlane.start(
            in: folder, settings: ["CONTROL_PLANE_ADMIN_EMAIL": "me@x.example"])
        #expect(try plane.adminPassword() == "the operator's own words")
        _ = try await tell("own", plane, at: plane.url, ["me@x.example", "the operator's own words"])
        plane.tool.terminate()
        _ = try await plane.tool.waitForEnd()
        try folder.write("state/secrets/admin-password", text: "short")
        let refused = try RunningTool(
            builtBinary("control-plane"), environment: RunningControlPlane.environment(folder))
        let result = try await refused.waitForEnd()
        #expect(result.status == 78)
        #expect(result.errors.contains("admin-password must hold 12 to 1024 bytes"))
    }
}
