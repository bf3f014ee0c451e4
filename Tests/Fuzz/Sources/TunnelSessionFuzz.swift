internal import Bytes
internal import HTTP
internal import System
internal import Tunnel

/// An agent between a hostile server and a careless owner; and two honest ends on a link that the input cuts.
enum TunnelSessionFuzz {
    static func run(_ bytes: UnsafeRawBufferPointer) throws(BrokenInvariant) {
        var input = FuzzInput(bytes)
        if input.flag() {
            try hostile(&input)
        } else {
            var pair = HonestPair(&input)
            try pair.run(&input)
        }
    }

    static let hello = TunnelHello(agentVersion: "1", planeID: "p", instanceID: "i", clusterUID: "u")

    static func open(_ kind: Int) -> TunnelOpen {
        let request: TunnelRequest =
            switch kind % 4 {
            case 0: .http(.init(method: .post, path: "/api"))
            case 1: .exec(.init(namespace: "n", pod: "p", command: ["sh"]))
            case 2: .watch(.init(group: "", version: "v1", resource: "pods"))
            case _: .portForward(.init(namespace: "n", pod: "p", port: 1))
            }
        return TunnelOpen(
            requestID: "r", request, priority: TunnelPriority.allCases[kind % TunnelPriority.allCases.count],
            actor: TunnelActor(subject: "s", organisation: "o"))
    }

    // MARK: A hostile peer

    private static func hostile(_ input: inout FuzzInput) throws(BrokenInvariant) {
        var now = MonotonicTime(nanoseconds: 1)
        var limits = TunnelLimits()
        limits.windows = TunnelWindows(
            maxStreams: 8, streamWindow: 16_384 + input.below(4) * 100, sessionWindow: input.below(500))
        limits.unacknowledgedBytes = 300_000
        var agent = TunnelSession(agent: limits, at: now)
        agent.connectionOpened(hello, at: now)
        agent.receive(
            TunnelFrame.message(
                .welcome, payload: TunnelWelcome(sessionID: "s", replicaID: "r", serverTime: "t").payload()), at: now)
        var held: [UInt32: Int] = [:]
        var isOver = false
        while !input.isUsedUp {
            now = now + .milliseconds(input.below(3) * input.below(3000))
            switch input.below(8) {
            case 0: agent.tick(at: now)
            case 1: agent.sendHead(UInt32(input.below(8)) * 2, TunnelHead())
            case 2:
                agent.write(UInt32(input.below(8)) * 2, [UInt8](repeating: 1, count: input.below(3000))[...], at: now)
            case 3: agent.finish(UInt32(input.below(8)) * 2)
            case 4:
                let id = UInt32(input.below(8)) * 2
                let count = min(held[id] ?? 0, input.below(20_000))
                held[id]? -= count
                agent.consumed(id, count)
            case _: agent.receive(message(&input), at: now)
            }
            try takeEvents(&agent, &held, &isOver, limits)
            try takeMessages(&agent, isOver, at: now)
            try require(
                agent.heldCharge <= limits.windows.sessionWindow && agent.heldCharge >= 0,
                "the session's window is kept")
            try require(agent.unacknowledgedCost <= 300_000 + 65_600, "what is kept has a bound")
            try require(agent.openStreams <= 8, "streams have a bound")
        }
    }

    private static func message(_ input: inout FuzzInput) -> [UInt8] {
        let stream = UInt32(input.below(16))
        let flags = TunnelFlags(rawValue: input.byte() & 7)
        switch input.below(9) {
        case 0, 1, 2:
            return TunnelFrame.message(
                .open, flags.intersection(.end), stream: stream, payload: open(Int(input.byte())).payload())
        case 3, 4:
            let bytes = [UInt8](repeating: input.byte(), count: input.below(9000))
            return TunnelFrame.message(.data, flags, stream: stream, payload: bytes)
        case 5:
            let number = UInt32(input.below(9000))
            return TunnelFrame.message(
                .credit, stream: stream, payload: withUnsafeBytes(of: number.bigEndian) { [UInt8]($0) })
        case 6:
            let number = UInt64(input.below(300))
            return TunnelFrame.message(.ack, payload: withUnsafeBytes(of: number.bigEndian) { [UInt8]($0) })
        case 7: return TunnelFrame.message(.reset, stream: stream, payload: [0, input.byte()])
        case _: return input.take(input.below(40))
        }
    }

