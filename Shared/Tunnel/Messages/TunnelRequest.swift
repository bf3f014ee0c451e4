internal import Bytes
package import HTTP

/// What a stream asks for: the members of OPEN that its kind adds.
package enum TunnelRequest: Sendable, Equatable {
    case http(HTTPCall)
    case apply(ApplyCall)
    case watch(WatchCall)
    case logs(LogsCall)
    case exec(ExecCall)
    case portForward(PortForwardCall)
    case flows(FlowsCall)
    case control(ControlCall)

    /// An HTTP request. DATA is its body; OPEN with END: it has none. The answer is HEAD and DATA.
    package struct HTTPCall: Sendable, Equatable {
        /// A token; methods are case-sensitive.
        package var method: Method
        /// Still percent-encoded: what the policy parses is what is sent.
        package var path: String
        /// Without `?`; empty for none.
        package var query = ""
        /// End-to-end fields.
        package var headers = Headers()

        /// A request.
        package init(method: Method, path: String, query: String = "", headers: Headers = Headers()) {
            self.method = method
            self.path = path
            self.query = query
            self.headers = headers
        }
    }

    /// Server-side apply. DATA is objects, a line of JSON each; the answer's DATA is a line for each; TRAILER sums up.
    package struct ApplyCall: Sendable, Equatable {
        /// Who owns the fields.
        package var fieldManager: String
        /// Whether fields of others are taken over.
        package var force = false
        /// Whether nothing is really changed.
        package var dryRun = false
        /// Which objects that are not in DATA are deleted.
        package var prune: Prune?

        /// What is pruned.
        package struct Prune: Sendable, Equatable {
            /// A label selector.
            package var selector: String
            /// Kinds that are never deleted.
            package var keepKinds: [String] = []

            /// All of it.
            package init(selector: String, keepKinds: [String] = []) {
                self.selector = selector
                self.keepKinds = keepKinds
            }
        }

        /// All of it.
        package init(fieldManager: String, force: Bool = false, dryRun: Bool = false, prune: Prune? = nil) {
            self.fieldManager = fieldManager
            self.force = force
            self.dryRun = dryRun
            self.prune = prune
        }
    }

    /// A watch. The answer's DATA is a line of JSON for each change; see ``WatchCoalescer``.
    package struct WatchCall: Sendable, Equatable {
        /// The API group; empty for the core.
        package var group: String
        /// The API version.
        package var version: String
        /// The plural name.
        package var resource: String
        /// nil: all of them, or a resource without namespaces.
        package var namespace: String?
        /// Which objects, by label.
        package var labelSelector: String?
        /// Which objects, by field.
        package var fieldSelector: String?
        /// Where to begin; nil: list first.
        package var fromVersion: String?
        /// Which members of the objects are wanted; empty: all.
        package var fields: [String] = []

        /// A watch of everything of that resource.
        package init(
            group: String, version: String, resource: String, namespace: String? = nil, fromVersion: String? = nil
        ) {
            self.group = group
            self.version = version
            self.resource = resource
            self.namespace = namespace
            self.fromVersion = fromVersion
        }
    }

    /// A log. The answer's DATA is whole lines; lines longer than a frame are cut. TRAILER ends it.
    package struct LogsCall: Sendable, Equatable {
        /// Where.
        package var namespace: String
        /// One pod; or a selector.
        package var pod: String?
        /// Which pods, by label; or one pod.
        package var selector: String?
        /// nil: the only one.
        package var container: String?
        /// Whether it goes on when all that there is was sent.
        package var follow = false
        /// RFC 3339.
        package var sinceTime: String?
        /// How far back.
        package var sinceSeconds: Int?
        /// How many of the last lines.
        package var tailLines: Int?
        /// Of the container before this one.
        package var previous = false
        /// Whether every line begins with its time.
        package var timestamps = false

        /// The log of one pod.
        package init(namespace: String, pod: String, container: String? = nil, follow: Bool = false) {
            self.namespace = namespace
            self.pod = pod
            self.container = container
            self.follow = follow
        }

        /// The logs of some pods.
        package init(namespace: String, selector: String, follow: Bool = false) {
            self.namespace = namespace
            self.selector = selector
            self.follow = follow
        }
    }

    /// A process. DATA has channels (``TunnelChannel``); TRAILER has the exit code.
    package struct ExecCall: Sendable, Equatable {
        /// Where.
        package var namespace: String
        /// In which pod.
        package var pod: String
        /// nil: the only one.
        package var container: String?
        /// Program and arguments.
        package var command: [String]
        /// Whether it has a terminal.
        package var tty = false
        /// Whether it reads standard input.
        package var stdin = false
        /// The terminal's width.
        package var columns: Int?
        /// The terminal's height.
        package var rows: Int?

        /// A process.
        package init(
            namespace: String, pod: String, container: String? = nil, command: [String], tty: Bool = false,
            stdin: Bool = false, columns: Int? = nil, rows: Int? = nil
        ) {
            self.namespace = namespace
            self.pod = pod
            self.container = container
            self.command = command
            self.tty = tty
            self.stdin = stdin
            self.columns = columns
            self.rows = rows
        }
    }

    /// Bytes to and from a pod's port.
    package struct PortForwardCall: Sendable, Equatable {
        /// What the bytes are.
        package enum Form: String, CaseIterable, Sendable {
            /// The port's own.
            case raw
            /// SPDY as kubectl speaks it inside its web-socket, passed through: ports are named inside.
            case spdy
        }

        /// Where.
        package var namespace: String
        /// One pod; or a service.
        package var pod: String?
        /// One service; or a pod.
        package var service: String?
        /// The port; nil for `.spdy`.
        package var port: Int?
        /// What the bytes are.
        package var form = Form.raw

        /// A port of a pod.
        package init(namespace: String, pod: String, port: Int) {
            self.namespace = namespace
            self.pod = pod
            self.port = port
        }

        /// A port of a service.
        package init(namespace: String, service: String, port: Int) {
            self.namespace = namespace
            self.service = service
            self.port = port
        }

        /// kubectl's own conversation with a pod.
        package init(spdyTo pod: String, namespace: String) {
            self.namespace = namespace
            self.pod = pod
            form = .spdy
        }
    }

    /// Network flows, a line of JSON each, already redacted by the agent.
    package struct FlowsCall: Sendable, Equatable {
        /// Where.
        package var namespace: String
        /// Which workloads, by label.
        package var selector: String

        /// All of it.
        package init(namespace: String, selector: String) {
            self.namespace = namespace
            self.selector = selector
        }
    }

    /// Work on the agent itself. DATA is JSON, both ways.
    package struct ControlCall: Sendable, Equatable {
        /// What to do.
        package enum Operation: String, CaseIterable, Sendable {
            case rotateCertificate = "rotate-cert"
            case policyGet = "policy-get"
            case diagnose = "diag"
            case upgradeHint = "upgrade-hint"
        }

        /// What to do.
        package var operation: Operation

        /// That operation.
        package init(_ operation: Operation) { self.operation = operation }
    }

    /// The kind.
    package var kind: TunnelKind {
        switch self {
        case .http: .http
        case .apply: .apply
        case .watch: .watch
        case .logs: .logs
        case .exec: .exec
        case .portForward: .portForward
        case .flows: .flows
        case .control: .control
        }
    }
}

