// `polder.audit.v1`

package import GRPC

/// Who changed what in a control plane.
package enum AuditService: RPCService {
    package static let serviceName = "polder.audit.v1.AuditService"

    /// Changes, the newest first.
    package static let listAuditEntries: UnaryMethod<ListAuditEntriesRequest, ListAuditEntriesResponse> = unary(
        "ListAuditEntries")

    package static let methods = [listAuditEntries.shape]
}

/// `ListAuditEntriesRequest`: entries that fit everything that is given.
package struct ListAuditEntriesRequest: ProtoMessage {
    package static let protoName = "polder.audit.v1.ListAuditEntriesRequest"

    /// The kind of entity: `stream`, `data contract`.
    package var kind = ""
    /// The entity: its name, or its id where it has no name.
    package var reference = ""
    /// The project's UUID.
    package var projectID = ""
    /// At most so many entries; 0 means 100.
    package var pageSize: Int32 = 0
    /// The `nextPageToken` of the page before; empty for the first.
    package var pageToken = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "kind", &kind)
        fields.text(2, "reference", &reference)
        fields.text(3, "projectId", &projectID, [.uuid])
        fields.int32(4, "pageSize", &pageSize, in: 0...1000)
        fields.text(5, "pageToken", &pageToken)
    }
}

/// `ListAuditEntriesResponse`.
package struct ListAuditEntriesResponse: ProtoMessage {
    package static let protoName = "polder.audit.v1.ListAuditEntriesResponse"

    /// The entries.
    package var entries: [AuditRecord] = []
    /// Asks for the next page; empty after the last.
    package var nextPageToken = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.messages(1, "entries", &entries)
        fields.text(2, "nextPageToken", &nextPageToken)
    }
}

/// `AuditRecord`: one change of one entity.
package struct AuditRecord: ProtoMessage {
    package static let protoName = "polder.audit.v1.AuditRecord"

    /// When.
    package var time: ProtoTimestamp?
    /// `user`, `installation` or `system`.
    package var actorKind = ""
    /// UUID; empty for the system.
    package var actorID = ""
    /// A person's e-mail address, as it was then.
    package var actorName = ""
    /// The method that was called.
    package var method = ""
    /// The kind of entity.
    package var kind = ""
    /// The project's UUID; empty for what belongs to none.
    package var projectID = ""
    /// The entity: its name, or its id where it has no name.
    package var reference = ""
    /// Proto-JSON without secrets; empty when it was made.
    package var before = ""
    /// Proto-JSON without secrets; empty when it was removed.
    package var after = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "time", &time)
        fields.text(2, "actorKind", &actorKind)
        fields.text(3, "actorId", &actorID)
        fields.text(4, "actorName", &actorName)
        fields.text(5, "method", &method)
        fields.text(6, "kind", &kind)
        fields.text(7, "projectId", &projectID)
        fields.text(8, "reference", &reference)
        fields.text(9, "before", &before)
        fields.text(10, "after", &after)
    }
}
