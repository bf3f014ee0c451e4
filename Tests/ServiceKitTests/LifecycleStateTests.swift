import ServiceKit
import Testing

@Suite struct LifecycleStateTests {
    private func running() -> LifecycleState {
        var state = LifecycleState(grace: .seconds(8))
        _ = state.handle(.built)
        return state
    }

    @Test func `SIGTERM drains within the grace period and ends with 0`() {
        var state = running()
        #expect(state.handle(.stopRequested) == .drain(.seconds(8)))
        #expect(state.handle(.drained) == .exit(code: 0, reason: "drained"))
    }

    @Test func `a service that does not drain in time is ended`() {
        var state = running()
        _ = state.handle(.stopRequested)
        #expect(state.handle(.graceOver) == .exit(code: 0, reason: "not drained within the grace period"))
    }

    @Test func `a second SIGTERM ends it at once`() {
        var state = running()
        _ = state.handle(.stopRequested)
        #expect(state.handle(.stopRequested) == .exit(code: 143, reason: "second request to stop"))
    }

    @Test func `a part that ends by itself is a crash, but not while draining`() {
        var state = running()
        #expect(state.handle(.partEnded("gone")) == .exit(code: 70, reason: "gone"))
        state = running()
        _ = state.handle(.stopRequested)
        #expect(state.handle(.partEnded("gone")) == .none)
    }

    @Test func `a service whose parent is gone drains quickly`() {
        var state = running()
        #expect(state.handle(.lifelineEnded) == .drain(.seconds(2)))
        #expect(state.handle(.lifelineEnded) == .none)
        #expect(state.handle(.drained) == .exit(code: 0, reason: "drained"))
    }

    @Test func `stopping while starting ends it at once`() {
        var state = LifecycleState(grace: .seconds(8))
        #expect(state.handle(.stopRequested) == .exit(code: 0, reason: "stopped while starting"))
        state = LifecycleState(grace: .seconds(8))
        #expect(state.handle(.lifelineEnded) == .exit(code: 0, reason: "parent gone while starting"))
    }

    @Test func `a wrong configuration ends with 78, a failed start with 70`() {
        var state = LifecycleState(grace: .seconds(8))
        #expect(state.handle(.configurationRefused) == .exit(code: 78, reason: "configuration refused"))
        state = LifecycleState(grace: .seconds(8))
        #expect(state.handle(.partEnded("port in use")) == .exit(code: 70, reason: "port in use"))
    }

    @Test func `late news changes nothing`() {
        var state = running()
        #expect(state.handle(.drained) == .none)
        #expect(state.handle(.graceOver) == .none)
        #expect(state.handle(.built) == .none)
    }
}
