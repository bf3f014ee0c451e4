import HTTP
import System
import TestKit
import Testing
import Tunnel

@Suite struct SessionTests {
    @Test func `a request goes there and back`() throws {
        let link = Link.connected()
        let id = try link.server.open(.sample(), hasBody: false, at: link.now)
        link.exchange()
        #expect(link.agentEvents() == [.opened(id, .sample())])
        link.agent.sendHead(id, TunnelHead(status: .ok, headers: ["content-type": "text/plain"]))
        link.agent.write(id, Array("hello".utf8)[...], at: link.now)
        link.agent.finish(id)
        link.pump()
        #expect(link.toServer.map { $0[0] } == [0x11, 0x12], "the end needs no frame of its own")
        link.exchange()
        let events = link.serverEvents()
        #expect(events.count == 3)
        #expect(events[0] == .head(id, TunnelHead(status: .ok, headers: ["content-type": "text/plain"])))
        #expect(events[1] == .data(id, channel: nil, Array("hello".utf8)[...]))
        #expect(events[2] == .ended(id))
        #expect((link.server.isOpen(id) || link.agent.isOpen(id)) == false)
        link.server.consumed(id, 5)
        link.advance(.seconds(1))
        link.exchange()
        #expect(link.server.rememberedStreams == 0 && link.agent.rememberedStreams == 0)
    }

