import API
import GRPC

extension EntityState {
    /// How much of an entity's log is kept with its state: the last lines.
    private static let keptLines = 1000
    private static let keptBytes = 256 << 10  // of text

    /// The state with a log of bounded length.
    var bounded: EntityState {
        var bounded = self
        var bytes = 0
        var lines: [String] = []
        for line in logs.suffix(Self.keptLines).reversed() {
            bytes += line.utf8.count
            guard bytes <= Self.keptBytes else { break }
            lines.append(line)
        }
        bounded.logs = lines.reversed()
        return bounded
    }

    /// Makes sure that a mask names fields of a state: `state_time`, `ref`, `status`, `message`, `logs`, `resource_type`.
    static func check(_ mask: FieldMask?) throws(CallError) {
        for path in mask?.paths ?? [] {
            var probe = EntityState()
            guard copy(path, from: EntityState(), to: &probe) else {
                throw .invalid(field: "projection_mask", rule: "names \(path), which a state does not have")
            }
        }
    }

    /// The fields that a mask names; without names all of them.
    func projected(_ mask: FieldMask?) -> EntityState {
        guard let paths = mask?.paths, !paths.isEmpty else { return self }
        var shown = EntityState()
        for path in paths { _ = Self.copy(path, from: self, to: &shown) }
        return shown
    }

    /// - Returns: False when there is no such field.
    private static func copy(_ path: String, from state: EntityState, to shown: inout EntityState) -> Bool {
        switch path {
        case "state_time": shown.stateTime = state.stateTime
        case "ref": shown.ref = state.ref
        case "status": shown.status = state.status
        case "message": shown.message = state.message
        case "logs": shown.logs = state.logs
        case "resource_type": shown.resourceType = state.resourceType
        case "ref.type", "ref.project_id", "ref.name":
            var ref = shown.ref ?? Ref()
            if path == "ref.type" { ref.type = state.ref?.type ?? .unspecified }
            if path == "ref.project_id" { ref.projectID = state.ref?.projectID ?? "" }
            if path == "ref.name" { ref.name = state.ref?.name ?? "" }
            shown.ref = ref
        case _: return false
        }
        return true
    }
}
