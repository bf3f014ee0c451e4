package import Faults

/// Why bytes, a message or a text of gRPC were refused.
package enum GRPCError: Fault, Equatable {
    /// Every rule that the message breaks, in document order.
    case invalid([SpecProblem])
    /// The bytes are no message of this kind: where, and why.
    case malformed(DocumentPath, MalformedReason)
    /// A message is announced that is longer than what is taken, in bytes.
    case messageTooLong(length: Int, limit: Int)
    /// A length prefix whose first byte is neither 0 nor 1.
    case badFrameFlag(UInt8)
    /// The stream ended inside a message.
    case frameCutShort

    /// The sender's.
    package var blame: Blame { .caller }
    /// The same bytes are refused again.
    package var retry: Retry { .never }
}

/// What is wrong with the binary form of a message.
package enum MalformedReason: String, Sendable {
    case truncated = "ends too early"
    case badVarint = "holds a number of more than 64 bits"
    case badTag = "holds a field without a number or of an unknown form"
    case unmatchedGroup = "holds a group that does not end where it should"
    case notUTF8 = "is not UTF-8"
    case tooDeep = "is nested too deeply"
    case tooLarge = "takes too much memory"
}
