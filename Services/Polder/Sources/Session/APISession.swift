internal import API
internal import GRPC
internal import HTTP
internal import JSON
internal import Net
internal import Synchronization
internal import System

/// Which control plane, and which project of it.
struct SessionOptions: Sendable {
    let context: ContextOptions
    let project: String?

    /// The local plane of a state folder.
    init(local dir: String) {
        context = ContextOptions(local: dir)
        project = nil
    }

    init(reading arguments: inout ArgumentReader) {
        context = ContextOptions(reading: &arguments)
        project = arguments.optionIfPresent(
            "--project", short: "-p", "NAME", "The project [that of the context, otherwise the first one].",
            from: .names(.entity("project")))
    }
}

/// Calls of the API, by whoever is logged in. Requests and answers are proto-JSON: the method says which messages they are, and
/// a request is checked against the rules of its message before it is sent.
final class APISession: Sendable {
    /// The control plane.
    let address: ControlPlaneAddress
    /// Who is logged in.
    let email: String
    private let channel: GRPCChannel
    private let deadline: Duration
    private let wantedProject: String?
    private let known = Mutex<JSONValue?>(nil)

    private init(
        _ address: ControlPlaneAddress, _ api: URLParts, _ login: TokenStore.Login, project: String?, deadline: Duration
    ) {
        self.address = address
        email = login.email
        self.deadline = deadline
        wantedProject = project ?? address.context.project
        var options = GRPCChannelOptions()
        options.metadata = { () async throws(GRPCStatus) in ["authorization": "Bearer \(login.accessToken)"] }
        channel = GRPCChannel(to: HTTPEndpoint(api), on: address.loop, tls: address.tls, options: options)
    }

    /// Finds the control plane and makes sure that somebody is logged in there.
    ///
    /// - Parameters:
    ///   - mayLogIn: Whether the local admin is logged in when nobody is; completion must not.
    ///   - deadline: Of each call.
    static func open(
        _ options: SessionOptions, _ context: CommandContext, mayLogIn: Bool = true, deadline: Duration = .seconds(30)
    ) async throws(PolderError) -> APISession {
        let address = try await ControlPlaneAddress.find(options.context, context)
        guard let api = address.api else { throw .failed("the plane has no API: it was started by an older polder") }
        let login = try await LoginKeeper(address, context).current(mayLogIn: mayLogIn)
        return APISession(address, api, login, project: options.project, deadline: deadline)
    }

    // MARK: - Calls

    /// One request, one answer.
    ///
    /// - Throws: `.usage` for a request that breaks a rule; otherwise what the status means.
    func call<Request, Response>(
        _ method: UnaryMethod<Request, Response>, _ request: JSONValue = [:]
    ) async throws(PolderError) -> JSONValue {
        do {
            return try await channel.call(method, try Request(json: request), deadline: deadline).json
        } catch let status as GRPCStatus {
            throw PolderError(status, at: address)
        } catch let error as GRPCError {
            throw .refused(GRPCStatus(error).message)
        } catch {
            throw .failed("\(error)")
        }
    }

    /// One request, answers until the server or Ctrl-C ends it.
    func follow<Request, Response>(
        _ method: ServerStreamMethod<Request, Response>, _ request: JSONValue,
        _ each: (JSONValue) -> Void
    ) async throws(PolderError) {
        do {
            let answers = try await channel.call(method, try Request(json: request))
            while let answer = try await answers.next() { each(answer.json) }
        } catch let status as GRPCStatus {
            if Task.isCancelled { throw .interrupted }
            throw PolderError(status, at: address)
        } catch let error as GRPCError {
            throw .refused(GRPCStatus(error).message)
        } catch {
            throw .failed("\(error)")
        }
    }

    // MARK: - The project

    /// The project that is meant: its name and id.
    ///
    /// - Throws: `.missing` when there is none of that name, or none at all.
    func project() async throws(PolderError) -> JSONValue {
        if let project = known.withLock({ $0 }) { return project }
        let all = try await call(ProjectsService.listProjects)["projects"]?.array ?? []
        let names = all.compactMap { $0["name"]?.string }
        guard let wantedProject else {
            guard let first = all.first(where: { $0["name"]?.string == "default" }) ?? all.first else {
                throw .missing("there is no project yet", next: "polder create project NAME")
            }
            known.withLock { $0 = first }
            return first
        }
        guard
            let found = all.first(where: { $0["name"]?.string == wantedProject })
                ?? all.first(where: { $0["id"]?.string == wantedProject })
        else {
            throw .missing(
                "there is no project \(wantedProject); there are \(names.joined(separator: ", "))",
                next: "polder create project \(wantedProject)")
        }
        known.withLock { $0 = found }
        return found
    }

    /// The project's UUID.
    func projectID() async throws(PolderError) -> String { try await project()["id"]?.string ?? "" }

    /// `{"name": …, "projectId": …}`: how most entities are referred to.
    func reference(_ name: String) async throws(PolderError) -> JSONValue {
        ["name": .string(name), "projectId": .string(try await projectID())]
    }
}

extension PolderError {
    /// What a status means to the person at the keyboard.
    init(_ status: GRPCStatus, at address: ControlPlaneAddress) {
        let text = status.message.isEmpty ? status.code.name : status.message
        switch status.code {
        case .notFound: self = .missing(text, next: "")
        case .unauthenticated:
            self = .refused("\(text); log in with: polder login --context \(address.context.name)")
        case .permissionDenied:
            self = .refused("\(text); an admin can give you the role (polder roles), and a new login is: polder login")
        case .invalidArgument, .alreadyExists, .failedPrecondition, .aborted, .outOfRange: self = .refused(text)
        case .unavailable, .deadlineExceeded: self = .failed("the control plane at \(address.place): \(text)")
        case .cancelled: self = .interrupted
        case .unimplemented: self = .failed("the control plane at \(address.place) does not know this: \(text)")
        case .ok, .unknown, .resourceExhausted, .internal, .dataLoss: self = .failed(text)
        }
    }
}
