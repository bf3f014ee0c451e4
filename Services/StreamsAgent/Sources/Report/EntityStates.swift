package import API
internal import GRPC
package import Reconcile
package import Time

/// States of resources as the monitoring interface has them: each is about a stream and a part of it.
package enum EntityStates {
    /// The states in a stable order. Resources without a stream are nobody's entity and left out.
    ///
    /// - Parameter annotations: Name stream and project of each resource.
    package static func of(
        _ changes: [ResourceID: ResourceState], annotations: [ResourceID: [String: String]], now: Timestamp
    ) -> [EntityState] {
        changes.sorted { $0.key.description < $1.key.description }.compactMap { id, state in
            guard let notes = annotations[id], let stream = notes[PlaneResources.Annotation.stream],
                let part = resourceType(of: id.kind)
            else { return nil }
            var entity = EntityState()
            entity.stateTime = ProtoTimestamp(now)
            var ref = EntityState.Ref()
            ref.type = .stream
            ref.projectID = notes[PlaneResources.Annotation.project] ?? ""
            ref.name = stream
            entity.ref = ref
            entity.status = status(state.status)
            entity.message = state.message
            entity.logs = state.logs
            entity.resourceType = part
            return entity
        }
    }

    private static func resourceType(of kind: ResourceKind) -> EntityState.ResourceType? {
        switch kind {
        case PlaneResources.topic: .streamTopic
        case PlaneResources.deployment: .streamDecrypterDeployment
        case _: nil
        }
    }

    private static func status(_ status: ResourceState.Status) -> EntityState.Status {
        switch status {
        case .healthy: .healthy
        case .removed: .removed
        case .pending: .pending
        case .terminating: .terminating
        case .unhealthy: .unhealthy
        }
    }
}
