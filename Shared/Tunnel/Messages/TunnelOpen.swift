// OPEN: what a stream is for. Members that all kinds have are read here, those of one kind in TunnelRequest.swift.

/// What kind of work a stream carries.
package enum TunnelKind: String, CaseIterable, Sendable {
    /// One HTTP request to the API server.
    case http
    /// Objects to be applied, server-side.
    case apply
    /// Objects, and how they change.
    case watch
    /// Lines of a container's log.
    case logs
    /// A process in a container.
    case exec
    /// Bytes to and from a port.
    case portForward = "portforward"
    /// Network flows.
    case flows
    /// Work on the agent itself.
    case control

    /// Whether DATA names channels; for the other kinds it must not.
    package var hasChannels: Bool { self == .exec }

    /// Whether whoever opens the stream may send DATA; for the others OPEN has the flag END.
    package var hasUpload: Bool {
        switch self {
        case .http, .apply, .exec, .portForward, .control: true
        case .watch, .logs, .flows: false
        }
    }
}

/// Channels of `exec`.
package enum TunnelChannel {
    /// To the process.
    package static let standardInput: UInt8 = 0
    /// From the process.
    package static let standardOutput: UInt8 = 1
    /// From the process.
    package static let standardError: UInt8 = 2
    /// To the process: two big-endian 16-bit integers, columns and rows.
    package static let resize: UInt8 = 3
    /// To the process: the name of a signal, such as `INT`.
    package static let signal: UInt8 = 4

    /// Whether the side may send on that channel.
    static func isAllowed(_ channel: UInt8, fromOpener: Bool) -> Bool {
        switch channel {
        case standardInput, resize, signal: fromOpener
        case standardOutput, standardError: !fromOpener
        default: false
        }
    }
}

/// Which streams go first when the connection is busy.
package enum TunnelPriority: String, CaseIterable, Sendable {
    /// 8 turns of 15.
    case control
    /// 4 turns of 15.
    case interactive
    /// 2 turns of 15.
    case watch
    /// 1 turn of 15.
    case bulk

    /// Turns.
    package var weight: Int {
        switch self {
        case .control: 8
        case .interactive: 4
        case .watch: 2
        case .bulk: 1
        }
    }
}

/// On whose behalf a stream is opened. The server has authenticated them; the agent's policy and audit look at it.
package struct TunnelActor: Sendable, Equatable {
    /// Who.
    package var subject: String
    /// Of which organisation.
    package var organisation: String
    /// With which roles.
    package var roles: [String]
    /// From which address.
    package var address: String?

    /// All of it.
    package init(subject: String, organisation: String, roles: [String] = [], address: String? = nil) {
        self.subject = subject
        self.organisation = organisation
        self.roles = roles
        self.address = address
    }
}

/// How DATA is compressed, the whole direction as one stream; the owners of the streams do it.
package enum TunnelEncoding: String, CaseIterable, Sendable {
    case identity, gzip, zstd
}

/// OPEN: the first frame of a stream.
package struct TunnelOpen: Sendable, Equatable {
    /// Names the request in both sides' logs and in the audit; the server makes it, never its caller.
    package var requestID: String
    /// What it is for.
    package var request: TunnelRequest
    /// Which streams go first.
    package var priority: TunnelPriority
    /// How long it may take from the moment that OPEN arrives. Milliseconds; nil: the kind's default.
    package var deadlineMilliseconds: Int?
    /// On whose behalf.
    package var actor: TunnelActor
    /// Why, in the actor's words: some policies want it.
    package var reason: String?
    /// W3C trace context of the caller.
    package var traceparent: String?
    /// How DATA is compressed.
    package var encoding: TunnelEncoding

    /// Longest deadline: ten minutes. Streams that last have none.
    package static let deadlines = 1...600_000

    /// All of it.
    package init(
        requestID: String, _ request: TunnelRequest, priority: TunnelPriority = .interactive,
        deadlineMilliseconds: Int? = nil, actor: TunnelActor, reason: String? = nil, traceparent: String? = nil,
        encoding: TunnelEncoding = .identity
    ) {
        self.requestID = requestID
        self.request = request
        self.priority = priority
        self.deadlineMilliseconds = deadlineMilliseconds
        self.actor = actor
        self.reason = reason
        self.traceparent = traceparent
        self.encoding = encoding
    }

    /// The kind of work.
    package var kind: TunnelKind { request.kind }

    /// Reads the payload.
    package init(payload: ArraySlice<UInt8>) throws(TunnelError) {
        self = try MemberReader.read("OPEN", payload) { reader throws(TunnelError) in
            var kind: TunnelKind?
            var requestID: String?
            var priority: TunnelPriority?
            var deadline: Int?
            var actor: TunnelActor?
            var reason: String?
            var traceparent: String?
            var encoding = TunnelEncoding.identity
            var draft = RequestDraft()
            while let name = try reader.next() {
                switch name {
                case "kind": kind = try reader.choice() as TunnelKind
                case "reqID": requestID = try reader.word(1...64)
                case "priority": priority = try reader.choice() as TunnelPriority
                case "deadlineMs": deadline = try reader.int(Self.deadlines)
                case "actor": actor = try TunnelActor(&reader)
                case "reason": reason = try reader.text(1...1024)
                case "traceparent": traceparent = try reader.word(1...128)
                case "enc": encoding = try reader.choice()
                default:
                    if try !draft.read(name, &reader) { try reader.skip() }
                }
            }
            return TunnelOpen(
                requestID: try reader.required(requestID, "reqID"),
                try draft.request(try reader.required(kind, "kind"), reader),
                priority: try reader.required(priority, "priority"), deadlineMilliseconds: deadline,
                actor: try reader.required(actor, "actor"), reason: reason, traceparent: traceparent,
                encoding: encoding)
        }
    }

    /// The payload.
    package func payload() -> [UInt8] {
        var writer = MemberWriter()
        writer.text("kind", kind.rawValue)
        writer.text("reqID", requestID)
        writer.text("priority", priority.rawValue)
        writer.integer("deadlineMs", deadlineMilliseconds)
        writer.object("actor") { writer in
            writer.text("sub", actor.subject)
            writer.text("org", actor.organisation)
            writer.texts("roles", actor.roles)
            writer.text("ip", actor.address)
        }
        writer.text("reason", reason)
        writer.text("traceparent", traceparent)
        if encoding != .identity { writer.text("enc", encoding.rawValue) }
        request.write(to: &writer)
        return writer.end()
    }
}

extension TunnelActor {
    fileprivate init(_ reader: inout MemberReader) throws(TunnelError) {
        var subject: String?
        var organisation: String?
        var roles: [String] = []
        var address: String?
        try reader.enter()
        while let name = try reader.next() {
            switch name {
            case "sub": subject = try reader.text(1...256)
            case "org": organisation = try reader.text(1...128)
            case "roles": roles = try reader.texts(1...128, count: 0...64)
            case "ip": address = try reader.word(1...64)
            default: try reader.skip()
            }
        }
        self.init(
            subject: try reader.required(subject, "actor.sub"),
            organisation: try reader.required(organisation, "actor.org"), roles: roles, address: address)
    }
}