extension TunnelRequest {
    func write(to writer: inout MemberWriter) {
        switch self {
        case .http(let call):
            writer.text("method", call.method.description)
            writer.text("path", call.path)
            if !call.query.isEmpty { writer.text("query", call.query) }
            writer.headers(call.headers)
        case .apply(let call):
            writer.text("fieldManager", call.fieldManager)
            writer.flag("force", call.force)
            writer.flag("dryRun", call.dryRun)
            if let prune = call.prune {
                writer.object("prune") { writer in
                    writer.text("selector", prune.selector)
                    writer.texts("keepKinds", prune.keepKinds)
                }
            }
        case .watch(let call):
            writer.text("group", call.group)
            writer.text("version", call.version)
            writer.text("resource", call.resource)
            writer.text("namespace", call.namespace)
            writer.text("labelSelector", call.labelSelector)
            writer.text("fieldSelector", call.fieldSelector)
            writer.text("fromVersion", call.fromVersion)
            writer.texts("fields", call.fields)
        case .logs(let call):
            writer.text("namespace", call.namespace)
            writer.text("pod", call.pod)
            writer.text("selector", call.selector)
            writer.text("container", call.container)
            writer.flag("follow", call.follow)
            writer.text("sinceTime", call.sinceTime)
            writer.integer("sinceSeconds", call.sinceSeconds)
            writer.integer("tailLines", call.tailLines)
            writer.flag("previous", call.previous)
            writer.flag("timestamps", call.timestamps)
        case .exec(let call):
            writer.text("namespace", call.namespace)
            writer.text("pod", call.pod)
            writer.text("container", call.container)
            writer.texts("command", call.command)
            writer.flag("tty", call.tty)
            writer.flag("stdin", call.stdin)
            writer.integer("cols", call.columns)
            writer.integer("rows", call.rows)
        case .portForward(let call):
            writer.text("namespace", call.namespace)
            writer.text("pod", call.pod)
            writer.text("service", call.service)
            writer.integer("port", call.port)
            if call.form != .raw { writer.text("form", call.form.rawValue) }
        case .flows(let call):
            writer.text("namespace", call.namespace)
            writer.text("selector", call.selector)
        case .control(let call):
            writer.text("op", call.operation.rawValue)
        }
    }
}

