import ControlPlane
import TestKit
import Testing
import Time
import Tokens

@Suite struct RefreshTokenTests {
    private let now = ManualClock().now()

    private func token(_ client: String, ago: Duration = .minutes(5), spent: Duration? = nil) -> RefreshToken {
        RefreshToken(
            loginID: "l", person: TokenPerson(id: "p", email: "a@b.example"), clientID: client, scope: "email",
            loggedIn: now - ago, lastUse: now - min(ago, .minutes(1)), spent: spent.map { now - $0 })
    }

    private func client(_ id: String) throws -> PublicClient { try #require(PublicClient.named(id)) }

    @Test func `a fresh token is good for its client only`() throws {
        #expect(token("polder").verdict(for: try client("polder"), now: now) == .good)
        #expect(
            token("polder").verdict(for: try client("cli"), now: now)
                == .refused("the refresh token was given to another client"))
    }

    // RFC 9700 §4.14.2.
    @Test func `a spent token of our own tool is a copy, but for the moment in which two commands refresh at once`()
        throws
    {
        let polder = try client("polder")
        #expect(token("polder", spent: .seconds(29)).verdict(for: polder, now: now) == .good)
        #expect(token("polder", spent: .seconds(30)).verdict(for: polder, now: now) == .copied)
    }

    @Test func `the public tool keeps one token`() throws {
        #expect(token("cli", spent: .days(1)).verdict(for: try client("cli"), now: now) == .good)
    }

    @Test func `a login ends after a month without use and after a year`() throws {
        let old = token("cli", ago: .days(365))
        #expect(old.verdict(for: try client("cli"), now: now) == .refused("the login is over"))
        #expect(token("cli", ago: .days(364)).verdict(for: try client("cli"), now: now) == .good)
        let idle = RefreshToken(
            loginID: "l", person: old.person, clientID: "cli", scope: "", loggedIn: now - .days(40),
            lastUse: now - .days(30), spent: nil)
        #expect(idle.verdict(for: try client("cli"), now: now) == .refused("the login is over"))
    }
}
