package import GRPC

/// `EventContract`: what contracts were before they held their schema.
package struct EventContract: ProtoMessage {
    package static let protoName = "strmprivacy.api.entities.v1.EventContract"

    /// Which one.
    package var ref: EventContractRef?
    /// Where it stands in its life.
    @Open package var state: EventContract.State
    /// Which schema.
    package var schemaRef: SchemaRef?
    /// Usable by every organisation.
    package var isPublic = false
    /// Path of the field whose value decides which key seals an event.
    package var keyField = ""
    /// Path → purpose level.
    package var piiFields: [String: Int32] = [:]
    /// Checks on values.
    package var validations: [Validation] = []
    /// For people.
    package var metadata: EventContractMetadata?
    /// The UUID.
    package var id = ""
    /// Path of the field that names the person a record is about; empty when there is none.
    package var dataSubjectField = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "ref", &ref)
        fields.enumeration(2, "state", &$state)
        fields.message(3, "schemaRef", &schemaRef)
        fields.flag(4, "isPublic", &isPublic)
        fields.text(5, "keyField", &keyField)
        fields.int32Map(6, "piiFields", &piiFields)
        fields.messages(7, "validations", &validations)
        fields.message(8, "metadata", &metadata)
        fields.text(9, "id", &id)
        fields.text(10, "dataSubjectField", &dataSubjectField)
    }

    /// `EventContract.State`.
    package enum State: Int32, ProtoEnum {
        package static let protoName = "strmprivacy.api.entities.v1.EventContract.State"
        package static let names = ["STATE_UNSPECIFIED", "DRAFT", "ACTIVE", "ARCHIVED", "IN_REVIEW", "INCOMPLETE"]

        case unspecified = 0
        case draft = 1
        case active = 2
        case archived = 3
        case inReview = 4
        case incomplete = 5
    }
}

/// `EventContractRef`.
package struct EventContractRef: ProtoMessage {
    package static let protoName = "strmprivacy.api.entities.v1.EventContractRef"

    /// The organisation's short name.
    package var handle = ""
    /// The name.
    package var name = ""
    /// Three numbers joined with points.
    package var version = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "handle", &handle, [.required, .length(4 ... .max)])
        fields.text(2, "name", &name, [.required, .length(4...100), .nameWithoutSpace])
        fields.text(3, "version", &version, [.required, .version])
    }
}

/// `EventContractMetadata`: for people.
package struct EventContractMetadata: ProtoMessage {
    package static let protoName = "strmprivacy.api.entities.v1.EventContractMetadata"

    /// 4–100 characters.
    package var title = ""
    /// For people.
    package var description = ""
    /// Output only.
    package var createTime: ProtoTimestamp?
    /// `https://…`.
    package var iconURI = ""
    /// Free labels.
    package var labels: [Label] = []
    /// Free words.
    package var domains: [String] = []
    /// Free words.
    package var industries: [String] = []

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "title", &title)
        fields.text(2, "description", &description)
        fields.message(3, "createTime", &createTime)
        fields.text(4, "iconUri", &iconURI)
        fields.messages(5, "labels", &labels)
        fields.texts(6, "domains", &domains)
        fields.texts(7, "industries", &industries)
    }
}

/// `FilterPublicPrivate`: whose entities are wanted.
package enum FilterPublicPrivate: Int32, ProtoEnum {
    package static let protoName = "strmprivacy.api.entities.v1.FilterPublicPrivate"
    package static let names = ["FILTER_PUBLIC_PRIVATE_UNSPECIFIED", "ONLY_PUBLIC", "ONLY_PRIVATE"]

    case unspecified = 0
    case onlyPublic = 1
    case onlyPrivate = 2
}
