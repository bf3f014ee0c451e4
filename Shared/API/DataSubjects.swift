// `strmprivacy.api.data_subjects.v1`

package import GRPC

/// Persons, and the keys that their data is sealed with.
package enum DataSubjectsService: RPCService {
    package static let serviceName = "strmprivacy.api.data_subjects.v1.DataSubjectsService"

    /// The keys of some persons.
    package static let listDataSubjectKeylinks:
        UnaryMethod<ListDataSubjectKeylinksRequest, ListDataSubjectKeylinksResponse> = unary("ListDataSubjectKeylinks")
    /// Notes which keys belong to which persons.
    package static let addDataSubjectsKeyLinks:
        UnaryMethod<AddDataSubjectsKeyLinksRequest, AddDataSubjectsKeyLinksResponse> = unary("AddDataSubjectsKeyLinks")
    /// Forgets persons: their keys go.
    package static let deleteDataSubjects: UnaryMethod<DeleteDataSubjectsRequest, DeleteDataSubjectsResponse> = unary(
        "DeleteDataSubjects")
    /// The persons that are known, in pages.
    package static let listDataSubjects: UnaryMethod<ListDataSubjectsRequest, ListDataSubjectsResponse> = unary(
        "ListDataSubjects")

    package static let methods = [
        listDataSubjectKeylinks.shape, addDataSubjectsKeyLinks.shape, deleteDataSubjects.shape, listDataSubjects.shape,
    ]
}

/// `ListDataSubjectKeylinksRequest`.
package struct ListDataSubjectKeylinksRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.data_subjects.v1.ListDataSubjectKeylinksRequest"

    /// Names a person.
    package var dataSubjectID: [String] = []
    /// The organisation's UUID.
    package var organizationID = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.texts(1, "dataSubjectId", &dataSubjectID, each: [.required, .length(4...100), .name])
        fields.text(2, "organizationId", &organizationID, [.uuid])
    }
}

/// `ListDataSubjectKeylinksResponse`.
package struct ListDataSubjectKeylinksResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.data_subjects.v1.ListDataSubjectKeylinksResponse"

    /// Persons and their keys.
    package var dataSubjectKeylinks: [DatasubjectKeylinks] = []

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.messages(1, "dataSubjectKeylinks", &dataSubjectKeylinks)
    }
}

/// `AddDataSubjectsKeyLinksRequest`.
package struct AddDataSubjectsKeyLinksRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.data_subjects.v1.AddDataSubjectsKeyLinksRequest"

    /// The project's UUID.
    package var projectID = ""
    /// Persons and their keys.
    package var dataSubjectKeylinks: [DatasubjectKeylinks] = []

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "projectId", &projectID, [.required, .uuid])
        fields.messages(2, "dataSubjectKeylinks", &dataSubjectKeylinks)
    }
}

/// `AddDataSubjectsKeyLinksResponse`.
package struct AddDataSubjectsKeyLinksResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.data_subjects.v1.AddDataSubjectsKeyLinksResponse"

    /// How many keys were noted.
    package var storedCount: Int64 = 0
    /// Deprecated: what went wrong.
    package var issues: [AddDataSubjectsKeyLinksResponse.AddDataSubjectsIssues] = []

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.int64(1, "storedCount", &storedCount)
        fields.messages(2, "issues", &issues)
    }

    /// `AddDataSubjectsKeyLinksResponse.AddDataSubjectsIssues`. Deprecated.
    package struct AddDataSubjectsIssues: ProtoMessage {
        package static let protoName =
            "strmprivacy.api.data_subjects.v1.AddDataSubjectsKeyLinksResponse.AddDataSubjectsIssues"

        /// Names a person.
        package var dataSubjectID = ""
        /// The name of the key: a UUID.
        package var keyLink = ""
        /// What happened, for people.
        package var message = ""
        /// Which kind of issue.
        package var issueType = ""

        package init() {}

        package mutating func visit(_ fields: inout ProtoFields) {
            fields.text(1, "dataSubjectId", &dataSubjectID)
            fields.text(2, "keyLink", &keyLink)
            fields.text(3, "message", &message)
            fields.text(4, "issueType", &issueType)
        }
    }
}

/// `DatasubjectKeylinks`.
package struct DatasubjectKeylinks: ProtoMessage {
    package static let protoName = "strmprivacy.api.data_subjects.v1.DatasubjectKeylinks"

    /// Names a person.
    package var dataSubjectID = ""
    /// The keys.
    package var keylinksAndTimestamps: [DatasubjectKeylinks.KeylinkAndTimestamp] = []

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "dataSubjectId", &dataSubjectID, [.required, .length(4...100), .name])
        fields.messages(2, "keylinksAndTimestamps", &keylinksAndTimestamps)
    }

    /// `DatasubjectKeylinks.KeylinkAndTimestamp`.
    package struct KeylinkAndTimestamp: ProtoMessage {
        package static let protoName = "strmprivacy.api.data_subjects.v1.DatasubjectKeylinks.KeylinkAndTimestamp"

        /// The name of the key: a UUID.
        package var keyLink = ""
        /// When the key is forgotten.
        @Required package var expiryTime: ProtoTimestamp

        package init() {}

        package mutating func visit(_ fields: inout ProtoFields) {
            fields.text(1, "keyLink", &keyLink, [.required, .uuid])
            fields.message(2, "expiryTime", &$expiryTime)
        }
    }
}

/// `DeleteDataSubjectsRequest`.
package struct DeleteDataSubjectsRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.data_subjects.v1.DeleteDataSubjectsRequest"

    /// The persons.
    package var dataSubjects: [String] = []
    /// The organisation's UUID.
    package var organizationID = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.texts(1, "dataSubjects", &dataSubjects, each: [.required, .nameAtStart(4)])
        fields.text(2, "organizationId", &organizationID, [.uuid])
    }
}

/// `DeleteDataSubjectsResponse`.
package struct DeleteDataSubjectsResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.data_subjects.v1.DeleteDataSubjectsResponse"

    /// How many keys were forgotten.
    package var deletedKeylinksCount: Int64 = 0

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.int64(1, "deletedKeylinksCount", &deletedKeylinksCount)
    }
}

/// `ListDataSubjectsRequest`.
package struct ListDataSubjectsRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.data_subjects.v1.ListDataSubjectsRequest"

    /// What the last page gave; empty for the first one.
    package var pageToken = ""
    /// How many at most; 0 leaves it to the server.
    package var pageSize: Int32 = 0
    /// The organisation's UUID.
    package var organizationID = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "pageToken", &pageToken)
        fields.int32(2, "pageSize", &pageSize, in: 0 ... .max)
        fields.text(3, "organizationId", &organizationID, [.uuid])
    }
}

/// `ListDataSubjectsResponse`.
package struct ListDataSubjectsResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.data_subjects.v1.ListDataSubjectsResponse"

    /// The persons.
    package var dataSubjects: [ListDataSubjectsResponse.DataSubjectInfo] = []
    /// Asks for the next page; empty after the last one.
    package var nextPageToken = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.messages(1, "dataSubjects", &dataSubjects)
        fields.text(2, "nextPageToken", &nextPageToken)
    }

    /// `ListDataSubjectsResponse.DataSubjectInfo`.
    package struct DataSubjectInfo: ProtoMessage {
        package static let protoName = "strmprivacy.api.data_subjects.v1.ListDataSubjectsResponse.DataSubjectInfo"

        /// Names a person.
        package var dataSubjectID = ""

        package init() {}

        package mutating func visit(_ fields: inout ProtoFields) {
            fields.text(1, "dataSubjectId", &dataSubjectID)
        }
    }
}
