import API
import GRPC
import Net
import Time

extension MethodTable {
    /// `MonitoringService`
    mutating func addMonitoring() {
        let followers = EntityFollowers()
        list(MonitoringService.getLatestEntityStates, .everybody(.view)) { call, request throws(CallError) in
            try EntityState.check(request.projectionMask)
            let filter = try call.filter(request.ref, request.status)
            var response = GetLatestEntityStatesResponse()
            var last: Int64 = 0
            while true {
                let states = try call.view.entityStates(filter, after: last, limit: Self.statesAtOnce)
                for numbered in states where try call.maySee(numbered.state) {
                    response.state.append(numbered.state.projected(request.projectionMask))
                }
                guard let newest = states.last, states.count == Self.statesAtOnce else { return response }
                last = newest.number
            }
        }
        let desk = desk
        add(.everybody(.view)) { routes in
            routes.add(MonitoringService.getEntityState) { call, request, sender async throws(GRPCStatus) in
                try await follow(request, as: call.caller, desk, followers, sender)
            }
        }
        add(.dataPlanes) { routes in
            routes.add(MonitoringService.updateEntityStates) { call, receiver async throws(GRPCStatus) in
                while let request = try await receiver.next() {
                    try await desk.change(call.caller, "UpdateEntityStates") { call, change throws(CallError) in
                        try call.note(request.states, change)
                    }
                    followers.statesChanged()
                }
                return UpdateEntityStatesResponse()
            }
        }
    }

    /// How many states are looked at in one go.
    fileprivate static let statesAtOnce = 500
}

/// Sends every state, and then each one that changes, until the client goes.
private func follow(
    _ request: GetEntityStateRequest, as caller: Principal, _ desk: CallDesk, _ followers: EntityFollowers,
    _ sender: GRPCMessageSender<GetEntityStateResponse>
) async throws(GRPCStatus) {
    let hints: AsyncStream<Void>
    // Followed before the first look: what changes in between is seen twice at most, and never missed.
    do throws(CallError) {
        try EntityState.check(request.projectionMask)
        hints = try followers.follow()
    } catch {
        throw desk.status(error)
    }
    var changes = hints.makeAsyncIterator()
    var last: Int64 = 0
    repeat {
        var isMore = true
        while isMore {
            let after = last
            let states = try await desk.lookLong(caller) { call throws(CallError) in
                let filter = try call.filter(request.ref, request.status)
                var seen: [(number: Int64, state: EntityState?)] = []
                for found in try call.view.entityStates(filter, after: after, limit: MethodTable.statesAtOnce) {
                    seen.append((found.number, try call.maySee(found.state) ? found.state : nil))
                }
                return seen
            }
            for (number, state) in states {
                last = number
                guard let state else { continue }
                var response = GetEntityStateResponse()
                response.state = state.projected(request.projectionMask)
                try await sender.send(response)
            }
            isMore = states.count == MethodTable.statesAtOnce
        }
    } while await changes.next() != nil
}

extension Call {
    /// What a request asks for, in a project that the caller may look into.
    fileprivate func filter(
        _ ref: EntityState.Ref?, _ status: EntityState.Status
    ) throws(CallError) -> EntityStateFilter {
        var filter = EntityStateFilter()
        if let id = ref?.projectID, !id.isEmpty { filter.projectID = try project(id).id }
        filter.type = ref?.type ?? .unspecified
        filter.name = ref?.name ?? ""
        filter.status = status
        return filter
    }

    fileprivate func maySee(_ state: EntityState) throws(CallError) -> Bool {
        if principal.seesEverything { return true }
        return try mayLook(into: state.ref?.projectID ?? "")
    }

    /// Notes what an agent reports. Not for the audit trail: it is what happened, and nobody's decision.
    fileprivate func note(_ states: [EntityState], _ change: StateChange) throws(CallError) {
        for (index, state) in states.enumerated() {
            guard var ref = state.ref, !ref.name.isEmpty, ref.type != .unspecified else {
                throw .invalid(field: "states[\(index)].ref", rule: "must have a type, a project and a name")
            }
            guard state.status != .unspecified else {
                throw .invalid(field: "states[\(index)].status", rule: "must be set")
            }
            // The project may have gone meanwhile, and all that was in it: then this is no news.
            guard let project = try view.project(id: ref.projectID) else { continue }
            ref.projectID = project.id
            var noted = state.bounded
            noted.ref = ref
            let time = state.stateTime ?? ProtoTimestamp(change.now)
            noted.stateTime = time
            try change.note(noted, of: ref, at: time.moment)
        }
        try change.forgetEntitiesRemoved(before: change.now - .days(1))
    }
}
