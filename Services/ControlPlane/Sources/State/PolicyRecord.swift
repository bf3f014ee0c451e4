import API
import GRPC
import Time

extension StateView {
    /// A policy by its UUID, in either case.
    func policy(id: String) throws(CallError) -> PolicySpec? {
        try first("SELECT body FROM policies WHERE id = ?1", .text(id.lowercased())) { row throws(CallError) in
            try Self.policy(row.bytes(0))
        }
    }

    /// All policies, the oldest first.
    func policies() throws(CallError) -> [PolicySpec] {
        try all("SELECT body FROM policies ORDER BY created, id") { row throws(CallError) in
            try Self.policy(row.bytes(0))
        }
    }

    private static func policy(_ body: [UInt8]) throws(CallError) -> PolicySpec {
        do throws(GRPCError) { return try PolicySpec(protobuf: body) } catch {
            throw .damaged("a policy cannot be read")
        }
    }
}

extension StateChange {
    /// Adds a policy.
    func add(_ policy: PolicySpec) throws(CallError) {
        try run(
            "INSERT INTO policies (id, name, state, body, created) VALUES (?1, ?2, ?3, ?4, ?5)", .text(policy.id),
            .text(policy.name), .integer(Int64(policy.state.rawValue)), .blob(policy.protobuf),
            .integer(now.milliseconds))
        planeChanged()
    }

    /// Replaces a policy, found by UUID.
    func update(_ policy: PolicySpec) throws(CallError) {
        try run(
            "UPDATE policies SET name = ?2, state = ?3, body = ?4 WHERE id = ?1", .text(policy.id), .text(policy.name),
            .integer(Int64(policy.state.rawValue)), .blob(policy.protobuf))
        planeChanged()
    }

    /// Removes a policy. What uses it must be gone.
    func removePolicy(_ id: String) throws(CallError) {
        try run("DELETE FROM policies WHERE id = ?1", .text(id))
        planeChanged()
    }
}
