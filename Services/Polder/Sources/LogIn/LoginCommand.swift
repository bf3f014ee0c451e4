internal import EventLoop
internal import HTTP
internal import JSON
internal import System
internal import Time

/// `polder login`: who the commands are, to a control plane.
struct LoginCommand: Command {
    static let name = "login"
    static let summary = "Logs you in to the control plane of a context."
    static let details = """
        Opens the login page in a browser and waits for it to come back. On the local plane it logs in the admin whose password
        `polder up` made, without a browser, because whoever can read that file is the admin.
          --headless                 for a machine without a browser: prints the page's address, and reads what comes of it
          --email E --password-file F   for scripts: fills in the login page; the password is never an argument
          --strm-config DIR          logs the public tool in, too: STRM_CONFIG_PATH=DIR strm list streams
        """

    let options: ContextOptions
    let isHeadless: Bool
    let usesBrowser: Bool
    let email: String?
    let passwordFile: String?
    let strmConfig: String?

    init(reading arguments: inout ArgumentReader) {
        options = ContextOptions(reading: &arguments)
        isHeadless = arguments.flag("--headless", "Opens no browser; you paste where the login led.")
        usesBrowser = arguments.flag("--browser", "Asks for your own account on the local plane, too.")
        email = arguments.optionIfPresent("--email", "ADDRESS", "Whose password is in the file.")
        passwordFile = arguments.optionIfPresent(
            "--password-file", "FILE", "A file that only you can read, with the password in its first line.",
            from: .file)
        strmConfig = arguments.optionIfPresent(
            "--strm-config", "DIR", "The public tool's configuration folder, to be written.", from: .folder)
        if (email == nil) != (passwordFile == nil) {
            arguments.refuse("--email and --password-file belong together")
        }
        if passwordFile != nil, isHeadless || usesBrowser {
            arguments.refuse("--password-file needs neither --headless nor --browser")
        }
    }

    func run(_ context: CommandContext) async throws(PolderError) {
        let address = try await ControlPlaneAddress.find(options, context)
        let file = try ContextFile(environment: context.environment)
        let way = try way(to: address, context.console)
        let login = try await Self.login(.polder, way, address, context)
        try TokenStore(folder: file.tokenFolder).keep(login, of: address.loginName)
        context.console.print("logged in as \(login.email) (context \(address.context.name), \(address.auth))")
        if let strmConfig {
            let login = try await Self.login(.strm, way, address, context)
            try StrmConfig(folder: strmConfig).write(login, project: address.context.project)
            context.console.note("polder: the public tool is logged in: STRM_CONFIG_PATH=\(strmConfig)")
        }
    }

    /// How a person shows who they are.
    enum Way: Sendable {
        case browser, headless
        case password(email: String, file: String)
    }

    private func way(to address: ControlPlaneAddress, _ console: Console) throws(PolderError) -> Way {
        if let email, let passwordFile { return .password(email: email, file: passwordFile) }
        if isHeadless { return .headless }
        if !usesBrowser, let account = address.account {
            console.note("polder: logging in the local admin with the password in \(account.passwordFile)")
            return .password(email: account.email, file: account.passwordFile)
        }
        return .browser
    }

