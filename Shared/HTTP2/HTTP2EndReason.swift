/// Why the server's side ended an HTTP/2 connection that the peer would have kept. Constant names, made for a metric's label.
package enum HTTP2EndReason: String, Sendable, CaseIterable {
    // MARK: The peer broke the protocol (RFC 9113 §5.4.1)

    /// A frame or a sequence of frames that RFC 9113 forbids.
    case protocolError = "protocol_error"
    /// More bytes than a window allows, or a window that grows too large.
    case flowControlError = "flow_control_error"
    /// A frame that is too long, or has another length than its type demands.
    case frameSizeError = "frame_size_error"
    /// A header block that RFC 7541 does not allow.
    case compressionError = "compression_error"
    /// A frame on a stream that both sides had ended.
    case streamClosed = "stream_closed"

    // MARK: It costs more than it is worth (`ENHANCE_YOUR_CALM`)

    /// Requests opened and reset again and again (CVE-2023-44487, Rapid Reset).
    case resetFlood = "reset_flood"
    /// We were made to reset streams again and again (CVE-2025-8671, MadeYouReset).
    case provokedResets = "provoked_resets"
    /// A header block in too many or too large pieces (CVE-2024-27316).
    case continuationFlood = "continuation_flood"
    /// A header list that unpacks to many times its limit, or one above the limit again and again.
    case headerBomb = "header_bomb"
    /// Bodies that do not arrive in time, or do not end behind an answer, again and again.
    case slowBodies = "slow_bodies"
    /// Settings without end.
    case settingsFlood = "settings_flood"
    /// Pings without end.
    case pingFlood = "ping_flood"
    /// Priorities without end.
    case priorityFlood = "priority_flood"
    /// Window updates that nothing asks for.
    case windowUpdateFlood = "window_update_flood"
    /// Frames without content (CVE-2019-9518), or with padding alone.
    case emptyFrameFlood = "empty_frame_flood"
    /// Frames of unknown types without end.
    case unknownFrameFlood = "unknown_frame_flood"
    /// More acknowledgements wait to be sent than a reader would let pile up, or its windows let nothing of an answer through.
    case unreadOutput = "unread_output"
    /// A flood that the library recognised without saying which.
    case flood
    /// The connection preface, a frame or a header block was begun and not finished in time.
    case slowFrame = "slow_frame"
}
