import ControlPlane
import TestKit
import Testing
import Time

@Suite struct LoginLimiterTests {
    private let clock = ManualClock()

    @Test func `a client id that fails too often has to wait, and may try again later`() {
        var limiter = LoginLimiter(perMinute: 6)
        for _ in 0..<6 {
            #expect(limiter.secondsToWait("a", now: clock.now()) == nil)
            limiter.failed("a", now: clock.now())
        }
        #expect(limiter.secondsToWait("a", now: clock.now()) == 10)
        #expect(limiter.secondsToWait("b", now: clock.now()) == nil)
        clock.advance(by: .seconds(9))
        #expect(limiter.secondsToWait("a", now: clock.now()) == 1)
        clock.advance(by: .seconds(1))
        #expect(limiter.secondsToWait("a", now: clock.now()) == nil)
        limiter.failed("a", now: clock.now())
        #expect(limiter.secondsToWait("a", now: clock.now()) == 10)
        clock.advance(by: .minutes(2))
        #expect(limiter.secondsToWait("a", now: clock.now()) == nil)
    }

    @Test func `strangers cannot make it remember without bound`() {
        var limiter = LoginLimiter(perMinute: 6)
        for number in 0..<25_000 {
            limiter.failed("client-\(number)", now: clock.now())
            clock.advance(by: .milliseconds(1))
        }
        #expect(limiter.count <= 10_000)
    }

    @Test func `a clock that jumps back does not forgive and does not trap`() {
        var limiter = LoginLimiter(perMinute: 1)
        limiter.failed("a", now: clock.now())
        clock.advance(by: .days(-1))
        #expect(limiter.secondsToWait("a", now: clock.now()) == 60)
    }
}
