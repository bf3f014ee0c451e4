// All servers stand behind one address. The answer to the upgrade names the one that was reached (`Tunnel-Replica`), before HELLO:
//
//                        reached                    cut
//           unknown ──────────────► connected ──────────────► waiting ──┐ reached: resume
//              ▲                     │  │  ▲                     │      │
//              │      drained        │  │  └─────────────────────┼──────┘
//              │        ┌────────────┘  │ over                   │ over: not resumed in time
//              │        ▼               ▼                        ▼
//              └──── leaving ──────► unknown ◄───────────────────┘

/// Which servers an agent holds sessions with, and whether it should dial for another one.
package struct ReplicaPlan: Sendable {
    /// What to do with a web-socket that has just been opened.
    package enum Choice: Sendable, Equatable {
        /// A new session.
        case begin
        /// The session with this server waits for it.
        case resume
        /// There is a session with this server, or it leaves: close the web-socket, before HELLO.
        case close
    }

    private enum State { case connected, waiting, leaving }

    /// Most servers that an agent holds.
    package let maxServers: Int
    private var states: [String: State] = [:]
    private var replicaCount = 1
    private var misses = 0

    /// Without any.
    package init(maxServers: Int = 3) {
        precondition(maxServers > 0, "an agent holds one server at least")
        self.maxServers = maxServers
    }

    /// How many sessions are connected.
    package var connected: Int { states.values.filter { $0 == .connected }.count }
    /// How many there should be.
    package var wanted: Int { min(replicaCount, maxServers) }
    /// Whether to dial: fewer than there should be, or one that waits to be resumed.
    package var shouldDial: Bool { connected < wanted || states.values.contains(.waiting) }

    /// A web-socket is open, and the server has named itself.
    package mutating func reached(_ replica: String) -> Choice {
        switch states[replica] {
        case .connected, .leaving:
            misses += 1
            return .close
        case .waiting:
            states[replica] = .connected
            misses = 0
            return .resume
        case nil:
            // Enough of others: this one is only wanted when nobody waits for an old one.
            guard connected < wanted else {
                misses += 1
                return .close
            }
            states[replica] = .connected
            misses = 0
            return .begin
        }
    }

    /// WELCOME tells how many servers there are.
    package mutating func welcomed(replicaCount: Int) { self.replicaCount = max(1, replicaCount) }

    /// A connection is gone and its session waits.
    package mutating func cut(_ replica: String) {
        switch states[replica] {
        case .connected: states[replica] = .waiting
        case .leaving: states[replica] = nil
        case .waiting, nil: break
        }
    }

    /// The server drains: it does not count any more, and another one is wanted.
    package mutating func drained(_ replica: String) {
        if states[replica] != nil { states[replica] = .leaving }
    }

    /// The session with that server is over.
    package mutating func over(_ replica: String) { states[replica] = nil }

    /// How long to wait before dialling again after ``Choice/close``: 1 s at first, then half as much again, up to 10 s, ± 10 %.
    package func probeDelay(using random: inout some RandomNumberGenerator) -> Duration {
        var seconds = 1.0
        for _ in 1..<max(2, min(misses, 8)) where misses > 1 { seconds *= 1.5 }
        return .milliseconds(Int64(min(10, seconds) * Double.random(in: 0.9...1.1, using: &random) * 1000))
    }
}
