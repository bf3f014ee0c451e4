import Bytes
import HTTP
import System
import Tunnel

/// Both ends of a session in memory, message by message, as web-sockets would carry them: each message is one copy.
struct TunnelBenchmark: ~Copyable {
    private var agent: TunnelSession
    private var server: TunnelSession
    private var now = MonotonicTime.now()
    private var out = OutputBuffer(capacity: 70_000)
    private var messages = 0

    init() {
        let hello = TunnelHello(agentVersion: "1", planeID: "p", instanceID: "i", clusterUID: "u")
        agent = TunnelSession(agent: TunnelLimits(), at: now)
        agent.connectionOpened(hello, at: now)
        server = TunnelSession(
            server: TunnelLimits(), accepting: hello,
            TunnelWelcome(sessionID: "s", replicaID: "r", serverTime: "2026-01-01T00:00:00Z"), at: now)
        _ = agent.nextMessage(into: &out, at: now)  // HELLO is known
        out.removeAll()
        exchange()
    }

    private mutating func exchange() {
        var isQuiet = false
        while !isQuiet {
            isQuiet = true
            while server.nextMessage(into: &out, at: now) {
                agent.receive(out.copyBytes(), at: now)
                out.removeAll()
                messages += 1
                isQuiet = false
            }
            while agent.nextMessage(into: &out, at: now) {
                server.receive(out.copyBytes(), at: now)
                out.removeAll()
                messages += 1
                isQuiet = false
            }
        }
    }

    private static let open = TunnelOpen(
        requestID: "0f8e1c52-7c1b-4a39-9a55-0d8c11a0b001",
        .http(
            .init(
                method: .get, path: "/api/v1/namespaces/default/pods", query: "limit=50",
                headers: ["accept": "application/json"])),
        actor: TunnelActor(subject: "dev@example.com", organisation: "org"))
    private static let head = TunnelHead(headers: ["content-type": "application/json", "content-length": "1000"])

    /// A small `http` call, both ends: OPEN, HEAD, DATA of 1000 bytes.
    private mutating func call(_ body: [UInt8]) {
        guard
            case .success(let id) = Result(catching: { () throws(TunnelRefusal) in
                try server.open(Self.open, hasBody: false, at: now)
            })
        else { return }
        exchange()
        while let event = agent.nextEvent() {
            if case .opened(let id, _) = event {
                agent.sendHead(id, Self.head)
                agent.write(id, body[...], at: now)
                agent.finish(id)
            }
        }
        exchange()
        while let event = server.nextEvent() {
            if case .data(_, _, let bytes) = event { server.consumed(id, bytes.count) }
        }
    }

    /// Bytes through one stream, in pieces of 64 KiB.
    private mutating func copy(_ id: UInt32, _ piece: [UInt8], _ count: Int) {
        for _ in 0..<count {
            agent.write(id, piece[...], at: now)
            exchange()
            while let event = server.nextEvent() {
                if case .data(_, _, let bytes) = event { server.consumed(id, bytes.count) }
            }
            while agent.nextEvent() != nil {}
        }
    }

    /// Nanoseconds for a call, both ends.
    static func callNanoseconds() -> Double {
        var pair = TunnelBenchmark()
        let body = [UInt8](repeating: 7, count: 1000)
        return nanosecondsPerCall { count in for _ in 0..<count { pair.call(body) } }
    }

    /// Nanoseconds for a DATA frame of so many bytes, both ends, its part of CREDIT and ACK included.
    static func frameNanoseconds(bytes: Int) -> Double {
        var pair = TunnelBenchmark()
        guard
            case .success(let id) = Result(catching: { () throws(TunnelRefusal) in
                try pair.server.open(
                    TunnelOpen(
                        requestID: "r", .portForward(.init(namespace: "n", pod: "p", port: 1)), priority: .bulk,
                        actor: TunnelActor(subject: "s", organisation: "o")), at: pair.now)
            })
        else { return .nan }
        pair.exchange()
        pair.agent.sendHead(id, TunnelHead())
        let piece = [UInt8](repeating: 7, count: bytes)
        return nanosecondsPerCall { count in pair.copy(id, piece, count) }
    }
}
