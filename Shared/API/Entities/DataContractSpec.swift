package import GRPC
package import Wire

/// `DataContract`: a schema and what its fields mean for privacy.
package struct DataContractSpec: ProtoMessage {
    package static let protoName = "strmprivacy.api.entities.v1.DataContract"

    /// Output only: UUID.
    package var id = ""
    /// Which contract.
    @Required package var ref: DataContractRef
    /// Only an active contract accepts new events.
    @Open package var state: State
    /// Usable by every organisation.
    package var isPublic = false
    /// Path of the field whose value decides which key seals an event.
    package var keyField = ""
    /// Deprecated: path → purpose level; used only when `fieldMetadata` is empty.
    package var piiFields: [String: Int32] = [:]
    /// Checks on values.
    package var validations: [Validation] = []
    /// For people.
    package var metadata: DataContractMetadata?
    /// The shape of events.
    @Required package var schema: SchemaSpec
    /// Path of the field that names the person an event is about; empty when there is none.
    package var dataSubjectField = ""
    /// The project's UUID.
    package var projectID = ""
    /// What is known of single fields.
    package var fieldMetadata: [FieldMetadata] = []
    /// The creator's UUID.
    package var creatorExternalUserID = ""

    package init() {}

    /// The personal fields with their purpose levels, whichever of the two lists gives them, in the order of their paths.
    package var personalFields: [(path: String, level: Int32)] {
        if fieldMetadata.isEmpty { return piiFields.sorted { $0.key < $1.key }.map { ($0.key, $0.value) } }
        return fieldMetadata.filter { $0.personalDataConfig?.isPII == true }
            .map { ($0.fieldName, $0.personalDataConfig?.purposeLevel ?? 0) }
            .sorted { $0.path < $1.path }
    }

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "id", &id, [.uuid])
        fields.message(2, "ref", &$ref)
        fields.enumeration(3, "state", &$state)
        fields.flag(4, "isPublic", &isPublic)
        fields.text(5, "keyField", &keyField, [.required])
        fields.int32Map(6, "piiFields", &piiFields, in: 0 ... .max)
        fields.messages(7, "validations", &validations)
        fields.message(8, "metadata", &metadata)
        fields.message(9, "schema", &$schema)
        fields.text(10, "dataSubjectField", &dataSubjectField)
        fields.text(11, "projectId", &projectID, [.required, .uuid])
        fields.messages(12, "fieldMetadata", &fieldMetadata)
        fields.text(13, "creatorExternalUserId", &creatorExternalUserID, [.uuid])
    }

    /// `DataContract.State`.
    package enum State: Int32, ProtoEnum {
        package static let protoName = "strmprivacy.api.entities.v1.DataContract.State"

        case unspecified = 0
        case draft = 1
        case inReview = 2
        case active = 3
        case archived = 4
        case incomplete = 5
        case approved = 6

        package static let names = [
            "STATE_UNSPECIFIED", "DRAFT", "IN_REVIEW", "ACTIVE", "ARCHIVED", "INCOMPLETE", "APPROVED",
        ]
    }
}

/// `DataContractRef`.
package struct DataContractRef: ProtoMessage {
    package static let protoName = "strmprivacy.api.entities.v1.DataContractRef"

    /// The owner's short name, at least 4 characters.
    package var handle = ""
    /// The contract's name, 4–100 characters without a slash.
    package var name = ""
    /// Three numbers joined with points.
    package var version = ""

    package init() {}

    /// The reference as one value.
    package var contractRef: ContractRef { ContractRef(handle: handle, name: name, version: version) }

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "handle", &handle, [.required, .length(4...100), .noSlash])
        fields.text(2, "name", &name, [.required, .length(4...100), .noSlash])
        fields.text(3, "version", &version, [.required, .version])
    }
}

/// `Validation`: a check on one field's value before it is sealed.
package struct Validation: ProtoMessage {
    package static let protoName = "strmprivacy.api.entities.v1.Validation"

    /// Path of the field.
    package var field = ""
    /// `regex`, the only one.
    package var type = ""
    /// The pattern, in Java's dialect; it must be found in the value.
    package var value = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "field", &field, [.required])
        fields.text(2, "type", &type, [.required, .oneOf(["regex"])])
        fields.text(3, "value", &value, [.required])
    }
}

