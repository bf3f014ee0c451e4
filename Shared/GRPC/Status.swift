internal import Bytes

/// How a call ended (github.com/grpc/grpc, doc/statuscodes.md).
package enum StatusCode: Int, Sendable, CaseIterable {
    case ok = 0
    case cancelled = 1
    case unknown = 2
    /// The request is wrong, whatever the state of the system.
    case invalidArgument = 3
    case deadlineExceeded = 4
    case notFound = 5
    case alreadyExists = 6
    /// The caller is known and may not do this.
    case permissionDenied = 7
    case resourceExhausted = 8
    /// The system is not in a state for this; asking again does not help before somebody changes it.
    case failedPrecondition = 9
    /// Somebody else was quicker; begin again.
    case aborted = 10
    case outOfRange = 11
    case unimplemented = 12
    case `internal` = 13
    /// Ask again later.
    case unavailable = 14
    case dataLoss = 15
    /// Nobody knows who the caller is.
    case unauthenticated = 16

    /// `INVALID_ARGUMENT`.
    package var name: String {
        switch self {
        case .ok: "OK"
        case .cancelled: "CANCELLED"
        case .unknown: "UNKNOWN"
        case .invalidArgument: "INVALID_ARGUMENT"
        case .deadlineExceeded: "DEADLINE_EXCEEDED"
        case .notFound: "NOT_FOUND"
        case .alreadyExists: "ALREADY_EXISTS"
        case .permissionDenied: "PERMISSION_DENIED"
        case .resourceExhausted: "RESOURCE_EXHAUSTED"
        case .failedPrecondition: "FAILED_PRECONDITION"
        case .aborted: "ABORTED"
        case .outOfRange: "OUT_OF_RANGE"
        case .unimplemented: "UNIMPLEMENTED"
        case .internal: "INTERNAL"
        case .unavailable: "UNAVAILABLE"
        case .dataLoss: "DATA_LOSS"
        case .unauthenticated: "UNAUTHENTICATED"
        }
    }

    /// The code in `grpc-status`; a number that nobody defined is `unknown`, a text that is no number is nil.
    package init?(text: String) {
        guard let number = Int(text), number >= 0 else { return nil }
        self = StatusCode(rawValue: number) ?? .unknown
    }

    /// What the HTTP status of an answer means that carries no `grpc-status` (doc/http-grpc-status-mapping.md).
    package init(httpStatus: Int) {
        switch httpStatus {
        case 400: self = .internal
        case 401: self = .unauthenticated
        case 403: self = .permissionDenied
        case 404: self = .unimplemented
        case 429, 502, 503, 504: self = .unavailable
        default: self = .unknown
        }
    }
}

/// `grpc-message`: text whose every byte outside of printable ASCII, and `%`, is written as `%XX`.
package enum StatusMessage {
    /// The longest value that is written, in bytes: clients commonly take 8 KiB for all trailers.
    package static let limit = 4096

    /// The header's value; a longer text is cut between two characters and ends in `...`.
    package static func encode(_ text: String) -> String {
        var bytes: [UInt8] = []
        var room = 0  // how far the value may go if more text follows
        for scalar in text.unicodeScalars {
            for byte in String(scalar).utf8 {
                if (0x20...0x7E).contains(byte), byte != UInt8(ascii: "%") {
                    bytes.append(byte)
                } else {
                    bytes += [UInt8(ascii: "%"), upperHex(byte >> 4), upperHex(byte & 15)]
                }
            }
            if bytes.count <= limit - 3 { room = bytes.count }
            if bytes.count > limit {
                bytes.removeLast(bytes.count - room)
                bytes += "...".utf8
                break
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The text. It is for people, so what is not well encoded is left as it is, never refused.
    package static func decode(_ value: String) -> String {
        let bytes = Array(value.utf8)
        var text: [UInt8] = []
        var index = 0
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "%"), index + 2 < bytes.count, let high = ASCII.hexValue(bytes[index + 1]),
                let low = ASCII.hexValue(bytes[index + 2])
            {
                text.append(high << 4 | low)
                index += 3
            } else {
                text.append(bytes[index])
                index += 1
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    private static func upperHex(_ digit: UInt8) -> UInt8 {
        digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "A") + digit - 10
    }
}