/// The members of all kinds as they come: `kind` may stand behind them.
struct RequestDraft {
    private var words: [String: String] = [:]
    private var numbers: [String: Int] = [:]
    private var flags: Set<String> = []
    private var headers = Headers()
    private var command: [String] = []
    private var fields: [String] = []
    private var prune: TunnelRequest.ApplyCall.Prune?
    private var form = TunnelRequest.PortForwardCall.Form.raw
    private var operation: TunnelRequest.ControlCall.Operation?

    /// Reads a member's value. False when no kind has such a member.
    mutating func read(_ name: String, _ reader: inout MemberReader) throws(TunnelError) -> Bool {
        switch name {
        case "method":
            let method = try reader.word(1...32)
            guard method.utf8.allSatisfy(ASCII.isToken) else { throw reader.broken("a method") }
            words[name] = method
        case "path":
            let path = try reader.word(1...8192)
            guard path.utf8.first == UInt8(ascii: "/"), !path.utf8.contains(where: { $0 == 0x3F || $0 == 0x23 }) else {
                throw reader.broken("a path that begins with '/' and has neither '?' nor '#'")
            }
            words[name] = path
        case "query": words[name] = try reader.word(0...8192)
        case "group": words[name] = try reader.word(0...253)
        case "version", "resource", "namespace", "pod", "service", "container", "fieldManager":
            words[name] = try reader.word(1...253)
        case "fromVersion", "sinceTime": words[name] = try reader.word(1...64)
        case "selector", "labelSelector", "fieldSelector": words[name] = try reader.text(1...4096)
        case "sinceSeconds": numbers[name] = try reader.int(0...31_536_000)
        case "tailLines": numbers[name] = try reader.int(0...1_000_000_000)
        case "port": numbers[name] = try reader.int(1...65_535)
        case "cols", "rows": numbers[name] = try reader.int(1...65_535)
        case "force", "dryRun", "follow", "previous", "timestamps", "tty", "stdin":
            if try reader.bool() { flags.insert(name) }
        case "headers": headers = try reader.headers()
        case "command": command = try reader.texts(0...32_768, count: 1...256)
        case "fields": fields = try reader.texts(1...256, count: 0...64)
        case "prune": prune = try Self.prune(&reader)
        case "form": form = try reader.choice()
        case "op": operation = try reader.choice() as TunnelRequest.ControlCall.Operation
        default: return false
        }
        return true
    }

