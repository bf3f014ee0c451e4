import PlaneConfig
import System
import Testing

@Suite struct AskingPlanTests {
    private static let start = MonotonicTime.now()

    private static func at(_ seconds: Double) -> MonotonicTime { start + .milliseconds(Int64(seconds * 1000)) }

    /// A plan whose first question was answered with version `1`, at the start.
    private static func running() -> AskingPlan {
        var plan = AskingPlan(began: start)
        _ = plan.asked()
        plan.answered("1", now: start, random: 1)
        return plan
    }

    @Test func `the first question is due at once, the next one after fifteen seconds`() {
        var plan = AskingPlan(began: Self.start)
        #expect(plan.isDue(Self.start))
        #expect(plan.asked() == "")
        plan.answered("1", now: Self.start, random: 1)
        #expect(!plan.isDue(Self.at(14.9)) && plan.isDue(Self.at(15)))
        #expect(plan.asked() == "1")
    }

    @Test func `a hint at another version is followed at once, and once`() {
        var plan = Self.running()
        plan.heard("1", now: Self.at(1))
        #expect(!plan.isDue(Self.at(1)))
        plan.heard("2", now: Self.at(1))
        #expect(plan.isDue(Self.at(1)))
        _ = plan.asked()
        // Whatever the answer was: a control plane that does not know what it says is not asked all the time.
        plan.answered("3", now: Self.at(1), random: 1)
        #expect(!plan.isDue(Self.at(2)))
    }

    @Test func `a hint that arrives while a question is on its way is not forgotten`() {
        var plan = Self.running()
        _ = plan.asked()
        plan.heard("2", now: Self.at(1))
        plan.answered("1", now: Self.at(1), random: 1)
        #expect(plan.isDue(Self.at(1)))
    }

    @Test func `a version that was hinted at is confirmed once it is known, once for each hint`() {
        var plan = Self.running()
        #expect(plan.confirmation() == nil, "nobody hinted")
        plan.heard("1", now: Self.at(1))
        #expect(plan.owesConfirmation)
        #expect(plan.confirmation() == "1")
        #expect(plan.confirmation() == nil)
        plan.heard("2", now: Self.at(2))
        #expect(plan.confirmation() == nil)
        _ = plan.asked()
        plan.failed(now: Self.at(2), random: 1)
        #expect(!plan.owesConfirmation)
        _ = plan.asked()
        plan.answered("2", now: Self.at(3), random: 1)
        #expect(plan.confirmation() == "2")
        // The control plane came back, and knows nothing of the last time.
        plan.heard("2", now: Self.at(4))
        #expect(plan.confirmation() == "2")
    }

    @Test func `pauses double up to five minutes while nobody answers`() {
        var plan = Self.running()
        var pauses: [Int64] = []
        for _ in 0..<13 {
            _ = plan.asked()
            plan.failed(now: Self.start, random: 1)
            pauses.append((plan.due - Self.start).components.seconds)
        }
        #expect(pauses == [0, 0, 0, 1, 3, 6, 12, 25, 51, 102, 204, 300, 300])
    }

    @Test func `in the first minute pauses are short, for both may have been started together`() {
        var plan = AskingPlan(began: Self.start)
        for _ in 0..<10 { plan.failed(now: Self.at(59), random: 1) }
        #expect(plan.due == Self.at(59.5))
        plan.failed(now: Self.at(60), random: 1)
        #expect(plan.due == Self.at(60 + 204.8))
    }

    @Test func `the first hint after a long absence ends the pause`() {
        var plan = Self.running()
        for _ in 0..<12 { plan.failed(now: Self.at(600), random: 1) }
        #expect(!plan.isDue(Self.at(601)))
        plan.heard("1", now: Self.at(601))
        #expect(plan.isDue(Self.at(601)))
        // It hints and still does not answer: one more question, and on with the pauses.
        _ = plan.asked()
        plan.failed(now: Self.at(601), random: 1)
        #expect(!plan.isDue(Self.at(890)))
    }
}
