package import API
internal import GRPC
package import Reconcile
package import Time

/// What a state is about in the monitoring interface: a part of a stream, known by the stream's name.
package struct EntityPart: Hashable, Sendable {
    /// The UUID of the stream's project.
    package let project: String
    /// The stream's name.
    package let stream: String
    /// Which part.
    package let type: EntityState.ResourceType

    /// The part of that stream.
    package init(project: String, stream: String, type: EntityState.ResourceType) {
        self.project = project
        self.stream = stream
        self.type = type
    }
}

/// States of resources as the monitoring interface has them.
package enum EntityStates {
    /// The parts of streams that resources are, and how these are doing. Resources without a stream are nobody's entity and left out.
    ///
    /// A stream that was deleted and one that was made since then may have the same name: the state is that of the one that is there.
    ///
    /// - Parameter annotations: Name stream and project of each resource.
    package static func of(
        _ states: [ResourceID: ResourceState], annotations: [ResourceID: [String: String]]
    ) -> [EntityPart: ResourceState] {
        var parts: [EntityPart: (id: ResourceID, state: ResourceState)] = [:]
        for (id, state) in states {
            guard let notes = annotations[id], let stream = notes[PlaneResources.Annotation.stream],
                let type = resourceType(of: id.kind)
            else { continue }
            let project = notes[PlaneResources.Annotation.project] ?? ""
            let part = EntityPart(project: project, stream: stream, type: type)
            if let other = parts[part], isAhead(other, of: (id, state)) { continue }
            parts[part] = (id, state)
        }
        return parts.mapValues(\.state)
    }

    /// What is wanted comes before what goes; of two that go, always the same one.
    private static func isAhead(
        _ one: (id: ResourceID, state: ResourceState), of other: (id: ResourceID, state: ResourceState)
    ) -> Bool {
        let (oneGoes, otherGoes) = (one.state.status == .terminating, other.state.status == .terminating)
        return oneGoes == otherGoes ? one.id.name < other.id.name : otherGoes
    }

    /// What the control plane is told, in a stable order.
    package static func messages(_ changes: [EntityPart: ResourceState], now: Timestamp) -> [EntityState] {
        changes.sorted { left, right in
            (left.key.project, left.key.stream, left.key.type.rawValue)
                < (right.key.project, right.key.stream, right.key.type.rawValue)
        }.map { part, state in
            var entity = EntityState()
            entity.stateTime = ProtoTimestamp(now)
            var ref = EntityState.Ref()
            ref.type = .stream
            ref.projectID = part.project
            ref.name = part.stream
            entity.ref = ref
            entity.status = status(state.status)
            entity.message = state.message
            entity.logs = state.logs
            entity.resourceType = part.type
            return entity
        }
    }

    /// What the control plane was told before, of the parts that this agent tells about; what it knows to be gone is left out.
    package static func told(_ states: [EntityState]) -> [EntityPart: ResourceState] {
        var parts: [EntityPart: ResourceState] = [:]
        for state in states {
            guard let ref = state.ref, ref.type == .stream, let status = status(state.status) else { continue }
            switch state.resourceType {
            case .streamTopic, .streamDecrypterDeployment:
                let part = EntityPart(project: ref.projectID, stream: ref.name, type: state.resourceType)
                parts[part] = ResourceState(status, state.message, logs: state.logs)
            case _: continue
            }
        }
        return parts
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

    private static func status(_ status: EntityState.Status) -> ResourceState.Status? {
        switch status {
        case .healthy: .healthy
        case .pending: .pending
        case .terminating: .terminating
        case .unhealthy, .restarting, .unspecified: .unhealthy
        case .removed: nil
        }
    }
}
