package import Faults

/// Why a policy file, a call, a body or an answer was refused. No case carries a value from a body or an answer; of a call
/// only names of query parameters and header fields, shortened and in printable ASCII.
package enum AccessError: Fault, Equatable, CustomStringConvertible {
    /// A policy file with mistakes: all of them.
    case policy([PolicyProblem])
    /// A call that has no single meaning, or one that no policy may allow. `part` is what holds the fault, `rule` what it breaks.
    case call(part: CallPart, rule: String)
    /// An answer of the cluster that cannot be filtered, so it must not leave the plane.
    case answer(rule: String)
    /// The digest of a policy could not be made.
    case digest

    /// The author of the file or of the call; the cluster for its answers.
    package var blame: Blame {
        switch self {
        case .policy, .call: .caller
        case .answer: .upstream
        case .digest: .us
        }
    }

    /// The same input is refused again.
    package var retry: Retry { .never }

    /// One line; a policy's mistakes are joined by `; `.
    package var description: String {
        switch self {
        case .policy(let problems): problems.map(\.description).joined(separator: "; ")
        case .call(let part, let rule): "\(part.rawValue): \(rule)"
        case .answer(let rule): "answer of the cluster: \(rule)"
        case .digest: "SHA-256 is not available"
        }
    }
}

/// The part of a call that a refusal is about.
package enum CallPart: String, Sendable, Equatable, CaseIterable {
    /// The stream's kind.
    case kind
    /// The method.
    case method
    /// The path.
    case path
    /// The query.
    case query
    /// A header field.
    case header
    /// The body.
    case body
}

/// One mistake in a policy file.
package struct PolicyProblem: Sendable, Equatable, CustomStringConvertible {
    /// The rule's id, `#3` for the third rule when it has no usable id, or empty for what is not in a rule.
    package let ruleID: String
    /// Path of the member, such as `namespaces.matchLabels`; empty for the whole.
    package let field: String
    /// What must be true and is not.
    package let rule: String

    /// A mistake of these parts.
    package init(ruleID: String = "", field: String, rule: String) {
        self.ruleID = ruleID
        self.field = field
        self.rule = rule
    }

    /// `rule apps, verbs: …`.
    package var description: String {
        let places = [ruleID.isEmpty ? "" : "rule \(ruleID)", field].filter { !$0.isEmpty }
        return places.isEmpty ? rule : "\(places.joined(separator: ", ")): \(rule)"
    }
}
