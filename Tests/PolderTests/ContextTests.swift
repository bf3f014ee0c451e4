import Polder
import System
import TestKit
import Testing
import Time

@Suite struct ContextTests {
    private let folder: TemporaryFolder
    private var environment: [String: String] { ["POLDER_CONFIG": folder.file("polder/config.yaml")] }

    init() throws { folder = try TemporaryFolder() }

    private func run(_ arguments: String...) async -> (ExitCode, Printed) {
        let printed = Printed()
        let code = await PolderCommandLine(PolderMain.commands, version: "9.9").run(
            arguments, CommandContext(console: printed.console(), environment: environment))
        return (code, printed)
    }

    @Test func `without a file there is the local plane`() async {
        let (code, printed) = await run("context", "list")
        #expect(code == .success)
        #expect(
            printed.output
                == """
                Context  Current  API                        Project
                local    *        the plane of `polder up`  -

                """.replacing("API                        ", with: "API                       "))
    }

    @Test func `a context is made, shown, used, changed and removed`() async throws {
        let (code, printed) = await run(
            "context", "set", "production", "--api", "api.example.com", "--auth", "https://accounts.example.com",
            "--ca", "/etc/ca.pem", "-p", "shop")
        #expect(code == .success)
        #expect(printed.error == "polder: log in with: polder login --context production\n")
        #expect(await run("context", "list", "-o", "plain").1.output == "local\nproduction\n")
        #expect(
            await run("context", "show", "-o", "yaml").1.output
                == """
                name: production
                api: "https://api.example.com"
                auth: "https://accounts.example.com"
                caFile: /etc/ca.pem
                project: shop

                """.replacing("/etc/ca.pem", with: "\"/etc/ca.pem\""))
        #expect(await run("context", "set", "production", "--project", "depot").0 == .success)
        #expect(await run("context", "show", "-o", "json").1.output.contains("\"project\": \"depot\""))
        #expect(await run("context", "use", "local").0 == .success)
        #expect(await run("context", "list", "-o", "csv").1.output.contains("local,*,"))
        #expect(await run("context", "remove", "production").0 == .success)
        #expect(await run("context", "show", "production").0 == .notFound)
        #expect(try File.status(folder.file("polder/config.yaml"))?.mode == 0o600)
    }

    @Test func `tokens never go over a network in clear`() async {
        let (code, printed) = await run("context", "set", "x", "--api", "http://api.example.com", "--auth", "https://a")
        #expect(code == .refused)
        #expect(printed.error.contains("without TLS, tokens may only be sent to this machine"))
        #expect(
            await run("context", "set", "x", "--api", "http://127.0.0.1:50051", "--auth", "http://localhost:8180").0
                == .success)
        #expect(await run("context", "set", "y", "--api", "https://a/path", "--auth", "https://a").0 == .refused)
    }

    @Test func `mistakes are told before anything is written`() async {
        #expect(await run("context", "set", "../x", "--api", "a", "--auth", "b").0 == .usage)
        #expect(await run("context", "set", "x", "--api", "a").0 == .usage)
        #expect(await run("context", "set", "local", "--api", "a").0 == .usage)
        let (code, printed) = await run("context", "use", "x")
        #expect(code == .notFound)
        #expect(
            printed.error == """
                polder: there is no context x; there are local
                polder: try: polder context set x --api https://… --auth https://…

                """)
    }

    @Test func `a broken file is told with its lines`() async throws {
        try folder.write(
            "config.yaml",
            text: """
                current: production
                contexts:
                  - {name: a/b}
                  - name: production
                    api: https://a
                    host: b
                colour: red
                """)
        let printed = Printed()
        let path = folder.file("config.yaml")
        let code = await PolderCommandLine(PolderMain.commands, version: "9.9").run(
            ["context", "list"], CommandContext(console: printed.console(), environment: ["POLDER_CONFIG": path]))
        #expect(code == .configuration)
        #expect(
            printed.error == """
                polder: \(path):7: colour is unknown; there are current and contexts
                polder: \(path):3: a context needs a name of letters, digits and . _ -
                polder: \(path):6: host is unknown; a context has name, api, auth, caFile and project

                """)
    }

    @Test func `a login is kept for its owner only, and is not read when others could have`() throws {
        let store = TokenStore(folder: folder.file("tokens"))
        #expect(try store.login("local") == nil)
        let login = TokenStore.Login(
            accessToken: "a", refreshToken: "r", expires: Timestamp(milliseconds: 1_700_000_000_000),
            email: "anna@example.com",
            auth: "https://localhost:8543")
        try store.keep(login, of: "local")
        #expect(try store.login("local") == login)
        #expect(try File.status(folder.file("tokens/local.json"))?.mode == 0o600)
        try File.setMode(folder.file("tokens/local.json"), 0o640)
        #expect(throws: PolderError.self) { _ = try store.login("local") }
        #expect(try store.forget("local"))
        #expect(try !store.forget("local"))
    }
}
