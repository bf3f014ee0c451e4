internal import Bytes
internal import EventLoop
internal import HTTP
internal import JSON
internal import System
internal import Wire

/// The runtime on a Unix socket: HTTP/1.1 and JSON, for processes of the same user.
///
///     GET  /v1/plane                         the ready document; 503 while the plane is not ready
///     GET  /v1/processes                     {"processes":[{"name","group","binary","status","pid","restarts","adminUrl",
///                                             "labels","annotations"}]}
///     PUT  /v1/groups/{group}/processes      {"processes":[{"name","binary","arguments","environment","adminUrl",
///                                             "adminSetting","labels","annotations"}]}
///     GET  /v1/processes/{name}/logs?last=N  text, a line per line
///
/// A process is called `[a-z0-9][a-z0-9.-]{0,62}`, and by one group only: else 400, 409, and nothing is changed.
/// The group `plane` belongs to `polder up` itself and cannot be changed here.
struct RuntimeRoutes: Sendable {
    private enum Route { case plane, processes, apply, logs }

    let runtime: any Runtime
    let plane: @Sendable () -> ReadyDocument?

    func answer(_ request: Request) async -> Response {
        var router = Router<Route>()
        router.add(.get, "/v1/plane", .plane)
        router.add(.get, "/v1/processes", .processes)
        router.add(.put, "/v1/groups/{group}/processes", .apply)
        router.add(.get, "/v1/processes/{name}/logs", .logs)
        switch router.match(request.method, request.path) {
        case .found(let route, let parameters):
            switch route {
            case .plane:
                guard let document = plane() else { return .text(.serviceUnavailable, "the plane is not ready yet\n") }
                return .json(.ok, document.json.bytes())
            case .processes:
                let list = await runtime.list().map(\.json)
                return .json(.ok, JSONValue.object(["processes": .array(list)]).bytes())
            case .apply: return await apply(request, group: parameters["group"] ?? "")
            case .logs: return await logs(request, name: parameters["name"] ?? "")
            }
        case .methodNotAllowed(let allowed):
            return .text(.methodNotAllowed, "", headers: ["allow": allowed.map(\.description).joined(separator: ", ")])
        case .notFound: return .text(.notFound, "no such path\n")
        }
    }

    private func apply(_ request: Request, group: String) async -> Response {
        guard group != "plane", !group.isEmpty else {
            return .text(.forbidden, "the group \(group) belongs to the supervisor\n")
        }
        guard let list = processes(in: request.body) else {
            return .text(.badRequest, "the body must be {\"processes\":[…]}; binaries are names without a folder\n")
        }
        guard list.allSatisfy(\.isNamedWell) else {
            return .text(.badRequest, "the name of a process must be \(ProcessSpec.nameRule)\n")
        }
        let taken = await runtime.apply(group: group, list)
        guard taken.isEmpty else {
            return .text(.conflict, "another group has these processes: \(taken.joined(separator: ", "))\n")
        }
        return Response(.noContent)
    }

    private func processes(in body: [UInt8]) -> [ProcessSpec]? {
        do {
            guard let list = try JSONValue.parse(body)["processes"]?.array else { return nil }
            let specs = list.compactMap { ProcessSpec(json: $0) }
            return specs.count == list.count && Set(specs.map(\.name)).count == list.count ? specs : nil
        } catch {
            return nil
        }
    }

    private func logs(_ request: Request, name: String) async -> Response {
        let count = request.queryItems["last"].flatMap { Int($0) } ?? LogTail.lineLimit
        guard count >= 0, let lines = await runtime.logs(of: name, last: count) else {
            return .text(.notFound, "no process of that name\n")
        }
        return .text(.ok, lines.map { "\($0)\n" }.joined())
    }
}

/// Listens on the socket's path. Lives on the supervisor's loop.
final class RuntimeListener: ReadyHandler {
    /// Connections served at a time; more wait in the kernel.
    private static let connectionLimit = 32

    private let loop: EventLoop
    private let socket: FileDescriptor
    private let routes: RuntimeRoutes
    private var connections: [Int32: RuntimeConnection] = [:]

