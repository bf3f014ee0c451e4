import ControlPlane
import TestKit
import Testing

@Suite struct PlaneFeedTests {
    private let feed = PlaneFeed(planeID: "aaaaaaaa-bbbb", revision: 7)

    /// Whoever waits now waits for as long as they will: a sleep is never too short.
    private func expectWaiting() async {
        let waited = await ContinuousClock().measure { await feed.settled(within: .milliseconds(20)) }
        #expect(waited >= .milliseconds(20))
    }

    @Test func `nobody waits for components that are not there, or do not confirm`() async {
        await feed.settled(within: .seconds(3600))
        let hints = feed.hints(for: "")
        await feed.settled(within: .seconds(3600))
        withExtendedLifetime(hints) {}
    }

    @Test func `whoever waits goes on when all components have taken up what the plane was then`() async throws {
        let hints = [feed.hints(for: "gateway"), feed.hints(for: "web-socket")]
        feed.confirmed("gateway", "aaaaaaaa-6-x")
        let waiter = Task { [feed] in await feed.settled(within: .seconds(3600)) }
        // Each of these is too little: an older revision, another plane, a component that does not watch, one of two.
        for (component, version) in [
            ("gateway", "aaaaaaaa-6-x"), ("gateway", "bbbbbbbb-9-x"), ("gateway", "nonsense"),
            ("nobody", "aaaaaaaa-9-x"),
            ("gateway", "aaaaaaaa-7-x"),
        ] {
            feed.confirmed(component, version)
            await expectWaiting()
        }
        feed.confirmed("web-socket", "aaaaaaaa-7-x-y")
        await waiter.value
        withExtendedLifetime(hints) {}
    }

    @Test func `whoever waits goes on when the last component that is behind goes`() async throws {
        var hints: AsyncStream<Void>? = feed.hints(for: "gateway")
        let waiter = Task { await feed.settled(within: .seconds(3600)) }
        withExtendedLifetime(hints) {}
        hints = nil
        await waiter.value
    }

    @Test func `a component that watches again is waited for, also when its old stream ends late`() async {
        var old: AsyncStream<Void>? = feed.hints(for: "gateway")
        let new = feed.hints(for: "gateway")
        withExtendedLifetime(old) {}
        old = nil
        await expectWaiting()
        feed.confirmed("gateway", "aaaaaaaa-7-x")
        await feed.settled(within: .seconds(3600))
        withExtendedLifetime(new) {}
    }

    @Test func `nobody waits longer than they will`() async {
        let hints = feed.hints(for: "gateway")
        await feed.settled(within: .milliseconds(1))
        withExtendedLifetime(hints) {}
    }
}
