package import GRPC
import HTTP
package import Net

/// The methods of the API, each with who may call it and what it does. Every service adds its own, in a file of `Methods`.
///
///     table.read(StreamsService.getStream, .people(.view)) { call, request throws(CallError) in … }
///     table.change(StreamsService.createStream, .people(.createResources)) { call, change, request throws(CallError) in … }
///
/// A request has been read and checked against the rules of its fields before a method sees it. A method that is in no table is
/// UNIMPLEMENTED.
package struct MethodTable {
    private var groups: [Access: GRPCRoutes<Principal>] = [:]
    let desk: CallDesk
    private let doorkeeper: Doorkeeper

    /// A table without methods.
    package init(_ desk: CallDesk, _ doorkeeper: Doorkeeper) {
        self.desk = desk
        self.doorkeeper = doorkeeper
    }

    /// A method that looks at few rows. Answered at once, on the connection's loop.
    package mutating func read<Request, Response>(
        _ method: UnaryMethod<Request, Response>, _ access: Access,
        _ answer: @escaping @Sendable (Call, Request) throws(CallError) -> Response
    ) {
        add(access) { [desk] routes in
            routes.add(
                method,
                atOnce: { call, request throws(GRPCStatus) in
                    try desk.look(call.caller) { work throws(CallError) in try answer(work, request) }
                })
        }
    }

    /// A method that looks at any number of rows. Answered on a thread for that, where the answer is also encoded.
    package mutating func list<Request, Response>(
        _ method: UnaryMethod<Request, Response>, _ access: Access,
        _ answer: @escaping @Sendable (Call, Request) throws(CallError) -> Response
    ) {
        add(access) { [desk] routes in
            routes.add(
                method.path,
                unary: { call, bytes async throws(GRPCStatus) in
                    let request = try Request(checking: bytes)
                    return try await desk.lookLong(call.caller) { work throws(CallError) in
                        try answer(work, request).protobuf
                    }
                })
        }
    }

    /// A method that changes something: one transaction, with what it says to the audit trail.
    package mutating func change<Request, Response>(
        _ method: UnaryMethod<Request, Response>, _ access: Access,
        _ answer: @escaping @Sendable (Call, StateChange, Request) throws(CallError) -> Response
    ) {
        let name = String(method.path.dropFirst())
        add(access) { [desk] routes in
            routes.add(method) { call, request async throws(GRPCStatus) in
                try await desk.change(call.caller, name) { work, change throws(CallError) in
                    try answer(work, change, request)
                }
            }
        }
    }

    /// Anything else: streams, and answers whose bytes are kept.
    package mutating func add(_ access: Access, _ body: (inout GRPCRoutes<Principal>) -> Void) {
        var group = groups[access] ?? newGroup(access)
        body(&group)
        groups[access] = group
    }

    /// Every method, for a server.
    package func routes() -> GRPCRouteTable {
        var table = GRPCRouteTable()
        for group in groups.values { table.add(group) }
        return table
    }

    private func newGroup(_ access: Access) -> GRPCRoutes<Principal> {
        GRPCRoutes { [doorkeeper, desk] context throws(GRPCStatus) in
            do throws(CallError) {
                let principal = try doorkeeper.principal(authorization: context.metadata["authorization"])
                try access.admit(principal)
                return principal
            } catch {
                throw desk.status(error)
            }
        }
    }
}
