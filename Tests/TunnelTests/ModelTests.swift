import Glibc
import System
import TestKit
import Testing
import Tunnel

/// Two sessions, joined by a link that cuts, with random work: what must hold holds after every step.
@Suite struct ModelTests {
    @Test(arguments: 0..<12)
    func `bytes arrive once and in order, credit is kept, nothing stalls, whatever the link does`(_ seed: Int) {
        var model = Model(seed: UInt64(seed))
        for _ in 0..<1500 { model.step() }
        model.complete()
        #expect(model.faults.isEmpty, "\(model.faults.prefix(3))")
    }
}

/// One direction of one stream: bytes are a function of stream, direction and place.
private struct Flow {
    var written = 0
    var goal: Int
    var isFinished = false
    var arrived = 0
    var unconsumed = 0
    var hasEnded = false
    var consumerSleeps = false

    private static let pattern: [UInt8] = {
        var random = SeededGenerator(seed: 1)
        return (0..<1_100_000).map { _ in UInt8.random(in: 0...255, using: &random) }
    }()

    /// What that flow carries from one place to another.
    static func bytes(_ id: UInt32, _ up: Bool, _ places: Range<Int>) -> ArraySlice<UInt8> {
        let start = Int(id) % 50_000 * 2 + (up ? 1 : 0)
        return pattern[(start + places.lowerBound)..<(start + places.upperBound)]
    }

    static func areEqual(_ left: ArraySlice<UInt8>, _ right: ArraySlice<UInt8>) -> Bool {
        left.withUnsafeBytes { left in
            right.withUnsafeBytes { right in
                left.count == right.count
                    && (left.isEmpty || memcmp(left.baseAddress!, right.baseAddress!, left.count) == 0)
            }
        }
    }
}

private struct Work {
    let hasChannels: Bool
    var isAccepted = false
    var isReset = false
    var up: Flow
    var down: Flow
}

private struct Model {
    let link: Link
    var random: SeededGenerator
    var work: [UInt32: Work] = [:]
    var faults: [String] = []
    var isConnected = true
    var completing = false

    init(seed: UInt64) {
        random = SeededGenerator(seed: seed &* 7919 &+ 3)
        var agent = TunnelLimits()
        var server = TunnelLimits()
        agent.windows.streamWindow = [16_384, 40_000, 262_144].randomElement(using: &random)!
        agent.windows.sessionWindow = [0, 70_000, 4_194_304].randomElement(using: &random)!
        server.windows.streamWindow = [16_384, 65_536, 262_144].randomElement(using: &random)!
        server.windows.sessionWindow = [0, 50_000, 1_000_000].randomElement(using: &random)!
        server.unacknowledgedBytes = [300_000, 4_000_000].randomElement(using: &random)!
        agent.unacknowledgedBytes = [300_000, 4_000_000].randomElement(using: &random)!
        link = Link.connected(agent: agent, server: server)
    }

    mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }

    mutating func fault(_ text: String) { if faults.count < 20 { faults.append(text) } }

    // MARK: Steps

    mutating func step() {
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<4: open()
        case 4..<30: produce()
        case 30..<50: consume()
        case 50..<70: for _ in 0..<Int.random(in: 1...20, using: &random) { link.deliverToServer() }
        case 70..<90: for _ in 0..<Int.random(in: 1...20, using: &random) { link.deliverToAgent() }
        case 90..<93: link.advance(.milliseconds(Int.random(in: 0...400, using: &random)))
        case 93..<94: resetOne()
        case 94..<96: sleepOne()
        case _: if chance(25) { cut() }
        }
        if isConnected { link.pump(Int.random(in: 0...6, using: &random)) }
        takeEvents()
        check()
    }

    mutating func cut() {
        link.cut()
        if chance(50) { link.advance(.milliseconds(Int.random(in: 0...5000, using: &random))) }
        link.dial()
        isConnected = true
    }

    mutating func open() {
        guard work.values.filter({ !$0.isReset && !($0.up.hasEnded && $0.down.hasEnded) }).count < 40,
            link.server.isOpen
        else { return }
        let hasChannels = chance(30)
        let hasBody = hasChannels || chance(60)
        let request: TunnelRequest = hasChannels ? .shell : .port
        guard
            let id = try? link.server.open(
                .sample(request, priority: TunnelPriority.allCases.randomElement(using: &random)!, deadline: nil),
                hasBody: hasBody, at: link.now)
        else { return }
        func goal() -> Int { chance(20) ? 0 : Int.random(in: 0...(chance(20) ? 900_000 : 30_000), using: &random) }
        var up = Flow(goal: hasBody ? goal() : 0)
        up.isFinished = !hasBody
        work[id] = Work(hasChannels: hasChannels, up: up, down: Flow(goal: goal()))
    }

    mutating func produce() {
        guard let id = work.keys.sorted().randomElement(using: &random) else { return }
        produce(id, up: true)
        produce(id, up: false)
    }

    mutating func produce(_ id: UInt32, up: Bool) {
        guard let entry = work[id], !entry.isReset, up || entry.isAccepted else { return }
        var flow = up ? entry.up : entry.down
        guard !flow.isFinished else { return }
        let room = up ? link.server.room(id) : link.agent.room(id)
        if flow.written < flow.goal, room.isOpen {
            let count = min(flow.goal - flow.written, Int.random(in: 1...(chance(30) ? 150_000 : 3000), using: &random))
            let bytes = Flow.bytes(id, up, flow.written..<flow.written + count)
            let channel: UInt8? = entry.hasChannels ? (up ? 0 : 1) : nil
            let answer =
                up
                ? link.server.write(id, channel: channel, bytes, at: link.now)
                : link.agent.write(id, channel: channel, bytes, at: link.now)
            if answer == .over { fault("\(id): over while writing") }
            flow.written += count
        }
        if flow.written == flow.goal, chance(50) || completing {
            flow.isFinished = true
            if up { link.server.finish(id) } else { link.agent.finish(id) }
        }
        if up { work[id]?.up = flow } else { work[id]?.down = flow }
    }

    mutating func consume() {
        for id in work.keys.sorted() where chance(40) || completing {
            consume(id, up: true)
            consume(id, up: false)
        }
    }

    mutating func consume(_ id: UInt32, up: Bool) {
        guard let entry = work[id] else { return }
        let flow = up ? entry.up : entry.down
        guard flow.unconsumed > 0, !flow.consumerSleeps || completing else { return }
        let count = chance(50) || completing ? flow.unconsumed : Int.random(in: 1...flow.unconsumed, using: &random)
        if up {
            work[id]?.up.unconsumed -= count
            link.agent.consumed(id, count)
        } else {
            work[id]?.down.unconsumed -= count
            link.server.consumed(id, count)
        }
    }

    mutating func sleepOne() {
        guard let id = work.keys.sorted().randomElement(using: &random) else { return }
        let (up, down) = (chance(60), chance(60))
        work[id]?.up.consumerSleeps = up
        work[id]?.down.consumerSleeps = down
    }

    mutating func resetOne() {
        guard let id = work.keys.sorted().randomElement(using: &random), chance(40) else { return }
        if chance(50), link.server.isOpen(id) {
            work[id]?.isReset = true
            link.server.reset(id, .cancel, "enough")
        } else if link.agent.isOpen(id) {
            work[id]?.isReset = true
            link.agent.reset(id, .internalError)
        }
    }

    // MARK: Events

    mutating func takeEvents() {
        for event in link.agentEvents() { happened(event, atAgent: true) }
        for event in link.serverEvents() { happened(event, atAgent: false) }
    }

    mutating func happened(_ event: TunnelEvent, atAgent: Bool) {
        switch event {
        case .opened(let id, _):
            if link.agent.sendHead(id, TunnelHead()) { work[id]?.isAccepted = true }
        case .data(let id, let channel, let bytes): arrived(id, channel, bytes, up: atAgent)
        case .ended(let id):
            guard let flow = atAgent ? work[id]?.up : work[id]?.down else { return fault("\(id): end of nothing") }
            if flow.hasEnded { fault("\(id): ended twice") }
            if work[id]?.isReset == false, flow.arrived != flow.goal {
                fault("\(id): ended at \(flow.arrived) of \(flow.goal)")
            }
            if atAgent { work[id]?.up.hasEnded = true } else { work[id]?.down.hasEnded = true }
        case .reset(let id, let reset, let byPeer):
            if work[id]?.isReset != true { fault("\(id): reset without reason: \(reset) \(byPeer)") }
        case .welcomed(_, let resumed): if !resumed { fault("not resumed") }
        case .head, .writable, .channelEnded, .silent: break
        case .over(let end): fault("over: \(end)")
        case .refused, .trailer, .fact, .factsStored, .draining: fault("unexpected \(event)")
        }
    }

    mutating func arrived(_ id: UInt32, _ channel: UInt8?, _ bytes: ArraySlice<UInt8>, up: Bool) {
        guard let entry = work[id] else { return fault("\(id): bytes of nothing") }
        if entry.isReset { return }
        var flow = up ? entry.up : entry.down
        if channel != (entry.hasChannels ? (up ? 0 : 1) : nil) { fault("\(id): wrong channel") }
        if flow.hasEnded { fault("\(id): bytes behind the end") }
        if !Flow.areEqual(bytes, Flow.bytes(id, up, flow.arrived..<flow.arrived + bytes.count)) {
            fault("\(id): wrong bytes at \(flow.arrived)")
        }
        flow.arrived += bytes.count
        flow.unconsumed += bytes.count
        let window = up ? link.agentLimits.windows.streamWindow : link.serverLimits.windows.streamWindow
        if flow.unconsumed > window { fault("\(id): holds more than its window") }
        if up { work[id]?.up = flow } else { work[id]?.down = flow }
    }

    mutating func check() {
        if link.server.heldCharge > link.serverLimits.windows.sessionWindow {
            fault("server holds more than its window")
        }
        if link.agent.heldCharge > link.agentLimits.windows.sessionWindow { fault("agent holds more than its window") }
        let slack = 65_536 + 64
        if link.server.unacknowledgedCost > link.serverLimits.unacknowledgedBytes + slack {
            fault("server keeps too much")
        }
        if link.agent.unacknowledgedCost > link.agentLimits.unacknowledgedBytes + slack {
            fault("agent keeps too much")
        }
    }

    // MARK: The end

    /// Everybody works as long as there is progress: then everything must be done.
    mutating func complete() {
        completing = true
        cut()
        var idle = 0
        while idle < 3 {
            let before = work.values.reduce(0) { $0 + $1.up.arrived + $1.down.arrived }
            for id in work.keys.sorted() {
                produce(id, up: true)
                produce(id, up: false)
            }
            link.exchange()
            takeEvents()
            for id in work.keys.sorted() {
                consume(id, up: true)
                consume(id, up: false)
            }
            check()
            let after = work.values.reduce(0) { $0 + $1.up.arrived + $1.down.arrived }
            idle = before == after ? idle + 1 : 0
        }
        link.advance(.seconds(1))
        link.exchange()
        takeEvents()
        for (id, entry) in work where !entry.isReset {
            for flow in [entry.up, entry.down] where flow.arrived != flow.goal {
                fault("\(id): stalled at \(flow.arrived) of \(flow.goal), written \(flow.written)")
            }
            if !entry.down.hasEnded { fault("\(id): never ended") }
        }
        if link.agent.rememberedStreams != 0 || link.server.rememberedStreams != 0 {
            fault("streams are left: \(link.agent.rememberedStreams), \(link.server.rememberedStreams)")
        }
        if link.agent.heldCharge != 0 || link.server.heldCharge != 0 { fault("charges are left") }
    }
}
