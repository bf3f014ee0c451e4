import ControlPlane
import TestKit
import Testing
import Time

@Suite struct BrowserSessionsTests {
    private let sessions = BrowserSessions()
    private let clock = ManualClock()

    @Test func `a session lasts as long as it is used, and eight hours at most`() throws {
        let cookie = try sessions.begin("u", now: clock.now())
        #expect(try sessions.user(cookie, now: clock.now()) == "u")
        #expect(try sessions.user("other", now: clock.now()) == nil)
        #expect(try sessions.user(nil, now: clock.now()) == nil)
        for _ in 0..<34 {
            clock.advance(by: .minutes(14))
            #expect(try sessions.user(cookie, now: clock.now()) == "u")
        }
        clock.advance(by: .minutes(14))
        #expect(try sessions.user(cookie, now: clock.now()) == nil)
    }

    @Test func `an idle session is over, and does not come back`() throws {
        let cookie = try sessions.begin("u", now: clock.now())
        clock.advance(by: .minutes(15))
        #expect(try sessions.user(cookie, now: clock.now()) == nil)
        clock.advance(by: .minutes(-15))
        #expect(try sessions.user(cookie, now: clock.now()) == nil)
    }

    @Test func `one session ends, or all of a person`() throws {
        let cookies = try ["u", "u", "v"].map { try sessions.begin($0, now: clock.now()) }
        try sessions.end(cookies[0])
        #expect(try cookies.map { try sessions.user($0, now: clock.now()) } == [nil, "u", "v"])
        sessions.endAll(of: "u")
        #expect(try cookies.map { try sessions.user($0, now: clock.now()) } == [nil, nil, "v"])
    }
}
