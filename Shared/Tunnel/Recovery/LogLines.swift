internal import Time

/// Cuts a log into pieces for DATA: each ends at the end of a line, if the line is not longer than a frame.
package struct LogLineCutter: Sendable {
    /// Longest piece.
    package static let longest = TunnelFrame.longestPayload
    private var bytes: [UInt8] = []
    private var start = 0
    /// No line end lies before it.
    private var searched = 0

    /// Without bytes.
    package init() {}

    /// Bytes that wait for their line end: less than ``longest`` after `next` has answered nil.
    package var waiting: Int { bytes.count - start }

    /// More of the log.
    package mutating func append(_ more: ArraySlice<UInt8>) {
        if start > 0, start == bytes.count || start >= Self.longest {
            bytes.removeFirst(start)
            searched -= start
            start = 0
        }
        bytes.append(contentsOf: more)
    }

    /// The next piece; nil when the line that waits is not complete.
    package mutating func next() -> ArraySlice<UInt8>? {
        let limit = min(bytes.count, start + Self.longest)
        if let end = bytes[max(start, searched)..<limit].lastIndex(of: UInt8(ascii: "\n")) { return take(to: end + 1) }
        searched = limit
        return limit - start == Self.longest ? take(to: limit) : nil
    }

    /// What is left when the log ends, without a line end; nil when nothing is.
    package mutating func finish() -> ArraySlice<UInt8>? { waiting > 0 ? take(to: bytes.count) : nil }

    private mutating func take(to end: Int) -> ArraySlice<UInt8> {
        defer {
            start = end
            searched = max(searched, end)
        }
        return bytes[start..<end]
    }
}

/// Where a follower of a log is, so that after the loss of a session it goes on without losing a line or showing one twice.
///
/// Lines begin with their time (`timestamps=true`). The API server answers `sinceTime` to the second, so a log that is opened again
/// begins with lines that were shown: those of the last two seconds are remembered by time and hash of their text, each as often as it
/// came, and passed over as often.
package struct LogCursor: Sendable {
    /// Most lines that are remembered.
    package static let memory = 65_536
    private static let second: Int64 = 1_000_000_000

    private struct Seen: Hashable {
        let time: Int64  // nanoseconds since 1970
        let hash: Int
    }

    private var seen = Ring<Seen>()
    private var last: Int64?
    private var lastText = ""
    /// What a log that was opened again still repeats; nil when nothing is repeated.
    private var repeated: [Seen: Int]?

    /// Before the first line.
    package init() {}

    /// `sinceTime` for opening the log again: the second of the last line that had a time; nil before the first.
    package var since: String? { last.map { Timestamp(milliseconds: $0 / Self.second * 1000).text } }

    /// The log is opened again, with ``since``.
    package mutating func reopened() {
        var counts: [Seen: Int] = [:]
        for index in 0..<seen.count { counts[seen[index], default: 0] += 1 }
        repeated = counts
    }

    /// Whether a line is to be shown.
    /// - Parameter line: Without its line end. A line without a time is always shown.
    package mutating func shows(_ line: ArraySlice<UInt8>) -> Bool {
        guard let time = Self.time(of: line) else { return true }
        let entry = Seen(time: time, hash: line.hashValue)
        if repeated != nil, let last {
            if time > last {
                repeated = nil
            } else if let count = repeated?[entry], count > 0 {
                repeated?[entry] = count - 1
                return false
            } else if time < last - 2 * Self.second {
                return false  // older than what is remembered, so it was shown
            }
        }
        last = max(last ?? time, time)
        seen.append(entry)
        while let first = seen.first, seen.count > Self.memory || first.time < (last ?? 0) - 2 * Self.second {
            _ = seen.popFirst()
        }
        return true
    }

    /// Nanoseconds since 1970 of the time at the start of a line.
    static func time(of line: ArraySlice<UInt8>) -> Int64? {
        guard let space = line.prefix(64).firstIndex(of: UInt8(ascii: " ")) else { return nil }
        let text = line[..<space]
        let fraction = text.drop { $0 != UInt8(ascii: ".") }.dropFirst().prefix { $0 &- 0x30 < 10 }
        guard fraction.count <= 9 else { return nil }
        var nanoseconds: Int64 = 0
        for place in 0..<9 {
            let digit = place < fraction.count ? Int64(fraction[fraction.startIndex + place] &- 0x30) : 0
            nanoseconds = nanoseconds * 10 + digit
        }
        var whole = Array(text[..<(fraction.isEmpty ? text.endIndex : fraction.startIndex - 1)])
        if !fraction.isEmpty { whole.append(contentsOf: text[fraction.endIndex...]) }
        do throws(TimeError) {
            let seconds = try Timestamp(text: String(decoding: whole, as: UTF8.self)).seconds
            guard seconds.magnitude < 9_000_000_000 else { return nil }  // 285 years around 1970: nothing overflows
            return seconds * Self.second + nanoseconds
        } catch {
            return nil  // a line without a time
        }
    }
}
