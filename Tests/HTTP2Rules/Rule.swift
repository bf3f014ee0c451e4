/// A rule of RFC 9113 or RFC 7541: frames that test it, and what must come of them. They follow preface and SETTINGS, unless the rule
/// is about those.
package struct Rule: Sendable, CustomStringConvertible {
    /// What must come of the frames.
    package enum Verdict: Sendable {
        /// §5.4.1: GOAWAY with this code, and the connection is closed.
        case connectionError(Int)
        /// §5.4.2: RST_STREAM with this code; the connection goes on.
        case streamError(UInt32, Int)
        /// The request is answered by whoever serves it, to the end; the connection goes on.
        case served(UInt32)
        /// The session itself answers the request with this status; the connection goes on.
        case answered(UInt32, String)
        /// Nothing is reset; the connection goes on.
        case ignored
    }

    /// When requests that are complete are answered.
    package enum Answer: Sendable {
        /// So that their streams are closed by it.
        case atOnce
        /// Not while the rule is tested, so that their streams stay half-closed.
        case never
    }

    /// Clause and case.
    package let name: String
    /// Frames that bring about the state of which the rule speaks. Their own outcome is not judged.
    package let given: [[UInt8]]
    /// The frames that are judged.
    package let frames: [[UInt8]]
    /// What must come of them.
    package let verdict: Verdict
    /// How requests are answered.
    package let answer: Answer
    /// The rule begins with the preface.
    package let opensConnection: Bool

    package var description: String { name }

    init(
        _ name: String, given: [[UInt8]] = [], _ frames: [UInt8]..., is verdict: Verdict, answer: Answer = .atOnce,
        opensConnection: Bool = false
    ) {
        self.name = name
        self.given = given
        self.frames = frames
        self.verdict = verdict
        self.answer = answer
        self.opensConnection = opensConnection
    }
}

/// Error codes (RFC 9113 §7).
package enum Code {
    /// PROTOCOL_ERROR
    package static let protocolError = 1
    /// FLOW_CONTROL_ERROR
    package static let flowControl = 3
    /// STREAM_CLOSED
    package static let streamClosed = 5
    /// FRAME_SIZE_ERROR
    package static let frameSize = 6
    /// REFUSED_STREAM
    package static let refused = 7
    /// COMPRESSION_ERROR
    package static let compression = 9
}

/// What RFC 9113 and RFC 7541 demand of a server that receives frames. Each rule names its clause.
package enum Rules {
    /// All of them.
    package static let all = preface + frames + states + types + messages + compression
}
