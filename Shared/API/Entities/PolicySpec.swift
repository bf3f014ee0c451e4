package import GRPC

/// `Policy`: how long keys and events are kept, and on which legal grounds.
package struct PolicySpec: ProtoMessage {
    package static let protoName = "strmprivacy.api.entities.v1.Policy"

    /// The policy's UUID; empty for the default policy, and for one that wants to be given one.
    package var id = ""
    /// 4–100 characters; unique.
    package var name = ""
    /// For people.
    package var description = ""
    /// For people.
    package var legalGrounds = ""
    /// Days from a key's creation to its expiry.
    package var retentionDays: Int32 = 0
    /// Only an active policy may be used.
    @Open package var state: State

    package init() {}

    /// The policy of everything that names none: seven years, 365.25 × 7 = 2556 days.
    package static let standard: PolicySpec = {
        var policy = PolicySpec()
        policy.name = "7 years"
        policy.description = "Default 7 year retention"
        policy.retentionDays = 2556
        policy.state = .active
        return policy
    }()

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "id", &id, [.uuid])
        fields.text(2, "name", &name, [.length(4...100), .name])
        fields.text(3, "description", &description, [.length(0...1000)])
        fields.text(4, "legalGrounds", &legalGrounds, [.length(0...1000)])
        fields.int32(5, "retentionDays", &retentionDays, in: 0 ... .max)
        fields.enumeration(6, "state", &$state)
    }

    /// `Policy.State`.
    package enum State: Int32, ProtoEnum {
        package static let protoName = "strmprivacy.api.entities.v1.Policy.State"

        case unspecified = 0
        case draft = 1
        case active = 2
        case archived = 3

        package static let names = ["STATE_UNSPECIFIED", "STATE_DRAFT", "STATE_ACTIVE", "STATE_ARCHIVED"]
    }
}
