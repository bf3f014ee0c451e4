import EventGateway
import Testing

@Suite struct CommitPaceTests {
    private let millisecond: Int64 = 1_000_000

    /// What became of a second of work.
    private struct Outcome {
        var accepted = 0
        var shed = 0
        var longestWait: Int64 = 0
        var mostCollected = 0
    }

    /// One loop in front of one disk, a millisecond per step: events of 1000 bytes arrive, a commit takes `cost(bytes)`.
    private func simulate(
        arrivals: Int, milliseconds: Int64, limit: Duration, cost: (_ now: Int64, _ bytes: Int) -> Int64
    ) -> Outcome {
        var pace = CommitPace(limit: limit)
        var outcome = Outcome()
        var collected: [Int64] = []  // when each arrived
        var underWay: [Int64] = []
        var end = Int64.max
        for tick in 0..<milliseconds {
            let now = tick * millisecond
            if now >= end {
                pace.answered(bytes: underWay.count * 1000, now: now, isCommitted: true)
                for arrival in underWay { outcome.longestWait = max(outcome.longestWait, now - arrival) }
                underWay = []
                end = .max
            }
            for _ in 0..<arrivals {
                if pace.admits(collected: collected.count * 1000, now: now) {
                    collected.append(now)
                    outcome.accepted += 1
                } else {
                    outcome.shed += 1
                }
            }
            outcome.mostCollected = max(outcome.mostCollected, collected.count)
            if underWay.isEmpty, !collected.isEmpty {
                swap(&underWay, &collected)
                pace.handedOver(bytes: underWay.count * 1000, now: now)
                end = now + cost(now, underWay.count * 1000)
            }
        }
        return outcome
    }

    @Test func `a disk that keeps up sheds nothing`() {
        let outcome = simulate(arrivals: 100, milliseconds: 3000, limit: .seconds(1)) { _, bytes in
            millisecond + Int64(bytes) / 1000 * 1000
        }
        #expect(outcome.shed == 0)
    }

    @Test func `a slow sync alone sheds nothing, because a commit takes whatever has come`() {
        let outcome = simulate(arrivals: 1, milliseconds: 5000, limit: .seconds(1)) { _, _ in 200 * millisecond }
        #expect(outcome.shed == 0)
        #expect(outcome.longestWait <= 400 * millisecond)
    }

    @Test func `ten times more than the disk can do: the excess is shed, what was taken waits about as long as it may`()
    {
        // One megabyte a second; ten are offered.
        let outcome = simulate(arrivals: 10, milliseconds: 20_000, limit: .seconds(1)) { _, bytes in Int64(bytes) * 1000
        }
        #expect(outcome.longestWait < 1200 * millisecond)
        #expect(outcome.accepted > 15_000, "the disk is kept busy")
        #expect(outcome.shed > 150_000)
        #expect(outcome.mostCollected < 2_000)
    }

    @Test func `a disk that stalls is given little, and one that comes back is noticed`() {
        let outcome = simulate(arrivals: 10, milliseconds: 20_000, limit: .milliseconds(500)) { now, _ in
            now < 5000 * millisecond ? millisecond : now < 5002 * millisecond ? 8000 * millisecond : millisecond
        }
        // Half a second's worth was collected before the stall showed.
        #expect(outcome.mostCollected <= 5_100)
        #expect(outcome.shed > 70_000 && outcome.shed < 80_000)
        #expect(outcome.accepted + outcome.shed == 200_000)
    }

    @Test func `a refused batch tells nothing about the disk`() {
        var pace = CommitPace(limit: .seconds(1))
        pace.handedOver(bytes: 1000, now: 0)
        pace.answered(bytes: 1000, now: 100 * millisecond, isCommitted: true)
        let before = pace.expectedWait(collected: 1000, now: 100 * millisecond)
        pace.handedOver(bytes: 1000, now: 200 * millisecond)
        pace.answered(bytes: 1000, now: 200 * millisecond + 1, isCommitted: false)
        #expect(pace.expectedWait(collected: 1000, now: 200 * millisecond + 1) == before)
    }
}
