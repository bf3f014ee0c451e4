import EventGateway
import Testing

private let second: Int64 = 1_000_000_000

@Suite struct RateLimitTests {
    @Test func `a full bucket lets one second's worth of events through at once, then refuses`() throws {
        let gate = RateGate(try #require(RateLimit(eventsPerSecond: 99)))
        for _ in 0..<99 { #expect(gate.admit(now: second) == nil) }
        let wait = try #require(gate.admit(now: second))
        #expect(wait > 0 && wait <= second / 99)
    }

    @Test func `after the wait that it told, one event passes and the next does not`() throws {
        let gate = RateGate(try #require(RateLimit(eventsPerSecond: 10)))
        for _ in 0..<10 { #expect(gate.admit(now: 0) == nil) }
        let wait = try #require(gate.admit(now: 0))
        #expect(gate.admit(now: wait) == nil)
        #expect(gate.admit(now: wait) != nil)
    }

    @Test func `over a long time exactly the rate passes`() throws {
        let gate = RateGate(try #require(RateLimit(eventsPerSecond: 1000)))
        var passed = 0
        // 4000 events a second for ten seconds.
        for step in 0..<40_000 where gate.admit(now: Int64(step) * 250_000) == nil { passed += 1 }
        #expect((10_990...11_010).contains(passed))  // the burst, and ten seconds of refill
    }

    @Test func `an idle bucket does not grow beyond one second's worth`() throws {
        let gate = RateGate(try #require(RateLimit(eventsPerSecond: 5)))
        #expect(gate.admit(now: 0) == nil)
        let later = 1000 * second
        for _ in 0..<5 { #expect(gate.admit(now: later) == nil) }
        #expect(gate.admit(now: later) != nil)
    }

    @Test(arguments: [0, -1, 1_000_000_001] as [Int64])
    func `a rate that is not set or finer than the clock limits nothing`(_ rate: Int64) {
        #expect(RateLimit(eventsPerSecond: rate) == nil)
    }

    @Test func `a limit of one event a second lets the first through`() throws {
        let gate = RateGate(try #require(RateLimit(eventsPerSecond: 1)))
        #expect(gate.admit(now: 5) == nil)
        #expect(gate.admit(now: 5) == second)
        #expect(gate.admit(now: 5 + second) == nil)
    }

    @Test func `threads that share a gate together get no more than its burst`() async throws {
        let gate = RateGate(try #require(RateLimit(eventsPerSecond: 1000)))
        let passed = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<8 {
                group.addTask { (0..<1000).count { _ in gate.admit(now: 1) == nil } }
            }
            return await group.reduce(0, +)
        }
        #expect(passed == 1000)
    }
}
