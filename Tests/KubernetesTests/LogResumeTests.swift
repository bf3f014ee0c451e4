import Kubernetes
import TestKit
import Testing

/// The value as an object, so that it can be asked inside of `#expect`.
private final class Memory {
    private var resume = LogResume()

    var sinceTime: String? { resume.sinceTime }
    var lastTimestamp: String? { resume.lastTimestamp }
    func admit(_ line: [UInt8]) -> Bool { resume.admit(line) }
    func reopened() { resume.reopened() }
}

@Suite struct LogResumeTests {
    private func line(_ second: Int, _ nanosecond: Int, _ text: String) -> [UInt8] {
        let fraction = String(nanosecond + 1_000_000_000).dropFirst()
        return Array("2026-11-21T05:00:\(second < 10 ? "0" : "")\(second).\(fraction)Z \(text)".utf8)
    }

    @Test func `lines that come again after a cut are left out, equal ones counted`() {
        let resume = Memory()
        let written = [line(1, 5, "a"), line(1, 5, "a"), line(1, 9, "b"), line(2, 0, "c")]
        for line in written { #expect(resume.admit(line)) }
        #expect(
            resume.sinceTime == "2026-11-21T05:00:01.000Z" && resume.lastTimestamp == "2026-11-21T05:00:02.000000000Z")
        resume.reopened()
        // The server may give more than was asked for.
        let again = written + [line(1, 9, "late"), line(2, 0, "c"), line(3, 0, "d")]
        var passed: [Bool] = []
        for line in again { passed.append(resume.admit(line)) }
        #expect(passed == [false, false, false, false, true, true, true])
    }

    @Test func `a line without a time passes, other offsets and precisions are understood`() {
        let resume = Memory()
        #expect(resume.admit(Array("unable to retrieve container logs".utf8)))
        #expect(resume.admit(Array("unable to retrieve container logs".utf8)))
        #expect(resume.sinceTime == nil)
        #expect(resume.admit(Array("2026-11-21T07:00:01.5+02:00 x".utf8)))
        #expect(resume.sinceTime == "2026-11-21T05:00:00.000Z")
    }

    /// A log of several writers whose lines are not quite in order of their times, cut anywhere, opened again from a whole second.
    @Test(arguments: 0..<30) func `nothing is lost and nothing comes twice, wherever it is cut`(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed &+ 7)
        var time = 10_000_000_000
        let log = (0..<400).map { number -> (second: Int, line: [UInt8]) in
            time += Int.random(in: 0..<20_000_000, using: &random)
            let late = max(0, time - Int.random(in: 0..<1_000_000, using: &random))
            let text = Int.random(in: 0..<4, using: &random) == 0 ? "the same" : "line \(number)"
            return (late / 1_000_000_000, line(late / 1_000_000_000, late % 1_000_000_000, text))
        }
        let resume = Memory()
        var received: [[UInt8]] = []
        var since = 0
        var end = 0
        while end < log.count {
            end = min(log.count, end + Int.random(in: 1..<120, using: &random))
            for entry in log[..<end] where entry.second >= since {
                if resume.admit(entry.line) { received.append(entry.line) }
            }
            since = resume.sinceTime.flatMap { Int($0.dropFirst(17).prefix(2)) } ?? 0
            resume.reopened()
        }
        #expect(received == log.map(\.line))
    }
}