    private static func takeEvents(
        _ agent: inout TunnelSession, _ held: inout [UInt32: Int], _ isOver: inout Bool, _ limits: TunnelLimits
    ) throws(BrokenInvariant) {
        while let event = agent.nextEvent() {
            try require(!isOver, "nothing happens when it is over")
            switch event {
            case .data(let id, _, let bytes):
                held[id, default: 0] += bytes.count
                try require(held[id] ?? 0 <= limits.windows.streamWindow, "a stream's window is kept")
            case .reset(let id, _, _): held[id] = nil
            case .over: isOver = true
            case .welcomed, .opened, .refused, .head, .channelEnded, .ended, .trailer, .writable, .fact, .factsStored,
                .draining, .silent:
                break
            }
        }
    }

    private static func takeMessages(
        _ agent: inout TunnelSession, _ isOver: Bool, at now: MonotonicTime
    ) throws(BrokenInvariant) {
        var out = OutputBuffer()
        while agent.nextMessage(into: &out, at: now) {
            let frame: TunnelFrame
            do throws(TunnelError) {
                frame = try TunnelFrame(reading: out.copyBytes())
            } catch {
                throw BrokenInvariant(description: "a message that nobody can read: \(error)")
            }
            try require(!isOver || frame.type == .goodbye, "the last word is GOODBYE")
            out.removeAll()
        }
    }
}

/// Two honest ends: bytes arrive once and in order, whatever the link does, and nobody says goodbye.
private struct HonestPair: ~Copyable {
    private var agent: TunnelSession
    private var server: TunnelSession
    private var now = MonotonicTime(nanoseconds: 1)
    private var toServer: [[UInt8]] = []
    private var toAgent: [[UInt8]] = []
    private var isGreeted = true
    /// By stream and direction (up is even): bytes written, and bytes that came.
    private var written: [UInt32: Int] = [:]
    private var arrived: [UInt32: Int] = [:]
    private var held: [UInt32: Int] = [:]
    private let welcome = TunnelWelcome(sessionID: "s", replicaID: "r", serverTime: "t")

    init(_ input: inout FuzzInput) {
        var limits = TunnelLimits()
        limits.windows = TunnelWindows(
            maxStreams: 8, streamWindow: 16_384 + input.below(40_000), sessionWindow: input.below(60_000))
        limits.unacknowledgedBytes = 300_000
        agent = TunnelSession(agent: limits, at: now)
        agent.connectionOpened(TunnelSessionFuzz.hello, at: now)
        var hello = TunnelSessionFuzz.hello
        hello.windows = limits.windows
        server = TunnelSession(server: limits, accepting: hello, welcome, at: now)
        pump()
        toServer = []  // HELLO is known
        for message in toAgent { agent.receive(message, at: now) }
        toAgent = []
    }