    private static func prune(_ reader: inout MemberReader) throws(TunnelError) -> TunnelRequest.ApplyCall.Prune {
        var selector: String?
        var keepKinds: [String] = []
        try reader.enter()
        while let name = try reader.next() {
            switch name {
            case "selector": selector = try reader.text(1...4096)
            case "keepKinds": keepKinds = try reader.texts(1...253, count: 0...64)
            default: try reader.skip()
            }
        }
        return TunnelRequest.ApplyCall.Prune(
            selector: try reader.required(selector, "prune.selector"), keepKinds: keepKinds)
    }

    /// The request of that kind; members of other kinds count as unknown.
    func request(_ kind: TunnelKind, _ reader: MemberReader) throws(TunnelError) -> TunnelRequest {
        func word(_ name: String) throws(TunnelError) -> String { try reader.required(words[name], name) }
        switch kind {
        case .http:
            return .http(
                .init(
                    method: Method(try word("method")), path: try word("path"), query: words["query"] ?? "",
                    headers: headers))
        case .apply:
            guard try word("fieldManager").utf8.count <= 128 else {
                throw .badMember(message: "OPEN", member: "fieldManager", rule: "a string of 1 to 128 bytes")
            }
            return .apply(
                .init(
                    fieldManager: try word("fieldManager"), force: flags.contains("force"),
                    dryRun: flags.contains("dryRun"), prune: prune))
        case .watch:
            var call = TunnelRequest.WatchCall(
                group: try word("group"), version: try word("version"), resource: try word("resource"),
                namespace: words["namespace"], fromVersion: words["fromVersion"])
            call.labelSelector = words["labelSelector"]
            call.fieldSelector = words["fieldSelector"]
            call.fields = fields
            return .watch(call)
        case .logs:
            let namespace = try word("namespace")
            var call: TunnelRequest.LogsCall
            switch (words["pod"], words["selector"]) {
            case (let pod?, nil): call = .init(namespace: namespace, pod: pod)
            case (nil, let selector?): call = .init(namespace: namespace, selector: selector)
            case (nil, nil), (.some, .some):
                throw .badMember(message: "OPEN", member: "pod", rule: "there, or 'selector', and not both")
            }
            call.container = words["container"]
            call.follow = flags.contains("follow")
            call.sinceTime = words["sinceTime"]
            call.sinceSeconds = numbers["sinceSeconds"]
            call.tailLines = numbers["tailLines"]
            call.previous = flags.contains("previous")
            call.timestamps = flags.contains("timestamps")
            return .logs(call)
        case .exec:
            guard !command.isEmpty else { throw reader.missing("command") }
            return .exec(
                .init(
                    namespace: try word("namespace"), pod: try word("pod"), container: words["container"],
                    command: command, tty: flags.contains("tty"), stdin: flags.contains("stdin"),
                    columns: numbers["cols"], rows: numbers["rows"]))
        case .portForward:
            let namespace = try word("namespace")
            switch (form, words["pod"], words["service"], numbers["port"]) {
            case (.raw, let pod?, nil, let port?):
                return .portForward(.init(namespace: namespace, pod: pod, port: port))
            case (.raw, nil, let service?, let port?):
                return .portForward(.init(namespace: namespace, service: service, port: port))
            case (.spdy, let pod?, nil, nil): return .portForward(.init(spdyTo: pod, namespace: namespace))
            case (.raw, _, _, nil): throw reader.missing("port")
            case (.raw, _, _, _), (.spdy, _, _, _):
                throw .badMember(message: "OPEN", member: "pod", rule: "there, or 'service' with 'raw', and not both")
            }
        case .flows: return .flows(.init(namespace: try word("namespace"), selector: try word("selector")))
        case .control:
            guard let operation else { throw reader.missing("op") }
            return .control(.init(operation))
        }
    }
}