    /// Call it on the loop. A socket left by a killed supervisor is replaced: the caller holds the folder's lock.
    init(path: String, loop: EventLoop, routes: RuntimeRoutes) throws(SystemError) {
        self.loop = loop
        self.routes = routes
        try File.remove(path)
        socket = try Socket.listen(on: try SocketAddress(unixPath: path))
        // The folder is 0700 already; the socket says it too.
        try File.setMode(path, 0o600)
        try loop.register(socket.raw, .read, self)
    }

    func ready(_ events: ReadyEvents) {
        guard connections.count < Self.connectionLimit, case .done(let number) = Socket.accept(raw: socket.raw) else {
            return
        }
        let raw = Int32(number)
        let connection = RuntimeConnection(raw, loop: loop, routes: routes) { [weak self] in
            self?.connections[raw] = nil
        }
        connections[raw] = connection
        connection.open()
    }
}

/// One connection: a request at a time, then the next.
private final class RuntimeConnection: ReadyHandler {
    private let raw: Int32
    private let loop: EventLoop
    private let routes: RuntimeRoutes
    private let closed: () -> Void
    private let parser = RequestParser(limits: HTTPLimits())
    private var output: [UInt8] = []
    private var isOpen = true
    private var isAnswering = false
    private var closesAfterwards = false

    init(_ raw: Int32, loop: EventLoop, routes: RuntimeRoutes, closed: @escaping () -> Void) {
        self.raw = raw
        self.loop = loop
        self.routes = routes
        self.closed = closed
    }

    func open() {
        do {
            try loop.register(raw, .read, self)
            // An idle or slow peer must not hold a place for ever.
            loop.schedule(after: .seconds(30)) { [weak self] in self?.close() }
        } catch {
            isOpen = false
            FileDescriptor.close(raw: raw)
            closed()
        }
    }

    func ready(_ events: ReadyEvents) {
        if events.contains(.writable), !output.isEmpty { write() }
        guard isOpen, events.contains(.readable) || events.contains(.hungUp), !isAnswering else { return }
        var hasEnded = false
        withUnsafeTemporaryAllocation(byteCount: 16 << 10, alignment: 16) { buffer in
            switch FileDescriptor.read(raw: raw, into: buffer) {
            case .done(let count):
                hasEnded = count == 0
                parser.feed(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            case .wouldBlock: break
            case .failed: hasEnded = true
            }
        }
        if hasEnded { close() } else { advance() }
    }

    private func advance() {
        guard isOpen, !isAnswering else { return }
        do {
            switch try parser.next() {
            case .needMore: loop.modify(raw, output.isEmpty ? .read : [.read, .write])
            case .continueExpected: send(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8))
            case .request:
                let request = parser.withRequest { head, body in Request(copying: head, body: body) }
                closesAfterwards = !parser.keepsAlive
                parser.consume()
                answer(request)
            }
        } catch {
            closesAfterwards = true
            send(.text(error.status, "\(error)\n"), to: .get)
        }
    }

    /// The next request is not read before this one is answered.
    private func answer(_ request: Request) {
        isAnswering = true
        loop.modify(raw, output.isEmpty ? [] : .write)
        // Owned by the loop: both ends of the hop are this connection's own.
        nonisolated(unsafe) let connection = self
        let (routes, loop) = (routes, loop)
        Task.detached {
            let response = await routes.answer(request)
            loop.post {
                connection.isAnswering = false
                connection.send(response, to: request.method)
                connection.advance()
            }
        }
    }

    private func send(_ response: Response, to method: Method) {
        var buffer = OutputBuffer()
        HTTP1Writer.write(response, to: method, keepsAlive: !closesAfterwards, into: &buffer)
        send(buffer.copyBytes())
    }

    private func send(_ bytes: [UInt8]) {
        guard isOpen else { return }
        output += bytes
        write()
    }

    private func write() {
        while !output.isEmpty {
            switch output.withUnsafeBytes({ FileDescriptor.write(raw: raw, $0) }) {
            case .done(let count): output.removeFirst(count)
            case .wouldBlock:
                loop.modify(raw, [.read, .write])
                return
            case .failed:
                close()
                return
            }
        }
        if closesAfterwards { close() }
    }

    private func close() {
        guard isOpen else { return }
        isOpen = false
        loop.unregister(raw)
        FileDescriptor.close(raw: raw)
        closed()
    }
}
