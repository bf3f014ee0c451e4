internal import Bytes
package import HTTP2
internal import HTTP

/// A difference between our HTTP/2 server session and libnghttp2's that no rule explains.
package struct UnexplainedDifference: Error, CustomStringConvertible {
    /// What both did with which frame.
    package let description: String
}

/// Feeds our HTTP/2 server session and libnghttp2's with the same bytes and demands the same outcome: the same requests for the
/// handler, the same answers, streams and connections that end alike.
///
/// Frame by frame, each cut where `cuts` says, so that a difference is found at the frame that causes it. Where RFC 9113 leaves a
/// choice, or nghttp2 is more lenient than its text, the two may differ as `AllowedDifference` lists; the states have parted
/// then, and the rest is not compared.
package enum SessionJudge {
    /// The preface of every client.
    package static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

    /// - Parameters:
    ///   - stream: What the client sends, from its preface on.
    ///   - cuts: Lengths of the pieces in which each frame arrives, in turn; empty: whole.
    /// - Returns: How far both were compared, and why no further.
    /// - Throws: The first difference that is not allowed.
    @discardableResult
    package static func compare(
        _ stream: [UInt8], cuts: [Int] = [], limits: HTTP2ServerLimits = HTTP2ServerLimits()
    ) throws(UnexplainedDifference) -> Verdict {
        let ours: Conversation
        let theirs: Conversation
        do throws(HTTP2Error) {
            ours = try Conversation(.ingest, limits)
            theirs = try Conversation(.nghttp2, limits)
        } catch {
            throw UnexplainedDifference(description: "\(error)")
        }
        var history = StreamHistory()
        var cutter = Cutter(cuts)
        var requests = 0
        let units = Self.units(of: stream)
        for (index, unit) in units.enumerated() {
            let (one, other) = (Step.of(ours, unit.bytes, cutter), Step.of(theirs, unit.bytes, cutter))
            cutter.advance(unit.bytes.count)
            // What is not whole may be judged by its beginning or when it is whole.
            if !unit.isWhole { break }
            requests += one.requests.count
            if one != other || ours.hasEnded != theirs.hasEnded {
                let difference = Difference(
                    frame: FrameView(Array(unit.bytes)), bytes: Array(unit.bytes), names: Self.names(units[...index]),
                    history: history, ours: one, theirs: other, oursHasEnded: ours.hasEnded,
                    theirsHasEnded: theirs.hasEnded,
                    theirsCompleted: Self.complete(theirs, FrameView(Array(unit.bytes)).stream))
                if let allowed = AllowedDifference.allCases.first(where: { $0.explains(difference) }) {
                    return Verdict(frames: index, requests: requests, parted: allowed)
                }
                throw UnexplainedDifference(description: "frame \(index): \(difference)")
            }
            if ours.hasEnded { return Verdict(frames: index, requests: requests, parted: nil) }
            history.note(unit.bytes, one)
        }
        return Verdict(frames: units.count, requests: requests, parted: nil)
    }

    /// What libnghttp2's session shows when the stream's request is ended now.
    private static func complete(_ theirs: Conversation, _ stream: UInt32) -> Step {
        let end: [UInt8] = [0, 0, 0, 0, 1] + (0..<4).map { UInt8(truncatingIfNeeded: stream >> (24 - 8 * $0)) }
        return end.withUnsafeBytes { theirs.say($0) }
    }

    /// The names of the fields in the last one's header block, as far as the blocks can be decoded.
    private static func names(_ units: ArraySlice<Unit>) -> [String] {
        let decoder = HPACKDecoder()
        var names: [String]? = []
        for unit in units.dropFirst() {
            names = headerBlock(unit.bytes).withUnsafeBytes { block in
                do throws(HTTP2Error) {
                    return block.isEmpty
                        ? [] : try decoder.decode(block).map { String(decoding: $0.name, as: UTF8.self) }
                } catch {
                    return nil
                }
            }
            if names == nil { break }
        }
        return names ?? []
    }

    /// HEADERS without padding and priority, and every CONTINUATION.
    private static func headerBlock(_ unit: ArraySlice<UInt8>) -> [UInt8] {
        let head = FrameView(Array(unit))
        guard head.type == 1 else { return [] }
        let isPadded = head.flags & 0x08 != 0
        var block = head.payload.dropFirst((isPadded ? 1 : 0) + (head.flags & 0x20 != 0 ? 5 : 0))
        if isPadded { block = block.dropLast(Int(head.payload.first ?? 0)) }
        var rest = unit.dropFirst(9 + head.payload.count)
        while rest.count >= 9 {
            let next = FrameView(Array(rest))
            block += next.payload
            rest = rest.dropFirst(9 + next.payload.count)
        }
        return Array(block)
    }

    /// What a comparison came to.
    package struct Verdict {
        /// How many frames had the same outcome.
        package let frames: Int
        /// Requests that both showed to their handler.
        package let requests: Int
        /// Why it went no further.
        package let parted: AllowedDifference?
    }

    /// Bytes that are judged together: the preface, a frame, or a header block with all its frames.
    private struct Unit {
        var bytes: ArraySlice<UInt8>
        var isWhole: Bool
    }

    private static func units(of stream: [UInt8]) -> [Unit] {
        var units = [Unit(bytes: stream.prefix(24), isWhole: stream.count >= 24)]
        var start = min(24, stream.count)
        while start < stream.count {
            var end = start
            var isInBlock = false
            var isWhole = true
            repeat {
                let head = Array(stream[end...].prefix(9))
                let length = head.count < 9 ? 0 : Int(head[0]) << 16 | Int(head[1]) << 8 | Int(head[2])
                if head.count < 9 || end + 9 + length > stream.count {
                    // One that is too long is refused for its head.
                    isWhole = head.count == 9 && length > 16_384
                    end = stream.count
                    break
                }
                end += 9 + length
                if head[3] == 1 || isInBlock { isInBlock = (head[3] == 1 || head[3] == 9) && head[4] & 4 == 0 }
                if isInBlock, end == stream.count { isWhole = false }
            } while isInBlock && end < stream.count
            units.append(Unit(bytes: stream[start..<end], isWhole: isWhole))
            start = end
        }
        return units
    }
}

