import SessionJudge
import TestKit
import Testing

/// Our session and libnghttp2's see the same bytes and come to the same outcome.
@Suite struct DifferentialTests {
    @Test func `what a client may send has the same outcome to the last byte`() throws {
        var requests = 0
        for seed in 0..<200 {
            var maker = ConversationMaker(SeededGenerator(seed: UInt64(seed)))
            let verdict = try SessionJudge.compare(maker.legal(), cuts: maker.cuts())
            #expect(verdict.parted == nil)
            requests += verdict.requests
        }
        #expect(requests > 800)
    }

    @Test func `frames in any order have the same outcome, or the difference is known`() throws {
        try compare(1000) { $0.frames() }
    }

    @Test func `damaged conversations have the same outcome, or the difference is known`() throws {
        try compare(700) { maker in maker.mutated(maker.legal()) }
        try compare(700) { maker in maker.mutated(maker.frames()) }
    }

    private func compare(_ count: Int, _ make: (inout ConversationMaker<SeededGenerator>) -> [UInt8]) throws {
        var requests = 0
        for seed in 0..<count {
            var maker = ConversationMaker(SeededGenerator(seed: UInt64(seed)))
            let stream = make(&maker)
            requests += try SessionJudge.compare(stream, cuts: maker.cuts()).requests
        }
        #expect(requests > count / 10)
    }
}