    mutating func run(_ input: inout FuzzInput) throws(BrokenInvariant) {
        while !input.isUsedUp {
            let id = UInt32(1 + input.below(8)) * 2
            switch input.below(12) {
            case 0:
                if case .success(let id) = outcome({ () throws(TunnelRefusal) in
                    try server.open(TunnelSessionFuzz.open(3), at: now)
                }) {
                    written[id] = 0
                    written[id + 1] = 0
                }
            case 1, 2: write(id, up: true, input.below(40_000))
            case 3, 4: write(id, up: false, input.below(40_000))
            case 5: server.finish(id)
            case 6: agent.finish(id)
            case 7: cut()
            case 8: consume(id, input.below(50_000))
            case 9:
                now = now + .milliseconds(input.below(900))
                agent.tick(at: now)
                server.tick(at: now)
            case _: try deliver(1 + input.below(10))
            }
            if input.flag() { pump() }
            try takeEvents()
        }
        cut()
        for _ in 0..<400 {
            pump()
            try deliver(.max)
            try takeEvents()
            for id in held.keys.sorted() { consume(id & ~1, .max) }
        }
        for (flow, count) in written where agent.isOpen(flow & ~1) || server.isOpen(flow & ~1) {
            try require(arrived[flow] ?? 0 == count, "everything arrives: \(flow) \(arrived[flow] ?? 0) of \(count)")
        }
    }

    private mutating func write(_ id: UInt32, up: Bool, _ count: Int) {
        let flow = up ? id : id + 1
        guard let place = written[flow], (up ? server.room(id) : agent.room(id)).isOpen else { return }
        let bytes = (place..<place + count).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ Int(flow)) }[...]
        let room = up ? server.write(id, bytes, at: now) : agent.write(id, bytes, at: now)
        if room != .over { written[flow] = place + count }
    }

    private mutating func consume(_ id: UInt32, _ count: Int) {
        let (up, down) = (min(count, held[id] ?? 0), min(count, held[id + 1] ?? 0))
        held[id, default: 0] -= up
        held[id + 1, default: 0] -= down
        agent.consumed(id, up)
        server.consumed(id, down)
    }

    private mutating func cut() {
        agent.connectionLost(at: now)
        server.connectionLost(at: now)
        toServer = []
        toAgent = []
        isGreeted = false
        agent.connectionOpened(TunnelSessionFuzz.hello, at: now)
    }

    private mutating func pump() {
        var out = OutputBuffer()
        while agent.nextMessage(into: &out, at: now) {
            toServer.append(out.copyBytes())
            out.removeAll()
        }
        while server.nextMessage(into: &out, at: now) {
            toAgent.append(out.copyBytes())
            out.removeAll()
        }
    }

    private mutating func deliver(_ count: Int) throws(BrokenInvariant) {
        for message in toServer.prefix(count) {
            guard !isGreeted else {
                server.receive(message, at: now)
                continue
            }
            isGreeted = true
            guard case .success(let hello) = outcome({ () throws(TunnelError) in try TunnelHello(message: message) })
            else {
                throw BrokenInvariant(description: "a connection begins with HELLO")
            }
            try require(server.canResume(hello), "an honest session can be resumed")
            server.resume(hello, welcome, at: now)
        }
        toServer.removeFirst(min(count, toServer.count))
        for message in toAgent.prefix(count) { agent.receive(message, at: now) }
        toAgent.removeFirst(min(count, toAgent.count))
    }

    private mutating func takeEvents() throws(BrokenInvariant) {
        while let event = agent.nextEvent() { try happened(event, atAgent: true) }
        while let event = server.nextEvent() { try happened(event, atAgent: false) }
    }

    private mutating func happened(_ event: TunnelEvent, atAgent: Bool) throws(BrokenInvariant) {
        switch event {
        case .opened(let id, _): agent.sendHead(id, TunnelHead())
        case .data(let id, nil, let bytes):
            let flow = atAgent ? id : id + 1
            let place = arrived[flow] ?? 0
            for (offset, byte) in bytes.enumerated() {
                try require(
                    byte == UInt8(truncatingIfNeeded: (place + offset) &* 7 &+ Int(flow)), "bytes come in order")
            }
            arrived[flow] = place + bytes.count
            held[flow, default: 0] += bytes.count
        case .over(let end): throw BrokenInvariant(description: "honest ends part: \(end)")
        case .data, .refused, .reset, .trailer, .fact, .factsStored, .draining, .channelEnded:
            throw BrokenInvariant(description: "nobody asked for \(event)")
        case .welcomed, .head, .ended, .writable, .silent: break
        }
    }
}
