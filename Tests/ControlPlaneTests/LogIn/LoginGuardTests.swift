import ControlPlane
import System
import TestKit
import Testing
import Time

@Suite struct LoginGuardTests {
    private let clock = ManualClock()

    private func network(_ address: String) throws -> PeerNetwork { try SocketAddress(ip: address, port: 1).network }

    private func attempt(
        _ account: String, _ address: String = "192.0.2.1", device: String? = nil
    ) throws -> LoginGuard.Attempt {
        LoginGuard.Attempt(account: account, network: try network(address), device: device)
    }

    @Test func `five tries are free, then each failure doubles the wait, up to a quarter of an hour`() throws {
        var door = LoginGuard()
        let guess = try attempt("a")
        for _ in 0..<5 { #expect(door.begin(guess, now: clock.now()) == nil) }
        var waits: [Int] = []
        for _ in 0..<13 {
            let wait = door.begin(guess, now: clock.now()) ?? 0
            waits.append(wait)
            // A try during the wait does not make it longer.
            #expect(door.begin(guess, now: clock.now()) == wait)
            clock.advance(by: .seconds(wait))
            #expect(door.begin(guess, now: clock.now()) == nil)
        }
        #expect(waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900])
    }

    @Test func `the right password ends the waits of its place`() throws {
        var door = LoginGuard()
        let owner = try attempt("a")
        for _ in 0..<5 { #expect(door.begin(owner, now: clock.now()) == nil) }
        clock.advance(by: .seconds(1))
        #expect(door.begin(owner, now: clock.now()) == nil)
        door.succeeded(owner)
        for _ in 0..<5 { #expect(door.begin(owner, now: clock.now()) == nil) }
    }

    @Test func `a stranger elsewhere does not slow the owner down at once, and never in a browser that is known`()
        throws
    {
        var door = LoginGuard()
        for _ in 0..<5 { #expect(door.begin(try attempt("a", "198.51.100.7"), now: clock.now()) == nil) }
        #expect(door.begin(try attempt("a", "198.51.100.7"), now: clock.now()) != nil)
        #expect(door.begin(try attempt("a"), now: clock.now()) == nil)
        // Many machines at one account.
        for number in 0..<40 { _ = door.begin(try attempt("a", "198.51.100.\(number + 10)"), now: clock.now()) }
        #expect(door.begin(try attempt("a", "192.0.2.99"), now: clock.now()) != nil)
        #expect(door.begin(try attempt("a", "192.0.2.99", device: "known"), now: clock.now()) == nil)
        // Nobody is locked out for good.
        clock.advance(by: LoginGuard.longestWait)
        #expect(door.begin(try attempt("a", "192.0.2.99"), now: clock.now()) == nil)
    }

    @Test func `one machine that guesses at many accounts has to wait, and an account of its own does not help it`()
        throws
    {
        var door = LoginGuard()
        var refused = 0
        for number in 0..<200 {
            let own = try attempt("mine")
            if door.begin(own, now: clock.now()) == nil { door.succeeded(own) }
            if door.begin(try attempt("account-\(number)"), now: clock.now()) != nil { refused += 1 }
        }
        #expect(refused == 150)
        #expect(door.begin(try attempt("b", "203.0.113.5"), now: clock.now()) == nil)
    }

    @Test func `a known browser that fails has to wait, too`() throws {
        var door = LoginGuard()
        let known = try attempt("a", device: "d")
        for _ in 0..<10 { #expect(door.begin(known, now: clock.now()) == nil) }
        #expect(door.begin(known, now: clock.now()) == 1)
    }

    @Test func `addresses of one IPv6 network count together`() throws {
        var door = LoginGuard()
        for number in 0..<5 {
            #expect(door.begin(try attempt("a", "2001:db8::\(number + 1)"), now: clock.now()) == nil)
        }
        #expect(door.begin(try attempt("a", "2001:db8::ffff"), now: clock.now()) == 1)
        #expect(door.begin(try attempt("a", "2001:db8:0:1::1"), now: clock.now()) == nil)
    }

    @Test func `a day without failures forgets them`() throws {
        var door = LoginGuard()
        for _ in 0..<5 { _ = door.begin(try attempt("a"), now: clock.now()) }
        clock.advance(by: .hours(24))
        for _ in 0..<5 { #expect(door.begin(try attempt("a"), now: clock.now()) == nil) }
    }

    @Test func `what was never decided does not count`() throws {
        var door = LoginGuard()
        for _ in 0..<100 {
            #expect(door.begin(try attempt("a"), now: clock.now()) == nil)
            door.undecided(try attempt("a"))
        }
    }

    @Test func `a clock that jumps back does not lock anybody out`() throws {
        var door = LoginGuard()
        for _ in 0..<5 { _ = door.begin(try attempt("a"), now: clock.now()) }
        clock.advance(by: .days(-30))
        let wait = door.begin(try attempt("a"), now: clock.now())
        #expect(wait.map { $0 <= 900 } == true)
    }
}
