import ServiceKit
import Synchronization
import Testing

@Suite struct ReadinessTests {
    @Test func `ready when the last latch is released`() {
        let readiness = Readiness()
        #expect(readiness.isReady)
        let keys = readiness.latch("keys")
        let store = readiness.latch("store")
        #expect(readiness.missing == ["keys", "store"])
        keys.release()
        #expect(readiness.missing == ["store"])
        store.release()
        #expect(readiness.isReady)
    }

    @Test func `a dropped latch holds`() {
        let readiness = Readiness()
        do {
            let latch = readiness.latch("keys")
            _ = consume latch
        }
        #expect(readiness.missing == ["keys"])
    }

    @Test func `what is mentioned does not make it unready`() {
        let readiness = Readiness()
        #expect(readiness.remarks.isEmpty)
        readiness.mention { ["one thing"] }
        readiness.mention { [] }
        readiness.mention { ["another", "a third"] }
        #expect(readiness.isReady)
        #expect(readiness.remarks == ["one thing", "another", "a third"])
    }

    @Test func `a condition may come and go`() {
        let readiness = Readiness()
        let isFine = Box()
        readiness.require("store takes commits") { isFine.value.withLock { $0 } }
        #expect(readiness.missing == ["store takes commits"])
        isFine.value.withLock { $0 = true }
        #expect(readiness.isReady)
    }
}

private final class Box: Sendable {
    let value = Mutex(false)
}