/// Cuts frames into pieces.
struct Cutter {
    private let cuts: [Int]
    private var next = 0

    init(_ cuts: [Int]) { self.cuts = cuts.filter { $0 > 0 } }

    mutating func advance(_ count: Int) {
        guard !cuts.isEmpty else { return }
        next = pieces(of: count).1
    }

    /// The lengths of the pieces of so many bytes, and the cut after them.
    func pieces(of count: Int) -> ([Int], Int) {
        guard !cuts.isEmpty else { return ([count], 0) }
        var (rest, place, lengths) = (count, next, [Int]())
        while rest > 0 {
            let length = min(rest, cuts[place % cuts.count])
            lengths.append(length)
            rest -= length
            place += 1
        }
        return (lengths, place)
    }
}

extension Step {
    /// One frame, in pieces.
    static func of(_ conversation: Conversation, _ frame: ArraySlice<UInt8>, _ cutter: Cutter) -> Step {
        var sum = Step()
        var rest = frame
        for length in cutter.pieces(of: frame.count).0 {
            let piece = Array(rest.prefix(length))
            rest = rest.dropFirst(length)
            sum.add(piece.withUnsafeBytes { conversation.say($0) })
        }
        return sum
    }

    private mutating func add(_ other: Step) {
        requests += other.requests
        answers.merge(other.answers) { $0 + $1 }
        bodies.merge(other.bodies, uniquingKeysWith: +)
        ended.formUnion(other.ended)
        resets.merge(other.resets) { $1 }
        goAway = other.goAway ?? goAway
        pings += other.pings
        settingsAcknowledged += other.settingsAcknowledged
    }
}

/// What the frames so far have made of each stream, as far as both sessions agreed.
struct StreamHistory {
    private(set) var highest: UInt32 = 0
    private(set) var used: Set<UInt32> = []
    /// Answered 431: the header list was not read to its end.
    private(set) var beyondLimit: Set<UInt32> = []

    mutating func note(_ frame: ArraySlice<UInt8>, _ step: Step) {
        beyondLimit.formUnion(step.answers.filter { $0.value.first == ":status: 431" }.keys)
        let head = FrameView(Array(frame))
        if head.type == 1 {
            used.insert(head.stream)
            highest = max(highest, head.stream)
        }
    }
}

/// The head of a frame.
struct FrameView {
    let type: UInt8
    let flags: UInt8
    let stream: UInt32
    let payload: [UInt8]

    init(_ bytes: [UInt8]) {
        guard bytes.count >= 9 else {
            (type, flags, stream, payload) = (255, 0, 0, [])
            return
        }
        type = bytes[3]
        flags = bytes[4]
        stream = bytes[5..<9].reduce(0) { $0 << 8 | UInt32($1) } & 0x7fff_ffff
        let length = bytes[..<3].reduce(0) { $0 << 8 | Int($1) }
        payload = Array(bytes[9...].prefix(length))
    }

    /// The priority that HEADERS or PRIORITY bring names their own stream.
    var dependsOnItself: Bool {
        let start = type == 1 && flags & 0x08 != 0 ? 1 : 0
        guard payload.count >= start + 4 else { return false }
        return payload[start..<(start + 4)].reduce(0) { $0 << 8 | UInt32($1) } & 0x7fff_ffff == stream
    }
}

/// Two outcomes of one frame.
struct Difference: CustomStringConvertible {
    let frame: FrameView
    let bytes: [UInt8]
    /// Names of the fields that it brings.
    let names: [String]
    let history: StreamHistory
    let ours: Step
    let theirs: Step
    let oursHasEnded: Bool
    let theirsHasEnded: Bool
    /// What theirs shows when the stream is ended now.
    let theirsCompleted: Step

    var description: String {
        """
        \(Hex.encode(bytes))
        ours\(oursHasEnded ? " (ended)" : ""): \(ours)
        theirs\(theirsHasEnded ? " (ended)" : ""): \(theirs)
        """
    }
}
