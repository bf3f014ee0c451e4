/// What was decided about a call, and why.
package struct Decision: Sendable, Equatable {
    /// What decided.
    package enum Basis: Sendable, Equatable {
        /// The rule of this id.
        case rule(String)
        /// A question about the API itself, which every policy allows.
        case discovery
        /// No rule allows it.
        case noRule
        /// The rule of this id would allow it, with a reason.
        case reasonMissing(String)
        /// The rule of this id goes by labels of a namespace that the agent does not know.
        case unknownNamespace(String)
        /// The call has no single meaning, or one that no policy may allow.
        case refused(AccessError)
    }

    /// Whether the call may pass.
    package let isAllowed: Bool
    /// What decided.
    package let basis: Basis
    /// Whether the bytes of the exec are to be kept.
    package let recordsFully: Bool

    init(_ basis: Basis, isAllowed: Bool, recordsFully: Bool = false) {
        self.basis = basis
        self.isAllowed = isAllowed
        self.recordsFully = recordsFully
    }

    /// The decision about something that is no ``ClusterCall``: no.
    package init(refusing error: AccessError) { self.init(.refused(error), isAllowed: false) }

    /// The rule's id, or what decided without one: for the audit.
    package var ruleID: String {
        switch basis {
        case .rule(let id), .reasonMissing(let id), .unknownNamespace(let id): id
        case .discovery: "(discovery)"
        case .noRule: "(default)"
        case .refused: "(refused)"
        }
    }

    /// One line for people.
    package var explanation: String {
        switch basis {
        case .rule(let id): "rule \(id) \(isAllowed ? "allows" : "denies") it"
        case .discovery: "questions about the API itself are always allowed"
        case .noRule: "no rule allows it"
        case .reasonMissing(let id): "rule \(id) would allow it with a reason"
        case .unknownNamespace(let id): "rule \(id) goes by labels, and those of the namespace are not known"
        case .refused(let error): "\(error)"
        }
    }
}
