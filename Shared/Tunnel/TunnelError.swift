package import Faults
package import JSON

/// Why bytes or a message are not what the protocol allows. No case carries a value that the peer sent, only names.
package enum TunnelError: Fault, Equatable, CustomStringConvertible {
    /// A frame whose form is wrong: header, length, flags, or a payload of fixed form.
    case badFrame(String)
    /// The payload of a message is not JSON.
    case notJSON(message: String, JSONError)
    /// A message lacks a member that it must have.
    case missing(message: String, member: String)
    /// A member of a message breaks its rule.
    case badMember(message: String, member: String, rule: String)
    /// The peer speaks none of our versions.
    case noCommonVersion
    /// A message that is written here would be longer than its frame may be.
    case messageTooLong(message: String)
    /// What keeps facts on disk failed; the text is the store's.
    case storeFailed(String)

    /// Who has to change something.
    package var blame: Blame {
        switch self {
        case .badFrame, .notJSON, .missing, .badMember, .noCommonVersion: .caller
        case .messageTooLong, .storeFailed: .us
        }
    }

    /// The same bytes fail again.
    package var retry: Retry { .never }

    /// One line: the message, the member, the rule.
    package var description: String {
        switch self {
        case .badFrame(let reason): reason
        case .notJSON(let message, let error): "\(message) is not JSON: \(error)"
        case .missing(let message, let member): "\(message) has no '\(member)'"
        case .badMember(let message, let member, let rule): "'\(member)' of \(message) is not \(rule)"
        case .noCommonVersion: "no common version of the protocol"
        case .messageTooLong(let message): "\(message) would be longer than \(TunnelFrame.longestText) bytes"
        case .storeFailed(let reason): "the store of facts failed: \(reason)"
        }
    }
}
