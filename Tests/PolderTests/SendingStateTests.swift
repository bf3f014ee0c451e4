import Polder
import System
import Testing

private let zero = MonotonicTime(nanoseconds: 0)

@Suite struct SendingStateTests {
    @Test func `events are due at equal distances from the start, however long answers take`() {
        var state = SendingState(limit: 4, rate: 4, start: zero)
        let due = (0..<4).compactMap { _ in state.take()?.due }
        #expect(due == [zero, zero + .milliseconds(250), zero + .milliseconds(500), zero + .milliseconds(750)])
        #expect(state.take() == nil)
    }

    @Test func `without a rate everything is due at once, and stopping ends it`() {
        var state = SendingState(limit: .max, rate: 0, start: zero)
        #expect(state.take()?.due == zero)
        #expect(state.take()?.number == 1)
        state.stop()
        #expect(state.take() == nil)
    }

    @Test func `reasons are kept once each`() {
        var state = SendingState(limit: 9, rate: 0, start: zero)
        for reason in ["a", "b", "a", "c", "d", "e", "f"] { state.wasRejected(reason) }
        #expect(state.rejected == 7)
        #expect(state.reasons == ["a", "b", "c", "d", "e"])
    }

    @Test func `the progress line fits`() {
        var state = SendingState(limit: 100, rate: 0, start: zero)
        for _ in 0..<25 {
            _ = state.take()
            state.wasAccepted()
        }
        #expect(
            state.progress(width: 79, elapsed: .seconds(5))
                == "[##########------------------------------] 25/100 5 events/s")
        for width in [10, 20, 30, 40, 79] { #expect(state.progress(width: width, elapsed: .seconds(1)).count <= width) }
        var endless = SendingState(limit: .max, rate: 0, start: zero)
        endless.wasAccepted()
        endless.wasRejected("no")
        #expect(endless.progress(width: 79, elapsed: .seconds(2)) == "2 sent, 1 events/s, 1 rejected")
    }
}
