import API
import GRPC

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
