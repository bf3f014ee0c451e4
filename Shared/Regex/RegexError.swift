package import Faults

/// Why a pattern is refused. Offsets count UTF-8 bytes of the pattern as its author wrote it.
package enum RegexError: Fault, Equatable, CustomStringConvertible {
    /// The pattern breaks a rule of the syntax.
    case invalidPattern(offset: Int, reason: String)
    /// The construct has another meaning in Java than here, or none there.
    case unsupported(offset: Int, construct: String)
    /// The pattern has more bytes than allowed.
    case tooLong(limit: Int)
    /// PCRE2 could not get memory; `call` names the function.
    case outOfMemory(call: String)

    /// The contract's author, except for memory.
    package var blame: Blame {
        switch self {
        case .invalidPattern, .unsupported, .tooLong: .caller
        case .outOfMemory: .us
        }
    }

    /// Memory may come back.
    package var retry: Retry {
        switch self {
        case .invalidPattern, .unsupported, .tooLong: .never
        case .outOfMemory: .afterBackoff
        }
    }

    /// One line with place and rule.
    package var description: String {
        switch self {
        case .invalidPattern(let offset, let reason): "invalid regular expression at offset \(offset): \(reason)"
        case .unsupported(let offset, let construct): "'\(construct)' at offset \(offset) is not supported"
        case .tooLong(let limit): "regular expression has more than \(limit) bytes"
        case .outOfMemory(let call): "\(call): out of memory"
        }
    }
}
