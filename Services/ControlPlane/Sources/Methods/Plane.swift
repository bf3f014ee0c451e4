import API
import GRPC
import Net

extension MethodTable {
    /// `PlaneService`, and `StreamsAgentService`, which answers a part of the same.
    mutating func addPlane(_ feed: PlaneFeed) {
        let desk = desk
        add(.dataPlanes) { routes in
            routes.add(
                PlaneService.getPlane.path,
                unary: { call, bytes async throws(GRPCStatus) in
                    let request = try GetPlaneRequest(checking: bytes)
                    let version = feed.version(desk.folder())
                    if !request.knownVersion.isEmpty, request.knownVersion == version {
                        var same = GetPlaneResponse()
                        same.version = version
                        return same.protobuf
                    }
                    return try await desk.withEdition(of: feed, call.caller) { edition in
                        request.changesSuffice ? feed.answer(edition, since: request.knownVersion) : edition.plane
                    }
                })
            routes.add(PlaneService.watchPlane) { _, request, sender async throws(GRPCStatus) in
                try await watch(feed, desk, request.component, sender)
            }
            routes.add(
                PlaneService.confirmPlane,
                atOnce: { _, request throws(GRPCStatus) in
                    feed.confirmed(request.component, request.version)
                    return ConfirmPlaneResponse()
                })
            routes.add(
                StreamsAgentService.getStreams.path,
                unary: { call, _ async throws(GRPCStatus) in
                    try await desk.withEdition(of: feed, call.caller) { $0.extendedStreams }
                })
        }
    }
}

/// Tells the version, and each one that differs from the one before.
private func watch(
    _ feed: PlaneFeed, _ desk: CallDesk, _ component: String, _ sender: GRPCMessageSender<WatchPlaneResponse>
) async throws(GRPCStatus) {
    var told = ""
    var hints = feed.hints(for: component).makeAsyncIterator()
    repeat {
        let version = feed.version(desk.folder())
        guard version != told else { continue }
        told = version
        var response = WatchPlaneResponse()
        response.version = version
        try await sender.send(response)
        // A burst of changes is one hint, or ten a second: whoever is told will come for all of it.
        do { try await Task.sleep(for: .milliseconds(100)) } catch { return }
    } while await hints.next() != nil
}

extension CallDesk {
    /// What `body` makes of the newest edition, on a thread for long answers.
    fileprivate func withEdition(
        of feed: PlaneFeed, _ caller: Principal, _ body: @escaping @Sendable (PlaneEdition) -> [UInt8]
    ) async throws(GRPCStatus) -> [UInt8] {
        try await lookLong(caller) { [telemetry] call throws(CallError) in
            body(
                try feed.edition(for: call) { made in
                    for name in made.leftOut { telemetry.emit(.streamLeftOut(name: name)) }
                })
        }
    }
}
