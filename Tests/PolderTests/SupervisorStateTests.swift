import Polder
import System
import Testing
import Wire

private let zero = MonotonicTime(nanoseconds: 1_000_000_000_000)

private func at(_ milliseconds: Int) -> MonotonicTime { zero + .milliseconds(milliseconds) }

private func spec(_ name: String, setting: String = "1") -> ProcessSpec {
    var spec = ProcessSpec(name: name, binary: "event-gateway")
    spec.environment = ["A": setting]
    spec.adminURL = "https://localhost:1"
    return spec
}

@Suite struct SupervisorStateTests {
    /// A plane of two processes, both ready at 100 ms.
    private func twoReady() -> SupervisorState {
        var state = SupervisorState()
        _ = state.apply(group: "plane", [spec("a"), spec("b")], now: zero)
        _ = state.started("a", pid: 1, now: zero)
        _ = state.started("b", pid: 2, now: zero)
        _ = state.becameReady("a", pid: 1, now: at(100))
        _ = state.becameReady("b", pid: 2, now: at(100))
        return state
    }

    @Test func `what is wanted is started, and told once all of it is ready`() {
        var state = SupervisorState()
        #expect(
            state.apply(group: "plane", [spec("a"), spec("b")], now: zero) == [.start(spec("a")), .start(spec("b"))])
        #expect(state.timeReached(now: at(10)) == [])
        #expect(state.started("a", pid: 1, now: zero) == [])
        #expect(state.started("b", pid: 2, now: zero) == [])
        #expect(state.becameReady("b", pid: 2, now: at(50)) == [])
        #expect(!state.isReady)
        #expect(state.becameReady("a", pid: 1, now: at(60)) == [.publish])
        #expect(state.isReady)
        #expect(state.nextWake == nil)
    }

    @Test func `a process that ends is started again, later each time`() {
        var state = twoReady()
        var now = 200
        var pauses: [Duration] = []
        for pid in Int32(10)..<20 {
            #expect(state.exited("a", pid: pid == 10 ? 1 : pid - 1, now: at(now)) == [])
            #expect(!state.isReady)
            let due = state.nextWake ?? zero
            pauses.append(due - at(now))
            #expect(state.timeReached(now: due) == [.start(spec("a"))])
            now = Int((due - zero) / .milliseconds(1))
            #expect(state.started("a", pid: pid, now: at(now)) == [])
        }
        #expect(pauses.prefix(4) == [.milliseconds(100), .milliseconds(200), .milliseconds(400), .milliseconds(800)])
        #expect(pauses.last == .seconds(10))
        #expect(state["a"]?.restarts == 10)
        #expect(state.becameReady("a", pid: 19, now: at(now)) == [.publish])
    }

    @Test func `a process that was up for long begins with the shortest pause again`() {
        var state = twoReady()
        for _ in 0..<2 {
            let pid: Int32 = state["a"].map { if case .ready(let pid, _) = $0.phase { pid } else { Int32(0) } } ?? 0
            _ = state.exited("a", pid: pid, now: at(20_000))
            #expect(state.nextWake == at(20_100))
            _ = state.timeReached(now: at(20_100))
            _ = state.started("a", pid: 5, now: at(8_000))
            _ = state.becameReady("a", pid: 5, now: at(8_000))
        }
    }

    @Test func `a start that fails is tried again`() {
        var state = SupervisorState()
        _ = state.apply(group: "plane", [spec("a")], now: zero)
        #expect(state.startFailed("a", now: zero) == [])
        #expect(state.timeReached(now: at(99)) == [])
        #expect(state.timeReached(now: at(100)) == [.start(spec("a"))])
    }

    @Test func `what is not wanted any more is stopped, and a group cannot touch another's`() {
        var state = twoReady()
        #expect(
            state.apply(group: "guest", [spec("c"), spec("a", setting: "stolen")], now: at(200)) == [.start(spec("c"))])
        #expect(state["a"]?.spec == spec("a"))
        _ = state.started("c", pid: 3, now: at(200))
        _ = state.becameReady("c", pid: 3, now: at(200))
        #expect(state.apply(group: "plane", [spec("b")], now: at(300)) == [.terminate("a")])
        #expect(!state.isReady)
        #expect(state.exited("a", pid: 1, now: at(400)) == [.publish])
        #expect(state.processes.map(\.spec.name) == ["b", "c"])
    }

    @Test func `a changed process is started anew, once it has ended`() {
        var state = twoReady()
        #expect(state.apply(group: "plane", [spec("a", setting: "2"), spec("b")], now: at(200)) == [.terminate("a")])
        #expect(state.apply(group: "plane", [spec("a", setting: "3"), spec("b")], now: at(250)) == [])
        #expect(state.exited("a", pid: 1, now: at(300)) == [.start(spec("a", setting: "3"))])
        #expect(state.started("a", pid: 7, now: at(300)) == [])
        #expect(state.becameReady("a", pid: 7, now: at(400)) == [.publish])
    }

    @Test func `a process that is wanted again while it stops comes back`() {
        var state = twoReady()
        #expect(state.apply(group: "plane", [spec("b")], now: at(200)) == [.terminate("a")])
        #expect(state.apply(group: "plane", [spec("a"), spec("b")], now: at(250)) == [])
        #expect(state.exited("a", pid: 1, now: at(300)) == [.start(spec("a"))])
    }

    @Test func `stopping asks, waits, then kills, and is told when nothing is left`() {
        var state = twoReady()
        #expect(state.stop(now: at(1_000)) == [.terminate("b"), .terminate("a")])
        #expect(state.exited("b", pid: 2, now: at(1_100)) == [])
        #expect(state.nextWake == at(9_000))
        #expect(state.timeReached(now: at(9_000)) == [.kill("a")])
        #expect(state.exited("a", pid: 1, now: at(9_001)) == [.finished])
        #expect(state.apply(group: "plane", [spec("c")], now: at(9_002)) == [])
    }

    @Test func `a second request to stop kills`() {
        var state = twoReady()
        _ = state.stop(now: at(1_000))
        #expect(state.stop(now: at(1_001)) == [.kill("a"), .kill("b")])
    }

    @Test func `stopping nothing, or what waits to be started, is over at once`() {
        var state = SupervisorState()
        #expect(state.stop(now: zero) == [.finished])
        var waiting = SupervisorState()
        _ = waiting.apply(group: "plane", [spec("a")], now: zero)
        _ = waiting.startFailed("a", now: zero)
        #expect(waiting.stop(now: at(1)) == [.finished])
    }

    @Test func `a process that starts while everything is stopped is asked to end`() {
        var state = SupervisorState()
        _ = state.apply(group: "plane", [spec("a")], now: zero)
        #expect(state.started("a", pid: 4, now: zero) == [])
        #expect(state.stop(now: at(1)) == [.terminate("a")])
        #expect(state.exited("a", pid: 4, now: at(2)) == [.finished])
    }

    @Test func `an answer or an end of an earlier process is ignored`() {
        var state = twoReady()
        _ = state.exited("a", pid: 1, now: at(200))
        _ = state.timeReached(now: at(300))
        _ = state.started("a", pid: 9, now: at(300))
        #expect(state.becameReady("a", pid: 1, now: at(310)) == [])
        #expect(state.exited("a", pid: 1, now: at(320)) == [])
        #expect(state.becameReady("a", pid: 9, now: at(330)) == [.publish])
    }

    @Test func `a change of streams alone is told again`() {
        var state = twoReady()
        #expect(state.planeChanged() == [.publish])
        _ = state.exited("a", pid: 1, now: at(200))
        #expect(state.planeChanged() == [])
    }

    @Test func `a process without an admin listener is ready when it runs`() {
        var state = SupervisorState()
        var plain = spec("a")
        plain.adminURL = ""
        _ = state.apply(group: "plane", [plain], now: zero)
        #expect(state.started("a", pid: 1, now: zero) == [.publish])
    }
}
