package import Faults
package import GRPC
internal import HTTP
internal import HTTP2

/// Why a call did not work out: what a handler throws to its caller, and what a caller gets.
package struct GRPCStatus: Fault, Equatable, CustomStringConvertible {
    /// What the caller's program decides by.
    package let code: StatusCode
    /// What people read: the field, the rule, the place. Never a secret.
    package let message: String

    /// - Precondition: not `.ok`, which is no failure.
    package init(_ code: StatusCode, _ message: String) {
        precondition(code != .ok, "a call that went well has an answer")
        self.code = code
        self.message = message
    }

    /// By the code.
    package var blame: Blame {
        switch code {
        case .cancelled, .invalidArgument, .notFound, .alreadyExists, .permissionDenied, .failedPrecondition, .aborted,
            .outOfRange, .unauthenticated:
            .caller
        case .deadlineExceeded, .resourceExhausted, .unavailable: .upstream
        case .ok, .unknown, .unimplemented, .internal, .dataLoss: .us
        }
    }

    /// By the code.
    package var retry: Retry {
        switch code {
        case .unavailable, .deadlineExceeded, .resourceExhausted, .aborted: .afterBackoff
        case .ok, .cancelled, .unknown, .invalidArgument, .notFound, .alreadyExists, .permissionDenied,
            .failedPrecondition, .outOfRange, .unimplemented, .internal, .dataLoss, .unauthenticated:
            .never
        }
    }

    /// `NOT_FOUND: stream demo does not exist`.
    package var description: String { message.isEmpty ? code.name : "\(code.name): \(message)" }
}

extension GRPCStatus {
    /// What is wrong with a peer's bytes (statuscodes.md: what cannot be parsed is INTERNAL).
    package init(_ error: GRPCError) {
        switch error {
        case .invalid(let problems):
            self.init(.invalidArgument, problems.map(\.description).joined(separator: "; "))
        case .malformed(let path, let reason):
            let place = path.steps.isEmpty ? "the message" : "\(path)"
            self.init(.internal, "\(place) \(reason.rawValue)")
        case .messageTooLong(let length, let limit):
            self.init(.resourceExhausted, "a message of \(length) bytes; at most \(limit) are taken")
        case .badFrameFlag(let flag): self.init(.internal, "a message begins with \(flag) instead of 0 or 1")
        case .frameCutShort: self.init(.internal, "the stream ends inside a message")
        }
    }

    /// What became of a call whose transport failed (PROTOCOL-HTTP2.md, "Errors").
    init(_ error: NetError) {
        switch error {
        case .deadlineExceeded: self.init(.deadlineExceeded, "\(error)")
        case .cancelled: self.init(.cancelled, "the caller gave up")
        case .http(.bodyTooLarge): self.init(.resourceExhausted, "the answer is longer than what is taken")
        case .streamReset(let code): self.init(Self.code(ofReset: code), "\(error)")
        case .system, .tls, .http, .http2, .connectionEnded, .unavailable, .proxyRefused, .upgradeRefused:
            self.init(.unavailable, "\(error)")
        }
    }

    private static func code(ofReset code: UInt32) -> StatusCode {
        switch code {
        case 7: .unavailable  // REFUSED_STREAM
        case 8: .cancelled  // CANCEL
        case 11: .resourceExhausted  // ENHANCE_YOUR_CALM
        case 12: .permissionDenied  // INADEQUATE_SECURITY
        case _: .internal
        }
    }
}