/// `DataContractMetadata`: for people.
package struct DataContractMetadata: ProtoMessage {
    package static let protoName = "strmprivacy.api.entities.v1.DataContractMetadata"

    /// 4–100 characters.
    package var title = ""
    /// At most 5000 characters.
    package var description = ""
    /// Output only.
    package var createTime: ProtoTimestamp?
    /// Free labels.
    package var labels: [Label] = []
    /// Free words.
    package var domains: [String] = []
    /// Free words.
    package var industries: [String] = []

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "title", &title, [.length(4...100), .noControl])
        fields.text(2, "description", &description, [.length(0...5000)])
        fields.message(3, "createTime", &createTime)
        fields.messages(5, "labels", &labels)
        fields.texts(6, "domains", &domains)
        fields.texts(7, "industries", &industries)
    }
}

/// `Label`.
package struct Label: ProtoMessage {
    package static let protoName = "strmprivacy.api.entities.v1.Label"

    /// Not empty.
    package var key = ""
    /// Any text.
    package var value = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "key", &key, [.required])
        fields.text(2, "value", &value)
    }
}

/// `FieldMetadata`: what is known of one field.
package struct FieldMetadata: ProtoMessage {
    package static let protoName = "strmprivacy.api.entities.v1.FieldMetadata"

    /// Path of the field.
    package var fieldName = ""
    /// Whether it is personal, and for which purpose it may be read.
    package var personalDataConfig: PersonalDataConfig?
    /// For statistics.
    @Open package var statisticalDataType: StatisticalDataType
    /// The order of an ordinal field's values.
    package var ordinalValues: [String] = []
    /// What statistics do with nulls.
    package var nullHandlingConfig: NullHandlingConfig?

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "fieldName", &fieldName, [.required])
        fields.message(2, "personalDataConfig", &personalDataConfig)
        fields.enumeration(3, "statisticalDataType", &$statisticalDataType)
        fields.texts(4, "ordinalValues", &ordinalValues)
        fields.message(5, "nullHandlingConfig", &nullHandlingConfig)
    }

    /// `FieldMetadata.PersonalDataConfig`.
    package struct PersonalDataConfig: ProtoMessage {
        package static let protoName = "strmprivacy.api.entities.v1.FieldMetadata.PersonalDataConfig"

        /// True seals the field.
        package var isPII = false
        /// A field that helps to identify a person; it is not sealed for that.
        package var isQuasiID = false
        /// The purpose that may read the field.
        package var purposeLevel: Int32 = 0
        /// Free text.
        package var gdprSpecialPersonalDataType = ""

        package init() {}

        package mutating func visit(_ fields: inout ProtoFields) {
            fields.flag(1, "isPii", &isPII)
            fields.flag(2, "isQuasiId", &isQuasiID)
            fields.int32(3, "purposeLevel", &purposeLevel, in: 0 ... .max)
            fields.text(4, "gdprSpecialPersonalDataType", &gdprSpecialPersonalDataType)
        }
    }

    /// `FieldMetadata.NullHandlingConfig`.
    package struct NullHandlingConfig: ProtoMessage {
        package static let protoName = "strmprivacy.api.entities.v1.FieldMetadata.NullHandlingConfig"

        /// What to do.
        @Open package var type: NullHandlingType
        /// The value in a null's place.
        package var defaultValue = ""

        package init() {}

        package mutating func visit(_ fields: inout ProtoFields) {
            fields.enumeration(1, "type", &$type)
            fields.text(2, "defaultValue", &defaultValue)
        }
    }

    /// `FieldMetadata.NullHandlingConfig.NullHandlingType`.
    package enum NullHandlingType: Int32, ProtoEnum {
        package static let protoName = "strmprivacy.api.entities.v1.FieldMetadata.NullHandlingConfig.NullHandlingType"

        case unspecified = 0
        case dropRecord = 1
        case defaultValue = 2

        package static let names = ["NULL_HANDLING_TYPE_UNSPECIFIED", "DROP_RECORD", "DEFAULT_VALUE"]
    }
}

/// `StatisticalDataType`.
package enum StatisticalDataType: Int32, ProtoEnum {
    package static let protoName = "strmprivacy.api.entities.v1.StatisticalDataType"

    case unspecified = 0
    case nominal = 1
    case ordinal = 2
    case numerical = 3

    package static let names = ["STATISTICAL_DATA_TYPE_UNSPECIFIED", "NOMINAL", "ORDINAL", "NUMERICAL"]
}