    @Test func `a process has channels, and an exit code at its end`() throws {
        let link = Link.connected()
        let id = try link.accepted(.shell)
        link.server.write(id, channel: TunnelChannel.standardInput, Array("ls".utf8)[...], at: link.now)
        link.server.endChannel(id, TunnelChannel.standardInput)
        link.server.write(id, channel: TunnelChannel.resize, [0, 80, 0, 24], at: link.now)
        link.exchange()
        #expect(
            link.agentEvents() == [
                .data(id, channel: 0, Array("ls".utf8)[...]), .channelEnded(id, 0),
                .data(id, channel: 3, [0, 80, 0, 24]),
            ])
        link.agent.write(id, channel: TunnelChannel.standardOutput, Array("a".utf8)[...], at: link.now)
        link.agent.write(id, channel: TunnelChannel.standardError, Array("b".utf8)[...], at: link.now)
        link.agent.finish(id, TunnelTrailer(exitCode: 137, reason: "OOMKilled"))
        link.exchange()
        #expect(
            link.serverEvents() == [
                .data(id, channel: 1, Array("a".utf8)[...]), .data(id, channel: 2, Array("b".utf8)[...]),
                .trailer(id, TunnelTrailer(exitCode: 137, reason: "OOMKilled")),
            ])
        #expect(link.server.write(id, channel: 4, Array("INT".utf8)[...], at: link.now) == .room(262_141))
        #expect(link.server.write(id, channel: 1, [1], at: link.now) == .over, "not the server's channel")
    }

    @Test func `a producer hears when to stop and when to go on`() throws {
        var limits = TunnelLimits()
        limits.streamBuffer = 100_000
        limits.windows.streamWindow = 65_536
        let link = Link.connected(agent: limits, server: limits)
        let id = try link.accepted(.port)
        #expect(link.server.write(id, [UInt8](repeating: 1, count: 99_999)[...], at: link.now) == .room(1))
        #expect(link.server.write(id, [1, 2], at: link.now) == .room(-1))
        link.exchange()
        let arrived = link.agentEvents().reduce(0) {
            if case .data(_, _, let bytes) = $1 { $0 + bytes.count } else { $0 }
        }
        #expect(arrived == 65_536, "the window of a reader that does not read")
        #expect(link.serverEvents() == [.writable(id, room: 100_000 - (100_001 - 65_536))])
        link.agent.consumed(id, 65_536)
        link.exchange()
        #expect(link.server.room(id) == .room(100_000))
    }

    @Test func `a producer that never listens loses its stream, not the session`() throws {
        let link = Link.connected()
        let id = try link.accepted(.port)
        var room = TunnelRoom.room(1)
        for _ in 0..<100 { room = link.server.write(id, [UInt8](repeating: 0, count: 65_536)[...], at: link.now) }
        #expect(room == .over)
        #expect(link.server.isOpen == true)
        guard case .reset(id, let reset, byPeer: false) = link.serverEvents().last else {
            Issue.record("no event")
            return
        }
        #expect(reset.code == .internalError)
    }

    @Test func `two hundred readers that stand still stop nobody else`() throws {
        var limits = TunnelLimits()
        limits.streamsOfKind = [:]
        let link = Link.connected(agent: limits, server: limits)
        for _ in 0..<200 {
            let id = try link.server.open(.sample(.port), at: link.now)
            link.server.write(id, [UInt8](repeating: 0, count: 250_000)[...], at: link.now)
        }
        let live = try link.server.open(.sample(.port), at: link.now)
        link.exchange()
        #expect(link.agent.heldCharge == limits.windows.sessionWindow, "the session is full")
        var arrived = 0
        var rounds = 0
        while arrived < 2_000_000, rounds < 2000 {
            rounds += 1
            if link.server.room(live).isOpen {
                link.server.write(live, [UInt8](repeating: 0, count: 50_000)[...], at: link.now)
            }
            link.exchange()
            _ = link.serverEvents()
            for case .data(live, _, let bytes) in link.agentEvents() {
                arrived += bytes.count
                link.agent.consumed(live, bytes.count)
            }
        }
        #expect(arrived >= 2_000_000, "after \(rounds) rounds")
    }

    @Test func `priorities share the connection by their weights, and streams of one take turns`() throws {
        var limits = TunnelLimits()
        limits.windows.streamWindow = 1 << 24
        limits.windows.sessionWindow = 1 << 26
        limits.streamBuffer = 1 << 24
        limits.unacknowledgedBytes = 1 << 26
        let link = Link.connected(agent: limits, server: limits)
        var priorities: [UInt32: TunnelPriority] = [:]
        for priority in TunnelPriority.allCases {
            for _ in 0..<2 { priorities[try link.accepted(.port, priority: priority)] = priority }
        }
        for id in priorities.keys.sorted() {
            link.server.write(id, [UInt8](repeating: 0, count: 4 << 20)[...], at: link.now)
        }
        link.pump(150)
        var turns: [TunnelPriority: Int] = [:]
        var streams: [UInt32: Int] = [:]
        for message in link.toAgent {
            let frame = try TunnelFrame(reading: message)
            guard frame.type == .data, let priority = priorities[frame.stream] else { continue }
            #expect(frame.payload.count == 65_536)
            turns[priority, default: 0] += 1
            streams[frame.stream, default: 0] += 1
        }
        #expect(turns == [.control: 80, .interactive: 40, .watch: 20, .bulk: 10])
        #expect(Set(streams.values) == [40, 20, 10, 5])
    }

    @Test func `small pieces that wait are sent together`() throws {
        let link = Link.connected()
        let id = try link.accepted(.port)
        for byte in 0..<100 { link.server.write(id, [UInt8(byte)], at: link.now) }
        link.pump()
        #expect(link.toAgent.count == 1)
        link.exchange()
        #expect(link.agentEvents() == [.data(id, channel: nil, (0..<100).map { UInt8($0) }[...])])
    }

    @Test func `limits refuse streams one by one, and the audit hears of it`() throws {
        var limits = TunnelLimits()
        limits.streamsOfKind = [.exec: 1]
        limits.windows.maxStreams = 3
        limits.opensPerSecond = 5
        let link = Link.connected(agent: limits)
        let first = try link.server.open(.sample(.shell), at: link.now)
        let second = try link.server.open(.sample(.shell), at: link.now)
        link.exchange()
        #expect(
            link.agentEvents() == [
                .opened(first, .sample(.shell)),
                .refused(second, .sample(.shell), TunnelReset(.limit, "too many streams of kind exec")),
            ])
        #expect(
            link.serverEvents() == [.reset(second, TunnelReset(.limit, "too many streams of kind exec"), byPeer: true)])
        for _ in 0..<2 { _ = try link.server.open(.sample(.port), at: link.now) }
        #expect(throws: TunnelRefusal.limit) { try link.server.open(.sample(.port), at: link.now) }
        link.exchange()
        link.server.reset(first, .cancel)
        _ = try link.server.open(.sample(), hasBody: false, at: link.now)
        link.exchange()
        link.server.reset(6, .cancel)
        let late = try link.server.open(.sample(), hasBody: false, at: link.now)
        link.exchange()
        #expect(
            link.agentEvents().last == .refused(late, .sample(), TunnelReset(.limit, "too many streams in a second")))
        link.advance(.seconds(1))
        let calm = try link.server.open(.sample(), hasBody: false, at: link.now)
        link.exchange()
        #expect(link.agentEvents().last == .opened(calm, .sample()))
    }

    @Test func `a request that is too long is reset`() throws {
        var limits = TunnelLimits()
        limits.requestBytes = 10
        let link = Link.connected(agent: limits)
        let id = try link.accepted(.http(.init(method: .post, path: "/api")))
        link.server.write(id, [UInt8](repeating: 0, count: 11)[...], at: link.now)
        link.exchange()
        #expect(link.agentEvents() == [.reset(id, TunnelReset(.limit, "the request is too long"), byPeer: false)])
        #expect(link.serverEvents() == [.reset(id, TunnelReset(.limit, "the request is too long"), byPeer: true)])
    }

    @Test func `deadlines and idle processes end, on the side that works first`() throws {
        let link = Link.connected()
        let id = try link.server.open(.sample(deadline: 5000), hasBody: false, at: link.now)
        let shell = try link.accepted(.shell)
        link.advance(.milliseconds(5000))
        link.exchange()
        #expect(link.agentEvents() == [.reset(id, TunnelReset(.deadline, "it took too long"), byPeer: false)])
        #expect(link.serverEvents() == [.reset(id, TunnelReset(.deadline, "it took too long"), byPeer: true)])
        for _ in 0..<3 {  // a byte in time
            link.advance(.seconds(14 * 60))
            link.server.write(shell, channel: 0, [1], at: link.now)
            link.exchange()
        }
        #expect(link.agent.isOpen(shell) == true)
        for _ in 0..<90 { link.advance(.seconds(10)); link.exchange() }
        #expect(link.agent.isOpen(shell) == false)
    }

    @Test func `pings keep a quiet connection, silence ends it`() throws {
        let link = Link.connected()
        for _ in 0..<20 {
            link.advance(.seconds(10))
            link.exchange()
        }
        #expect(link.agentEvents().isEmpty && link.serverEvents().isEmpty)
        #expect(link.agent.roundTrip == .zero)
        link.advance(.seconds(44))
        link.pump()
        #expect(link.serverEvents().isEmpty)
        link.advance(.seconds(1))
        #expect(link.serverEvents() == [.silent] && link.agentEvents() == [.silent])
        #expect(link.agent.nextWake() != nil)
    }

    @Test func `work goes on over a cut`() throws {
        let link = Link.connected()
        let id = try link.accepted(.shell)
        link.server.write(id, channel: 0, Array("one".utf8)[...], at: link.now)
        link.agent.write(id, channel: 1, Array("two".utf8)[...], at: link.now)
        link.pump()  // on the way
        link.cut()
        link.server.write(id, channel: 0, Array("three".utf8)[...], at: link.now)
        link.advance(.seconds(59))
        link.connect()
        #expect(link.agentEvents().contains(.data(id, channel: 0, Array("three".utf8)[...])))
        #expect(link.serverEvents() == [.data(id, channel: 1, Array("two".utf8)[...])])
        #expect((link.agent.isOpen(id) && link.server.isOpen(id)) == true)
    }

    @Test func `a session that nobody resumes in time is lost, on both sides`() throws {
        let link = Link.connected()
        let id = try link.accepted(.shell)
        link.cut()
        link.advance(.seconds(60))
        let lost = TunnelEvent.reset(id, TunnelReset(.lost, "the session is gone"), byPeer: false)
        #expect(link.agentEvents() == [lost])
        #expect(link.serverEvents() == [lost, .over(.lost)])
        link.connect()
        guard case .welcomed(let welcome, resumed: false) = link.agentEvents().first else {
            Issue.record("not welcomed")
            return
        }
        #expect(welcome.sessionID == "s-2")
        #expect(try link.server.open(.sample(), at: link.now) == 2, "ids begin again")
    }

    @Test func `a server that does not know the session begins a new one`() throws {
        let link = Link.connected()
        let id = try link.accepted(.port)
        link.cut()
        link.server = TunnelSession(server: TunnelLimits(), accepting: Link.hello, link.welcome, at: link.now)
        link.server.end(.shutdown)
        link.server.connectionLost(at: link.now)
        link.connect()
        let events = link.agentEvents()
        #expect(events.first == .reset(id, TunnelReset(.lost, "the session is gone"), byPeer: false))
        guard case .welcomed(_, resumed: false) = events.last else {
            Issue.record("not welcomed: \(events)")
            return
        }
    }

    @Test func `a connection is changed under a session without a word lost`() throws {
        let link = Link.connected()
        let id = try link.accepted(.port)
        link.server.write(id, [1], at: link.now)
        link.pump()
        link.dial()  // with the new certificate; the server has not noticed that the old one is gone
        link.exchange()
        #expect(
            link.agentEvents().filter { if case .welcomed(_, resumed: true) = $0 { false } else { true } }
                == [.data(id, channel: nil, [1])])
        #expect(link.serverEvents().isEmpty)
    }

    @Test func `whoever drains takes no new streams and refuses those that were under way`() throws {
        let link = Link.connected()
        let old = try link.accepted(.port)
        let crossing = try link.server.open(.sample(.port), at: link.now)
        link.agent.drain(TunnelDrain(reason: "upgrade"))
        link.exchange()
        #expect(
            link.agentEvents() == [.refused(crossing, .sample(.port), TunnelReset(.refused, "no new streams here"))])
        #expect(
            link.serverEvents() == [
                .draining(TunnelDrain(reason: "upgrade")),
                .reset(crossing, TunnelReset(.refused, "no new streams here"), byPeer: true),
            ])
        #expect(throws: TunnelRefusal.leaving) { try link.server.open(.sample(.port), at: link.now) }
        #expect(link.server.isOpen(old) == true)
    }

    @Test func `goodbye loses every stream and is the last word`() throws {
        let link = Link.connected()
        let id = try link.accepted(.port)
        link.server.end(.shutdown, "the server ends")
        link.exchange()
        let lost = TunnelEvent.reset(id, TunnelReset(.lost, "the session is gone"), byPeer: false)
        #expect(link.serverEvents() == [lost, .over(.byUs(TunnelGoodbye(.shutdown, "the server ends")))])
        #expect(link.agentEvents() == [lost, .over(.byPeer(TunnelGoodbye(.shutdown, "the server ends")))])
        #expect(link.agent.isOver && link.agent.nextWake() == nil)
        link.agent.textArrived()
        link.pump()
        #expect(link.toServer.isEmpty)
    }

    @Test func `an agent opens control streams and nothing else`() throws {
        let link = Link.connected()
        #expect(throws: TunnelRefusal.notAllowed) { try link.agent.open(.sample(), at: link.now) }
        let open = TunnelOpen.sample(.control(.init(.rotateCertificate)), priority: .control)
        let id = try link.agent.open(open, at: link.now)
        link.exchange()
        #expect(id == 1)
        #expect(link.serverEvents() == [.opened(1, open)])
    }

    @Test func `facts go one window at a time and come back when they are stored`() throws {
        let link = Link.connected()
        func fact(_ number: UInt64) -> TunnelFact {
            TunnelFact(number: number, kind: "k", at: "2026-01-01T00:00:00Z", body: Array("{}".utf8))
        }
        var sent: UInt64 = 0
        while link.agent.send(fact(sent + 1)) { sent += 1 }
        #expect(sent == 64)
        link.exchange()
        #expect(link.serverEvents() == (1...64).map { .fact(fact($0)) })
        link.server.factsStored(upTo: 10)
        link.server.factsStored(upTo: 40)
        link.exchange()
        #expect(link.agentEvents() == [.factsStored(40)])
        #expect(link.agent.send(fact(65)) == true)
    }

    @Test func `a peer that reads nothing cannot make us keep more than the bound`() throws {
        var limits = TunnelLimits()
        limits.unacknowledgedBytes = 200_000
        let link = Link.connected(server: limits)
        let id = try link.accepted(.port)
        link.server.write(id, [UInt8](repeating: 0, count: 262_144)[...], at: link.now)
        link.pump()
        link.toAgent = []  // swallowed
        #expect(link.server.unacknowledgedCost < 200_000 + 65_536 + 64)
        link.server.write(id, [1], at: link.now)
        link.pump()
        #expect(link.toAgent.isEmpty)
    }

    @Test func `a peer that opens and never reads its refusals is thrown out`() throws {
        var limits = TunnelLimits()
        limits.windows.maxStreams = 0
        let link = Link.connected(agent: limits)
        var id: UInt32 = 2
        while !link.agent.isOver, id < 20_000 {
            link.agent.receive(
                TunnelFrame.message(.open, .end, stream: id, payload: TunnelOpen.sample().payload()), at: link.now)
            id += 2
        }
        guard case .over(.byUs(let goodbye)) = link.agentEvents().last else {
            Issue.record("still there")
            return
        }
        #expect(goodbye.code == .flood)
    }

    @Test func `a large write is sent from where it lies`() throws {
        let link = Link.connected()
        let id = try link.accepted(.port)
        let bytes = [UInt8](repeating: 7, count: 200_000)
        link.server.write(id, bytes[...], at: link.now)
        let start = bytes.withUnsafeBytes { $0.baseAddress! }
        var seen = 0
        while seen < bytes.count {
            let sent = link.server.withNextMessage(at: link.now) { _, payload in
                (payload.baseAddress! - start, payload.count)
            }
            let (offset, count) = try #require(sent)
            #expect(offset == seen)
            seen += count
        }
    }

    @Test func `a server cannot have stored facts that there are not`() throws {
        let now = MonotonicTime(nanoseconds: 1)
        for (stored, isOver) in [(7, false), (8, true)] as [(UInt64, Bool)] {
            var agent = TunnelSession(agent: TunnelLimits(), at: now)
            var hello = Link.hello
            hello.lastFact = 7
            agent.connectionOpened(hello, at: now)
            let welcome = TunnelWelcome(sessionID: "s", replicaID: "r", storedFact: stored, serverTime: "t")
            agent.receive(TunnelFrame.message(.welcome, payload: welcome.payload()), at: now)
            #expect(agent.isOver == isOver)
        }
        let number = "{\"seq\":9007199254740992,\"kind\":\"k\",\"at\":\"t\",\"body\":{}}"
        #expect(throws: TunnelError.self) { try TunnelFact(payload: Array(number.utf8)[...]) }
    }
}
