import HTTP
import System
import TestKit
import Testing
import Time
import Tunnel

@Suite struct ReconnectTests {
    private static let start = MonotonicTime(nanoseconds: 0)

    /// The longest wait that a thousand agents draw, in milliseconds.
    private func longest(_ cause: ReconnectPolicy.Cause, after failures: Int) -> (shortest: Int64, longest: Int64) {
        var random = SeededGenerator(seed: 5)
        var waits: [Int64] = []
        for _ in 0..<150 {
            var policy = ReconnectPolicy()
            for _ in 0..<failures { _ = policy.next(after: .unreachable, at: Self.start, using: &random) }
            switch policy.next(after: cause, at: Self.start, using: &random) {
            case .wait(let wait), .waitUnauthorized(let wait): waits.append(wait.milliseconds)
            case .stop: Issue.record("stopped")
            }
        }
        return (waits.min() ?? 0, waits.max() ?? 0)
    }

    @Test func `waits grow by 1_6, from a second to a minute, drawn from the whole range`() {
        for (failures, ceiling) in [(0, 1000.0), (1, 1600), (4, 6553.6), (8, 42_949.7), (9, 60_000), (12, 60_000)] {
            let (shortest, longest) = longest(.unreachable, after: failures)
            #expect(Double(longest) <= ceiling && Double(longest) > ceiling * 0.9, "\(failures)")
            #expect(Double(shortest) < ceiling * 0.1, "\(failures)")
        }
    }

    @Test func `who is not authorised waits a minute at least, who conflicts stops, who is told to wait does`() {
        #expect(longest(.refused(.unauthorized, retryAfter: nil), after: 0).shortest >= 60_000)
        let hint = longest(.refused(.serviceUnavailable, retryAfter: .seconds(30)), after: 0)
        #expect(hint.shortest >= 30_000 && hint.longest <= 45_000)
        let drained = longest(.drained(TunnelDrain(reason: "", reconnectAfterMilliseconds: 4000)), after: 5)
        #expect(drained.shortest >= 2000 && drained.longest <= 6000)
        var random = SeededGenerator(seed: 1)
        var policy = ReconnectPolicy()
        #expect(
            policy.next(after: .refused(.conflict, retryAfter: nil), at: Self.start, using: &random) == .stop(.conflict)
        )
        #expect(policy.next(after: .goodbye(.revoked), at: Self.start, using: &random) == .stop(.revoked))
        guard
            case .waitUnauthorized = policy.next(
                after: .refused(.forbidden, retryAfter: nil), at: Self.start, using: &random)
        else {
            Issue.record("the owner is not told")
            return
        }
    }

    @Test func `a connection that held for a minute begins at the front, a shorter one does not`() {
        for (seconds, ceiling) in [(59, 60_000.0), (60, 1000)] {
            var random = SeededGenerator(seed: 3)
            var waits: [Int64] = []
            for _ in 0..<150 {
                var policy = ReconnectPolicy()
                for _ in 0..<20 { _ = policy.next(after: .unreachable, at: Self.start, using: &random) }
                policy.connected(at: Self.start)
                guard
                    case .wait(let wait) = policy.next(
                        after: .unreachable, at: Self.start + .seconds(seconds), using: &random)
                else { continue }
                waits.append(wait.milliseconds)
            }
            #expect(Double(waits.max() ?? 0) > ceiling * 0.85 && Double(waits.max() ?? 0) <= ceiling)
        }
    }

    @Test func `an agent holds as many servers as there are, up to three, each once`() {
        var plan = ReplicaPlan()
        #expect(plan.shouldDial && plan.wanted == 1)
        #expect(plan.reached("a") == .begin)
        plan.welcomed(replicaCount: 5)
        #expect(plan.wanted == 3 && plan.shouldDial)
        #expect(plan.reached("a") == .close)
        #expect(plan.reached("b") == .begin)
        #expect(plan.reached("c") == .begin)
        #expect(!plan.shouldDial)
        #expect(plan.reached("d") == .close, "enough")
        plan.cut("b")
        #expect(plan.shouldDial)
        #expect(plan.reached("c") == .close)
        #expect(plan.reached("b") == .resume)
        plan.drained("c")
        #expect(plan.shouldDial && plan.connected == 2)
        #expect(plan.reached("c") == .close, "it leaves")
        #expect(plan.reached("d") == .begin)
        plan.over("c")
        plan.cut("d")
        plan.over("d")
        #expect(plan.reached("c") == .begin)
    }

    @Test func `dialling for another server slows down`() {
        var random = SeededGenerator(seed: 1)
        var plan = ReplicaPlan()
        _ = plan.reached("a")
        plan.welcomed(replicaCount: 3)
        var waits: [Int64] = []
        for _ in 0..<12 {
            _ = plan.reached("a")
            waits.append(plan.probeDelay(using: &random).milliseconds)
        }
        #expect(waits[0] >= 900 && waits[0] <= 1100)
        #expect((waits.last ?? 0) >= 9000 && (waits.last ?? 0) <= 11_000)
    }

    @Test func `only what cannot do harm twice is sent again`() {
        func after(_ code: TunnelResetCode, _ request: TunnelRequest, answered: Bool = false) -> StreamRecovery {
            StreamRecovery.after(code, of: .sample(request), answered: answered)
        }
        let post = TunnelRequest.http(.init(method: .post, path: "/api"))
        #expect(after(.lost, .get) == .again)
        #expect(after(.lost, .get, answered: true) == .fail)
        #expect(after(.lost, post) == .fail)
        #expect(after(.refused, post) == .again, "nothing was begun")
        #expect(after(.lost, .pods, answered: true) == .watchFromLastVersion)
        #expect(after(.lost, .follow, answered: true) == .logsFromLastLine)
        #expect(after(.lost, .shell) == .fail)
        #expect(after(.policyDenied, .get) == .fail)
    }
}
