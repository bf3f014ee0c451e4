import API
import GRPC

extension MethodTable {
    /// `AuditService`
    mutating func addAudit() {
        list(AuditService.listAuditEntries, .people(.manageProjects)) { call, request throws(CallError) in
            var filter = AuditFilter()
            if !request.kind.isEmpty {
                guard let kind = EntityKind(rawValue: request.kind) else {
                    let kinds = EntityKind.allCases.map(\.rawValue).joined(separator: ", ")
                    throw .invalid(field: "kind", rule: "must be one of \(kinds)")
                }
                filter.kind = kind
            }
            filter.reference = request.reference
            filter.projectID = request.projectID.lowercased()
            if !request.pageToken.isEmpty {
                guard let before = Int64(request.pageToken), before > 0 else {
                    throw .invalid(field: "pageToken", rule: "must be a next_page_token of an answer")
                }
                filter.before = before
            }
            let size = request.pageSize == 0 ? 100 : Int(request.pageSize)
            let entries = try call.view.auditEntries(filter, limit: size + 1)
            var response = ListAuditEntriesResponse()
            response.entries = entries.prefix(size).map(\.message)
            if entries.count > size { response.nextPageToken = String(entries[size - 1].number) }
            return response
        }
    }
}

extension AuditEntry {
    fileprivate var message: AuditRecord {
        var entry = AuditRecord()
        entry.time = ProtoTimestamp(at)
        entry.actorKind = actor.kind.rawValue
        entry.actorID = actor.id
        entry.actorName = actor.name
        entry.method = method
        entry.kind = kind.rawValue
        entry.projectID = projectID
        entry.reference = reference
        entry.before = before
        entry.after = after
        return entry
    }
}