    /// Logs in for a program, one way or another.
    static func login(
        _ client: LoginClient, _ way: Way, _ address: ControlPlaneAddress, _ context: CommandContext
    ) async throws(PolderError) -> TokenStore.Login {
        let issuer = Issuer(address)
        let console = context.console
        switch way {
        case .password(let email, let file):
            // Nobody listens there: the code is taken from the answer itself.
            let flow = AuthorizationFlow(
                client, auth: address.auth, port: client.ports[0] == 0 ? 10_000 : client.ports[0])
            let password = try SecretFile.firstLine(of: file, what: "password")
            let answer = try await issuer.fillIn(flow, email: email, password: password)
            return try await issuer.login(flow, code: try flow.code(in: answer))
        case .headless:
            let flow = AuthorizationFlow(
                client, auth: address.auth, port: client.ports[0] == 0 ? 10_000 : client.ports[0])
            console.note("Open this address in a browser, anywhere, and log in:\n\n\(try flow.address())\n")
            console.note("The browser then fails to show a page of \(flow.redirect).")
            guard let pasted = console.ask("Paste that page's whole address here: ") else { throw .interrupted }
            return try await issuer.login(flow, code: try flow.code(pasted: pasted))
        case .browser:
            let server = try await LoopbackServer(client.ports, on: address.loop)
            let flow = AuthorizationFlow(client, auth: address.auth, port: server.port)
            let page = try flow.address()
            let isOpened = Browser.open(page, environment: context.environment)
            console.note(
                isOpened ? "polder: log in in the browser; if it does not open, go to:" : "polder: log in at:")
            console.note("\n\(page)\n")
            return try await issuer.login(flow, code: try await server.code(of: flow, within: .seconds(300)))
        }
    }
}

/// The person's browser.
enum Browser {
    /// Opens an address with `xdg-open`, where there is one and a screen. The address holds no secret: a code comes later.
    ///
    /// - Returns: False when there is nothing to open it with.
    static func open(_ address: String, environment: [String: String]) -> Bool {
        let hasScreen = ["DISPLAY", "WAYLAND_DISPLAY"].contains { !environment[$0, default: ""].isEmpty }
        let named = environment["BROWSER"].flatMap { $0.hasPrefix("/") ? $0 : nil }
        guard hasScreen || named != nil else { return false }
        let folders = environment["PATH", default: ""].split(separator: ":")
        for path in [named].compactMap(\.self) + folders.map({ "\($0)/xdg-open" }) {
            do {
                guard try File.status(path) != nil else { continue }
                // Through a shell that ends at once: a child of ours would end with us, and a browser shall stay.
                var command = ChildProcess.Command(
                    "/bin/sh", ["-c", "\"$@\" &", "sh", path, address], environment: environment)
                command.output = .null
                command.error = .null
                var child = try ChildProcess(command)
                _ = child.wait()
                return true
            } catch {
                continue
            }
        }
        return false
    }
}

/// `polder logout`.
struct LogoutCommand: Command {
    static let name = "logout"
    static let summary = "Forgets a login, here and at the control plane."
    static let details = ""

    let options: ContextOptions

    init(reading arguments: inout ArgumentReader) { options = ContextOptions(reading: &arguments) }

    func run(_ context: CommandContext) async throws(PolderError) {
        let address = try await ControlPlaneAddress.find(options, context)
        let store = TokenStore(folder: try ContextFile(environment: context.environment).tokenFolder)
        guard let login = try store.login(address.loginName) else {
            context.console.note("polder: nobody was logged in")
            return
        }
        try store.forget(address.loginName)
        try await Issuer(address).revoke(login)
        context.console.print("logged out \(login.email)")
    }
}

/// The configuration folder of the public command-line tool (github.com/strmprivacy/cli).
struct StrmConfig {
    let folder: String

    /// Writes its token file, and which project it uses.
    ///
    /// - Throws: `.failed` with what and why.
    func write(_ login: TokenStore.Login, project: String?) throws(PolderError) {
        let host = URLParts(login.auth)?.host ?? "localhost"
        let token: JSONValue = [
            "accessToken": .string(login.accessToken), "refreshToken": .string(login.refreshToken),
            "expiresAt": JSONValue(login.expires.milliseconds / 1000), "email": .string(login.email),
        ]
        let projects: JSONValue = [
            "users": [
                [
                    "email": .string(login.email), "active_project": .string(project ?? "default"),
                    "zed_token": "",
                ]
            ]
        ]
        do {
            try Directory.create(folder, mode: 0o700)
            for (name, value) in [("strm-creds-\(host).json", token), ("active_projects.json", projects)] {
                try File.writeAtomically("\(folder)/\(name)", value.bytes() + [UInt8(ascii: "\n")], mode: 0o600)
            }
        } catch {
            throw .failed(error.description)
        }
    }
}
