import API

// The way of a contract:
//
//     DRAFT ── review ──► IN_REVIEW ── approve ──► APPROVED ── activate ──► ACTIVE ── archive ──► ARCHIVED
//       └──── delete ────────┘                                                ▲────── activate ──────┘

/// A step on the way of a contract.
enum ContractStep: String {
    case review, approve, activate, archive

    /// The state that the step leads to; nil when there is no such step from this state.
    func leads(from state: DataContractSpec.State) -> DataContractSpec.State? {
        switch (self, state) {
        case (.review, .draft): .inReview
        case (.approve, .inReview): .approved
        case (.activate, .approved), (.activate, .archived): .active
        case (.archive, .active): .archived
        case (.review, _), (.approve, _), (.activate, _), (.archive, _): nil
        }
    }
}

/// What may be edited of a contract.
enum ContractEditing: Equatable {
    case everything, metadata, nothing

    /// What a state allows. An active contract is what events were accepted by: only what people read of it may change.
    init(_ state: DataContractSpec.State) {
        switch state {
        case .draft, .inReview: self = .everything
        case .active: self = .metadata
        case .approved, .archived, .incomplete, .unspecified: self = .nothing
        }
    }
}

extension DataContractSpec.State {
    /// Whether a contract may be deleted: only one that no event has met.
    var allowsDeleting: Bool {
        switch self {
        case .draft, .inReview: true
        case .approved, .active, .archived, .incomplete, .unspecified: false
        }
    }

    /// The state of the schema inside.
    var ofSchema: SchemaSpec.State {
        switch self {
        case .unspecified: .unspecified
        case .draft: .draft
        case .inReview: .inReview
        case .active: .active
        case .archived: .archived
        case .incomplete: .incomplete
        case .approved: .approved
        }
    }

    /// The state as the older service of event contracts calls it, which knows no approval.
    var ofEventContract: EventContract.State {
        switch self {
        case .unspecified: .unspecified
        case .draft: .draft
        case .inReview, .approved: .inReview
        case .active: .active
        case .archived: .archived
        case .incomplete: .incomplete
        }
    }
}
