internal import Bytes
internal import Crypto
internal import EventLoop
internal import HTTP
internal import Net
internal import System
internal import TLS

/// Which control plane a command talks to, and for which project: options that many commands share.
struct ContextOptions: Sendable {
    let context: String?
    let dir: String?

    /// The local plane of a state folder.
    init(local dir: String) {
        context = PlaneContext.local
        self.dir = dir
    }

    init(reading arguments: inout ArgumentReader) {
        context = arguments.optionIfPresent(
            "--context", "NAME", "The control plane to talk to [$POLDER_CONTEXT, otherwise the current one].",
            from: .names(.context))
        dir = arguments.dirOption()
    }
}

/// A control plane and the way there.
struct ControlPlaneAddress: Sendable {
    let context: PlaneContext
    /// Under this name its login is kept: local planes are told apart by their folders.
    let loginName: String
    /// Nil for a local plane without an API.
    let api: URLParts?
    /// Without a path: `https://localhost:8543`.
    let auth: String
    let loop: EventLoop
    let tls: TLSClientContext
    let http: HTTPClient
    /// The local plane's first account and the file with its password, as long as that is in force.
    let account: Account?

    /// Somebody who may do everything, as whoever can read the password's file can.
    struct Account: Sendable {
        let email: String
        let passwordFile: String
    }

    /// For messages.
    var place: String { api?.authority ?? auth }

    /// Finds the control plane of a context.
    ///
    /// - Throws: `.notRunning` for a local plane that is not up; `.missing`, `.configuration` for a context that is unusable.
    static func find(_ options: ContextOptions, _ context: CommandContext) async throws(PolderError) -> Self {
        let file = try ContextFile(environment: context.environment)
        let chosen = try file.context(options.context, environment: context.environment)
        if chosen.name == PlaneContext.local {
            let plane = try PlaneClient(options.dir, environment: context.environment)
            let document = try await plane.document()
            guard let auth = document.urls["auth"] else { throw .failed("the plane does not say where people log in") }
            return ControlPlaneAddress(
                context: chosen, loginName: "local-\(fingerprint(of: plane.state.path))",
                api: document.urls["api"].flatMap { URLParts($0) }, auth: auth, loop: plane.loop, tls: plane.tls,
                http: plane.http, account: account(of: document))
        }
        guard let api = chosen.api.flatMap({ URLParts($0) }), let auth = chosen.auth else {
            throw .missing(
                "the context \(chosen.name) does not say where its API is",
                next: "polder context set \(chosen.name) --api https://… --auth https://…")
        }
        do {
            let loop = try EventLoop(name: "polder")
            let tls = try TLSClientContext(TLSFiles(authorities: chosen.caFile))
            return ControlPlaneAddress(
                context: chosen, loginName: chosen.name, api: api, auth: auth, loop: loop, tls: tls,
                http: HTTPClient(on: loop, tls: tls), account: nil)
        } catch {
            throw .failed("the context \(chosen.name): \(error)")
        }
    }

    private static func account(of document: ReadyDocument) -> Account? {
        guard let file = document.adminPasswordFile else { return nil }
        do {
            // The admin may have chosen another password since the plane said where the first one is.
            return try File.status(file) == nil ? nil : Account(email: document.adminEmail, passwordFile: file)
        } catch {
            return nil
        }
    }

    private static func fingerprint(of path: String) -> String {
        do {
            return String(Hex.encode(try SHA256.hash(Array(path.utf8))).prefix(16))
        } catch {
            // Only without memory; the worst is that two local planes share a login, which one of them refuses.
            return "plane"
        }
    }

    /// Sends a request to the issuer.
    func send(_ request: Request, to url: URLParts) async throws(PolderError) -> Response {
        do {
            // A password is checked slowly, on purpose, and others may be waiting for theirs.
            return try await http.send(request, to: HTTPEndpoint(url), deadline: .seconds(60))
        } catch {
            throw .failed("\(url.scheme.rawValue)://\(url.authority) cannot be reached: \(error)")
        }
    }
}
