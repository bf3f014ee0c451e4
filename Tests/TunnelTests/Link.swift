import Bytes
import HTTP
import System
import TestKit
import Tunnel

/// An agent and a server, and the messages between them, which arrive when the test says so.
final class Link {
    var agent: TunnelSession
    /// Replaced by each HELLO that resumes nothing.
    var server: TunnelSession
    var now = MonotonicTime(nanoseconds: 1_000_000_000)
    var toServer: [[UInt8]] = []
    var toAgent: [[UInt8]] = []
    let agentLimits: TunnelLimits
    let serverLimits: TunnelLimits
    var welcome = TunnelWelcome(sessionID: "s-0", replicaID: "r-0", serverTime: "2026-01-01T00:00:00Z")
    private var sessions = 0
    private var isGreeted = false

    init(agent: TunnelLimits = TunnelLimits(), server: TunnelLimits = TunnelLimits()) {
        agentLimits = agent
        serverLimits = server
        self.agent = TunnelSession(agent: agent, at: now)
        self.server = TunnelSession(server: server, accepting: Self.hello, welcome, at: now)
        self.server.connectionLost(at: now)
    }

    static let hello = TunnelHello(
        agentVersion: "1.0.0", planeID: "plane", instanceID: "agent-0", clusterUID: "uid-1", capabilities: ["http"])

    /// A connection on which both have greeted; events are left for the test.
    func connect() {
        dial()
        exchange()
    }

    /// A connection: HELLO is on its way.
    func dial() {
        toServer = []
        toAgent = []
        isGreeted = false
        agent.connectionOpened(Self.hello, at: now)
    }

    func cut() {
        toServer = []
        toAgent = []
        agent.connectionLost(at: now)
        server.connectionLost(at: now)
    }

    func advance(_ duration: Duration) {
        now = now + duration
        agent.tick(at: now)
        server.tick(at: now)
    }

    /// Takes out what either side has to send, at most so many messages each.
    func pump(_ limit: Int = .max) {
        collect(from: &agent, into: &toServer, limit)
        collect(from: &server, into: &toAgent, limit)
    }

    private func collect(from session: inout TunnelSession, into messages: inout [[UInt8]], _ limit: Int) {
        var taken = 0
        var out = OutputBuffer()
        while taken < limit, session.nextMessage(into: &out, at: now) {
            messages.append(out.copyBytes())
            out.removeAll()
            taken += 1
        }
    }

    func deliverToServer() {
        guard !toServer.isEmpty else { return }
        let message = toServer.removeFirst()
        if isGreeted { return server.receive(message, at: now) }
        isGreeted = true
        guard let hello = try? TunnelHello(message: message) else { return }  // only HELLO is sent first
        if server.canResume(hello) {
            server.resume(hello, welcome, at: now)
        } else {
            sessions += 1
            welcome.sessionID = "s-\(sessions)"
            server = TunnelSession(server: serverLimits, accepting: hello, welcome, at: now)
        }
    }

    func deliverToAgent() {
        guard !toAgent.isEmpty else { return }
        agent.receive(toAgent.removeFirst(), at: now)
    }

    /// Everything goes back and forth until nobody has anything to say.
    func exchange() {
        repeat {
            pump()
            while !toServer.isEmpty { deliverToServer() }
            while !toAgent.isEmpty { deliverToAgent() }
            pump()
        } while !toServer.isEmpty || !toAgent.isEmpty
    }

    func agentEvents() -> [TunnelEvent] {
        var events: [TunnelEvent] = []
        while let event = agent.nextEvent() { events.append(event) }
        return events
    }

    func serverEvents() -> [TunnelEvent] {
        var events: [TunnelEvent] = []
        while let event = server.nextEvent() { events.append(event) }
        return events
    }

    /// A connected pair whose first events are taken.
    static func connected(agent: TunnelLimits = TunnelLimits(), server: TunnelLimits = TunnelLimits()) -> Link {
        let link = Link(agent: agent, server: server)
        link.connect()
        _ = link.agentEvents()
        return link
    }

    /// The server opens a stream, and the agent accepts it.
    func accepted(_ request: TunnelRequest, priority: TunnelPriority = .interactive, hasBody: Bool = true) throws
        -> UInt32
    {
        let id = try server.open(.sample(request, priority: priority), hasBody: hasBody, at: now)
        exchange()
        agent.sendHead(id, TunnelHead())
        exchange()
        _ = agentEvents()
        _ = serverEvents()
        return id
    }
}

extension TunnelOpen {
    static func sample(
        _ request: TunnelRequest = .http(.init(method: .get, path: "/api/v1/pods")),
        priority: TunnelPriority = .interactive, deadline: Int? = nil
    ) -> TunnelOpen {
        TunnelOpen(
            requestID: "req-1", request, priority: priority, deadlineMilliseconds: deadline,
            actor: TunnelActor(subject: "dev@example.com", organisation: "org"))
    }
}

extension TunnelRequest {
    static let get = TunnelRequest.http(.init(method: .get, path: "/api/v1/pods"))
    static let shell = TunnelRequest.exec(.init(namespace: "default", pod: "web-0", command: ["sh"], stdin: true))
    static let follow = TunnelRequest.logs(.init(namespace: "default", pod: "web-0", follow: true))
    static let pods = TunnelRequest.watch(.init(group: "", version: "v1", resource: "pods"))
    static let port = TunnelRequest.portForward(.init(namespace: "default", pod: "web-0", port: 80))
}
