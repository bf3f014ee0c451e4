import Kubernetes
import Net
import System
import Testing

private func moment(_ seconds: Int64) -> MonotonicTime { MonotonicTime(nanoseconds: seconds * 1_000_000_000) }

private func status(_ code: Int) -> KubernetesError { .refused(KubernetesStatus(code: code, reason: "", message: "")) }

/// The state as an object, so that it can be asked inside of `#expect`.
private final class Machine {
    private var state: WatchState

    init(from version: String? = nil) { state = WatchState(from: version) }

    func next(random: Double) -> WatchState.Step { state.next(random: random) }
    func listEnded(version: String, at now: MonotonicTime) { state.listEnded(version: version, at: now) }
    func versionSeen(_ version: String, at now: MonotonicTime) { state.versionSeen(version, at: now) }
    func watchEnded(hadEvents: Bool, lasted: Duration) { state.watchEnded(hadEvents: hadEvents, lasted: lasted) }
    func failed(_ error: KubernetesError) -> Bool { state.failed(error) }
}

@Suite struct WatchStateTests {
    @Test func `it lists, then watches from the list's version, then from the last one seen`() {
        let state = Machine()
        #expect(state.next(random: 0) == .list(inOnePiece: false))
        state.listEnded(version: "7", at: moment(0))
        #expect(state.next(random: 0) == .watch(from: "7", seconds: 300))
        state.versionSeen("9", at: moment(1))
        state.watchEnded(hadEvents: true, lasted: .seconds(300))
        #expect(state.next(random: 0.5) == .watch(from: "9", seconds: 450))
    }

    @Test func `410 lists again at once, and in one piece when it was a list that got it`() {
        let state = Machine(from: "3")
        #expect(state.next(random: 0) == .watch(from: "3", seconds: 300))
        #expect(!state.failed(status(410)))
        #expect(state.next(random: 0) == .list(inOnePiece: false))
        #expect(!state.failed(status(410)))
        #expect(state.next(random: 0) == .list(inOnePiece: true))
        state.listEnded(version: "8", at: moment(0))
        #expect(state.next(random: 0) == .watch(from: "8", seconds: 300))
    }

    @Test func `pauses double up to half a minute, with jitter, and begin anew after two good minutes`() {
        let state = Machine(from: "1")
        var pauses: [Duration] = []
        for _ in 0..<8 {
            #expect(!state.failed(.net(.connectionEnded)))
            guard case .pause(let pause) = state.next(random: 0) else {
                Issue.record("no pause")
                return
            }
            pauses.append(pause)
            #expect(state.next(random: 0) == .watch(from: "1", seconds: 300))
        }
        #expect(pauses == [800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000].map { .milliseconds($0) })
        #expect(!state.failed(status(503)))
        #expect(state.next(random: 0.5) == .pause(.seconds(45)))
        state.versionSeen("2", at: moment(0))
        state.versionSeen("3", at: moment(121))
        #expect(!state.failed(.net(.connectionEnded)))
        #expect(state.next(random: 0) == .pause(.milliseconds(800)))
    }

    @Test func `a watch that ends at once without a word is trouble`() {
        let state = Machine(from: "1")
        _ = state.next(random: 0)
        state.watchEnded(hadEvents: false, lasted: .milliseconds(10))
        #expect(state.next(random: 0) == .pause(.milliseconds(800)))
    }

    @Test func `what does not pass by itself is told to the caller`() {
        for (error, isTold) in [
            (status(403), true), (status(404), true), (status(401), true), (status(429), false), (status(500), false),
            (status(410), false), (.net(.cancelled), true), (.net(.connectionEnded), false), (.unreadable("x"), false),
            (.tooLarge(what: "x", limit: 1), true),
        ] {
            let state = Machine(from: "1")
            #expect(state.failed(error) == isTold, "\(error)")
        }
    }
}
