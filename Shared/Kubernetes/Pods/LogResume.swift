internal import Time

/// Joins the parts of a followed log that was cut: no line is lost, none comes twice.
///
/// A log can be opened again only from a whole second on, so lines come again. Each line has its time in front; those of the last seconds
/// are remembered, by time and content, and left out when they come again. A value: no server, no clock.
package struct LogResume: Sendable {
    /// Most lines that are remembered; of a second with more, a line that is not after the last one counts as seen.
    private static let memory = 32 * 1024

    private var seconds: [Int64: [Int: Int]] = [:]  // second → hash of line → how often
    private var expected: [Int64: [Int: Int]] = [:]  // what comes again after a cut
    private var remembered = 0
    private var overflowed: Set<Int64> = []
    private var last: LogTime?
    private var lastBeforeCut: LogTime?

    /// Nothing was seen.
    package init() {}

    /// What to ask for as `sinceTime` after a cut; nil: what was asked for at first. A second before the last line's: of two streams that
    /// are written side by side one may be a little late.
    package var sinceTime: String? { last.map { Timestamp(seconds: $0.second - 1).text } }

    /// The time of the last line, as it stood there.
    package private(set) var lastTimestamp: String?

    /// The log was opened again from ``sinceTime`` on.
    package mutating func reopened() {
        expected = seconds
        lastBeforeCut = last
    }

    /// Takes a line, with its time in front. False: it was there before.
    ///
    /// A line without a time (a node's own words, for example) always passes.
    package mutating func admit(_ line: [UInt8]) -> Bool {
        guard let (time, text) = LogTime.of(line) else { return true }
        let hash = Self.hash(line)
        if let count = expected[time.second]?[hash] {
            expected[time.second]?[hash] = count > 1 ? count - 1 : nil
            return false
        }
        if overflowed.contains(time.second), let lastBeforeCut, time <= lastBeforeCut { return false }
        remember(time, hash, text)
        return true
    }

    private mutating func remember(_ time: LogTime, _ hash: Int, _ text: String) {
        if last.map({ $0 < time }) ?? true {
            last = time
            lastTimestamp = text
            // What a server may give again: everything from `sinceTime` on.
            for second in seconds.keys where second < time.second - 1 {
                remembered -= seconds.removeValue(forKey: second)?.count ?? 0
            }
            for second in overflowed where second < time.second - 1 { overflowed.remove(second) }
            for second in expected.keys where second < time.second - 1 { expected[second] = nil }
        }
        guard remembered < Self.memory else {
            overflowed.insert(time.second)
            return
        }
        if seconds[time.second]?[hash] == nil { remembered += 1 }
        seconds[time.second, default: [:]][hash, default: 0] += 1
    }

    private static func hash(_ line: [UInt8]) -> Int {
        var hasher = Hasher()
        line.withUnsafeBytes { hasher.combine(bytes: $0) }
        return hasher.finalize()
    }
}

/// A moment in nanoseconds, as container runtimes write it.
struct LogTime: Sendable, Comparable {
    let second: Int64
    let nanosecond: Int

    static func < (left: LogTime, right: LogTime) -> Bool {
        (left.second, left.nanosecond) < (right.second, right.nanosecond)
    }

    /// The time before the first space of a line, and its text; nil when there is none.
    static func of(_ line: [UInt8]) -> (LogTime, String)? {
        guard let space = line.prefix(40).firstIndex(of: UInt8(ascii: " ")), space >= 20 else { return nil }
        let text = String(decoding: line[..<space], as: UTF8.self)
        let moment: Timestamp
        do throws(TimeError) {
            moment = try Timestamp(text: text)
        } catch {
            return nil
        }
        var nanosecond = 0
        if let dot = line[..<space].firstIndex(of: UInt8(ascii: ".")) {
            let digits = line[(dot + 1)..<space].prefix { 0x30...0x39 ~= $0 }.prefix(9)
            nanosecond = digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
            for _ in digits.count..<9 { nanosecond *= 10 }
        }
        return (LogTime(second: moment.seconds, nanosecond: nanosecond), text)
    }
}
