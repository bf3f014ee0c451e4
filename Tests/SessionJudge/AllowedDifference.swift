/// Where our session and libnghttp2's may part, and why. Each is one frame's outcome; afterwards the states are different.
package enum AllowedDifference: String, CaseIterable, Sendable {
    /// Both end the connection for the same reason; what else they say on the way there depends on how the frame was cut, as nghttp2
    /// judges by a frame's head what ours judges when it is whole.
    case sameEnd
    /// The frame breaks two rules, and each session names another one; or nghttp2 has reset the last stream of a connection that the
    /// client is leaving, and sees no more of the frame.
    case twoErrors
    /// RFC 9113 §5.1.1: HEADERS on a number that a higher one has passed is an error of the connection. nghttp2 ignores them.
    case passedNumber
    /// RFC 9113 §5.1: DATA or HEADERS behind the end of both sides is an error of the connection. nghttp2 has forgotten the stream.
    case closedStream
    /// RFC 9113 §5.1: DATA or HEADERS behind END_STREAM, or behind the client's own reset, is an error of the stream. nghttp2 ends the
    /// connection, or ignores them.
    case endedStream
    /// RFC 9113 §8.1.1: a malformed request may be answered before its stream is reset. Around nghttp2 we answer, ours resets.
    case answeredMalformed
    /// RFC 9113 §10.5.1: a header list beyond the limit is answered 431, and one far beyond it ends the connection. Behind the limit ours
    /// does not look whether the list is malformed as well (§8.1.1); nghttp2 does, and then it is reset, or answered 400.
    case malformedBeyondLimit
    /// RFC 9113 §8.1.1: a body that is not as long as `content-length` says. Ours does not know what a list beyond the limit says.
    case lengthBeyondLimit
    /// RFC 9113 §8.3.1: a user in the authority, an empty authority, a path that does not begin with a slash. nghttp2 lets them pass, paths
    /// where the scheme is not that of HTTP.
    case strictRequest
    /// RFC 9110 §10.1.1: who has the whole request need not say 100 any more. nghttp2 says it before it sees the end.
    case continueOmitted
    /// RFC 9113 §5.1.2: a request beyond the limit of streams is refused. nghttp2 counts them when the head of the frame arrives, ours when
    /// it is whole, and between the two another request was answered.
    case refusedInPieces
    /// RFC 9113 §10.5: many settings in one frame may be taken for an attack. nghttp2 reads 32; ours makes them cost more.
    case manySettings
    /// RFC 9113 §6.5.3: settings are processed in order, so a value that is an error is one also when a better one follows. nghttp2 looks
    /// at the last value of each.
    case repeatedSetting
    /// RFC 9218 §2.1: a changed SETTINGS_NO_RFC7540_PRIORITIES may be an error.
    case changedPriorities
    /// RFC 9113 §6.3: PRIORITY on stream 0 is an error. nghttp2 does not look at priorities, as we announce that nobody does.
    case priorityOnStreamZero
    /// RFC 7540 §5.3.1: a stream that depends on itself. RFC 9113 has no rule; each does what it likes.
    case selfDependency
    /// RFC 9113 §6.3: PRIORITY of a wrong length is an error of the stream. nghttp2 ends the connection.
    case priorityLength
    /// RFC 9113 §6.8: a client's GOAWAY that names a stream which the server did not open. nghttp2 ends the connection.
    case goAwayLastStream
    /// RFC 9113 §6.9: an increment of 0 is an error of the stream, also of one that is closed.
    case incrementOfZero
    /// nghttp2 1.52 counts the pieces in which the head of a CONTINUATION arrives against its limit on CONTINUATION frames.
    case continuationInPieces
    /// RFC 9113 §4.2: a frame that is too long. nghttp2 does not measure CONTINUATION.
    case longContinuation
    /// RFC 9110 §6.5.1: who receives a trailer that does not belong there may ignore it. nghttp2 takes `content-length` there for the
    /// body's length, and a second or empty `host` for malformed.
    case misplacedTrailer
    /// RFC 9113 §8.1: trailers without END_STREAM are malformed: an error of the stream.
    case trailersWithoutEnd

    func explains(_ difference: Difference) -> Bool {
        let (ours, theirs, frame) = (difference.ours, difference.theirs, difference.frame)
        let history = difference.history
        /// We reset the frame's stream with this code and did nothing else to anybody.
        func resetting(_ code: Int) -> Bool { ours.resets[frame.stream] == code && ours.goAway == nil }
        switch self {
        case .sameEnd: return ours.goAway ?? 0 != 0 && ours.goAway == theirs.goAway && ours.requests == theirs.requests
        case .twoErrors:
            guard let one = ours.goAway else { return false }
            if difference.theirsHasEnded, theirs.goAway == nil {
                return frame.type == 1 && theirs.resets[frame.stream] == 1
            }
            guard let other = theirs.goAway, one != other else { return false }
            let codes = frame.type == 1 ? [1, 5, 6, 9, 11] : frame.type == 4 ? [1, 3, 6] : [1, 6]
            return codes.contains(one) && codes.contains(other)
        case .passedNumber:
            return frame.type == 1 && ours.goAway == 1 && theirs.goAway == nil && frame.stream < history.highest
                && !history.used.contains(frame.stream)
        case .closedStream:
            return frame.type <= 1 && ours.goAway == 5 && frame.stream <= history.highest
        case .endedStream:
            return frame.type <= 1 && resetting(5) && history.used.contains(frame.stream)
        case .answeredMalformed:
            return resetting(1) && theirs.answers[frame.stream]?.first?.hasPrefix(":status: 4") ?? false
        case .malformedBeyondLimit:
            let answer = theirs.answers[frame.stream]?.first
            let isBeyond =
                ours.answers[frame.stream]?.first == ":status: 431" && ours.goAway == nil || ours.goAway == 11
            return isBeyond && theirs.goAway == nil && (theirs.resets[frame.stream] == 1 || answer == ":status: 400")
        case .lengthBeyondLimit:
            return frame.type <= 1 && history.beyondLimit.contains(frame.stream) && theirs.resets[frame.stream] == 1
                && theirs.goAway == nil && ours.goAway == nil && ours.resets[frame.stream] == nil
        case .strictRequest:
            let shown = theirs.requests + difference.theirsCompleted.requests
            // One that promised a body cannot be ended to see what theirs took it for.
            let promisedBody = theirs == Step() && difference.theirsCompleted.resets[frame.stream] == 1
            return frame.type == 1 && resetting(1) && (promisedBody || shown.contains(where: Self.isStrange))
        case .continueOmitted:
            var rest = theirs
            rest.answers[frame.stream]?.removeAll { $0 == ":status: 100" }
            if rest.answers[frame.stream] == [] { rest.answers[frame.stream] = nil }
            return rest == ours
        case .refusedInPieces:
            return frame.type == 1 && theirs.resets[frame.stream] == 7 && !theirs.ended.isEmpty && ours.goAway == nil
        case .manySettings: return frame.type == 4 && frame.payload.count > 32 * 6 && theirs.goAway == 11
        case .repeatedSetting:
            let names = stride(from: 0, to: frame.payload.count - 5, by: 6).map { Array(frame.payload[$0..<($0 + 2)]) }
            return frame.type == 4 && Set(names).count < names.count && ours.goAway != nil && theirs.goAway == nil
        case .changedPriorities: return frame.type == 4 && ours.goAway == nil && theirs.goAway == 1
        case .priorityOnStreamZero: return frame.type == 2 && frame.stream == 0 && ours.goAway == 1
        case .selfDependency:
            return (frame.type == 2 || frame.type == 1 && frame.flags & 0x20 != 0) && frame.dependsOnItself
        case .priorityLength: return frame.type == 2 && frame.payload.count != 5 && theirs.goAway == 6
        case .goAwayLastStream: return frame.type == 7 && ours.goAway == nil && theirs.goAway == 1
        case .incrementOfZero: return frame.type == 8 && resetting(1) && frame.payload.suffix(4) == [0, 0, 0, 0]
        case .continuationInPieces:
            return frame.type == 1 && frame.flags & 4 == 0 && ours.goAway == nil && theirs.goAway == 1
        case .longContinuation: return frame.type == 1 && frame.flags & 4 == 0 && ours.goAway == 6
        case .misplacedTrailer:
            return history.used.contains(frame.stream) && ours.goAway == nil
                && (difference.names.contains("host") || difference.names.contains("content-length"))
                && (theirs.resets[frame.stream] == 1 || theirs.answers[frame.stream]?.first == ":status: 400")
        case .trailersWithoutEnd:
            return frame.type == 1 && frame.flags & 1 == 0 && resetting(1) && history.used.contains(frame.stream)
        }
    }

    /// True for a request whose head has what `strictRequest` names.
    private static func isStrange(_ request: String) -> Bool {
        let lines = request.split(separator: "\n", omittingEmptySubsequences: false)
        let words = lines[0].split(separator: " ", omittingEmptySubsequences: false)
        if !words[2].hasPrefix("/"), words[2] != "*" || words[1] != "OPTIONS" { return true }
        guard let host = lines.first(where: { $0.hasPrefix("host: ") })?.dropFirst(6) else { return false }
        return host.isEmpty || host.contains { "@/?#\\".contains($0) }
    }
}
