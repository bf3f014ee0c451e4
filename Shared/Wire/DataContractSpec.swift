/// `DataContract`: a schema and what its fields mean for privacy.
package struct DataContractSpec: ProtoMessage {
    /// Output only: UUID.
    package var id = ""
    /// Which contract.
    package var ref = DataContractRef()
    /// Only an active contract accepts new events.
    package var state = State.unspecified
    /// Usable by every organisation.
    package var isPublic = false
    /// Path of the field whose value decides which key seals an event.
    package var keyField = ""
    /// Deprecated: path → purpose level; used only when `fieldMetadata` is empty.
    package var piiFields: [String: Int32] = [:]
    /// Checks on values.
    package var validations: [Validation] = []
    /// For people.
    package var metadata: ContractMetadata?
    /// The shape of events.
    package var schema = SchemaSpec()
    /// Path of the field that names the person an event is about; empty when there is none.
    package var dataSubjectField = ""
    /// The project's UUID.
    package var projectID = ""
    /// What is known of single fields.
    package var fieldMetadata: [FieldMetadata] = []
    /// The creator's UUID.
    package var creatorExternalUserID = ""

    /// A contract with nothing set.
    package init() {}

    /// The personal fields with their purpose levels, whichever of the two lists gives them, in the order of their paths.
    package var personalFields: [(path: String, level: Int32)] {
        if fieldMetadata.isEmpty { return piiFields.sorted { $0.key < $1.key }.map { ($0.key, $0.value) } }
        return fieldMetadata.filter { $0.personalDataConfig?.isPII == true }
            .map { ($0.fieldName, $0.personalDataConfig?.purposeLevel ?? 0) }
            .sorted { $0.path < $1.path }
    }

    /// Declares the fields of `DataContract`.
    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "id", &id, .uuid)
        fields.message(2, "ref", &ref, required: true)
        fields.enumeration(3, "state", &state)
        fields.flag(4, "isPublic", &isPublic)
        fields.text(5, "keyField", &keyField, .required)
        fields.int32Map(6, "piiFields", &piiFields, in: 0 ... .max)
        fields.messages(7, "validations", &validations)
        fields.message(8, "metadata", &metadata)
        fields.message(9, "schema", &schema, required: true)
        fields.text(10, "dataSubjectField", &dataSubjectField)
        fields.text(11, "projectId", &projectID, .uuid)
        fields.messages(12, "fieldMetadata", &fieldMetadata)
        fields.text(13, "creatorExternalUserId", &creatorExternalUserID, .uuid)
    }

    /// `DataContract.State`.
    package enum State: Int32, ProtoEnum {
        case unspecified = 0
        case draft = 1
        case inReview = 2
        case active = 3
        case archived = 4
        case incomplete = 5
        case approved = 6

        /// The name in the definition.
        package var protoName: String {
            switch self {
            case .unspecified: "STATE_UNSPECIFIED"
            case .draft: "DRAFT"
            case .inReview: "IN_REVIEW"
            case .active: "ACTIVE"
            case .archived: "ARCHIVED"
            case .incomplete: "INCOMPLETE"
            case .approved: "APPROVED"
            }
        }
    }
}

/// `DataContractRef`.
package struct DataContractRef: ProtoMessage {
    /// The owner's short name, at least 4 characters.
    package var handle = ""
    /// The contract's name, 4–100 characters without a slash.
    package var name = ""
    /// Three numbers joined with points.
    package var version = ""

    /// A reference with nothing set.
    package init() {}

    /// The reference as one value.
    package var contractRef: ContractRef { ContractRef(handle: handle, name: name, version: version) }

    /// Declares the fields of `DataContractRef`.
    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "handle", &handle, .required, .length(4...100), .noSlash)
        fields.text(2, "name", &name, .required, .length(4...100), .noSlash)
        fields.text(3, "version", &version, .required, .version)
    }
}

/// `Validation`: a check on one field's value before it is sealed.
package struct Validation: ProtoMessage {
    /// Path of the field.
    package var field = ""
    /// `regex`, the only one.
    package var type = ""
    /// The pattern, in Java's dialect; it must be found in the value.
    package var value = ""

    /// A validation with nothing set.
    package init() {}

    /// Declares the fields of `Validation`.
    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "field", &field, .required)
        fields.text(2, "type", &type, .required, .oneOf(["regex"]))
        fields.text(3, "value", &value, .required)
    }
}

/// `DataContractMetadata` and `SchemaMetadata`: for people. `iconUri` exists only on a schema's.
package struct ContractMetadata: ProtoMessage {
    /// 4–100 characters.
    package var title = ""
    /// At most 5000 characters.
    package var description = ""
    /// Output only: RFC 3339.
    package var createTime = ""
    /// `https://…`.
    package var iconURI = ""
    /// Free labels.
    package var labels: [Label] = []
    /// Free words.
    package var domains: [String] = []
    /// Free words.
    package var industries: [String] = []

    /// Metadata with nothing set.
    package init() {}

    /// Declares the fields of `SchemaMetadata`; `DataContractMetadata` has the same but number 4.
    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "title", &title, .length(4...100), .noControl)
        fields.text(2, "description", &description, .length(0...5000))
        fields.text(3, "createTime", &createTime, .timestamp)
        fields.text(4, "iconUri", &iconURI)
        fields.messages(5, "labels", &labels)
        fields.texts(6, "domains", &domains)
        fields.texts(7, "industries", &industries)
        fields.require(iconURI.isEmpty || iconURI.hasPrefix("https://"), "iconUri", "must begin with https://")
    }
}

/// `Label`.
package struct Label: ProtoMessage {
    /// Not empty.
    package var key = ""
    /// Any text.
    package var value = ""

    /// A label with nothing set.
    package init() {}

    /// Declares the fields of `Label`.
    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "key", &key, .required)
        fields.text(2, "value", &value)
    }
}

/// `FieldMetadata`: what is known of one field.
package struct FieldMetadata: ProtoMessage {
    /// Path of the field.
    package var fieldName = ""
    /// Whether it is personal, and for which purpose it may be read.
    package var personalDataConfig: PersonalDataConfig?
    /// For statistics.
    package var statisticalDataType = StatisticalDataType.unspecified
    /// The order of an ordinal field's values.
    package var ordinalValues: [String] = []
    /// What statistics do with nulls.
    package var nullHandlingConfig: NullHandlingConfig?

    /// Metadata with nothing set.
    package init() {}

    /// Declares the fields of `FieldMetadata`.
    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "fieldName", &fieldName, .required)
        fields.message(2, "personalDataConfig", &personalDataConfig)
        fields.enumeration(3, "statisticalDataType", &statisticalDataType)
        fields.texts(4, "ordinalValues", &ordinalValues)
        fields.message(5, "nullHandlingConfig", &nullHandlingConfig)
    }

    /// `FieldMetadata.PersonalDataConfig`.
    package struct PersonalDataConfig: ProtoMessage {
        /// True seals the field.
        package var isPII = false
        /// A field that helps to identify a person; it is not sealed for that.
        package var isQuasiID = false
        /// The purpose that may read the field.
        package var purposeLevel: Int32 = 0
        /// Free text.
        package var gdprSpecialPersonalDataType = ""

        /// Nothing personal.
        package init() {}

        /// Declares the fields of `FieldMetadata.PersonalDataConfig`.
        package mutating func visit(_ fields: inout ProtoFields) {
            fields.flag(1, "isPii", &isPII)
            fields.flag(2, "isQuasiId", &isQuasiID)
            fields.int32(3, "purposeLevel", &purposeLevel, in: 0 ... .max)
            fields.text(4, "gdprSpecialPersonalDataType", &gdprSpecialPersonalDataType)
        }
    }

    /// `FieldMetadata.NullHandlingConfig`.
    package struct NullHandlingConfig: ProtoMessage {
        /// What to do.
        package var type = NullHandlingType.unspecified
        /// The value in a null's place.
        package var defaultValue = ""

        /// Nothing set.
        package init() {}

        /// Declares the fields of `FieldMetadata.NullHandlingConfig`.
        package mutating func visit(_ fields: inout ProtoFields) {
            fields.enumeration(1, "type", &type)
            fields.text(2, "defaultValue", &defaultValue)
        }
    }

    /// `FieldMetadata.NullHandlingConfig.NullHandlingType`.
    package enum NullHandlingType: Int32, ProtoEnum {
        case unspecified = 0
        case dropRecord = 1
        case defaultValue = 2

        /// The name in the definition.
        package var protoName: String {
            switch self {
            case .unspecified: "NULL_HANDLING_TYPE_UNSPECIFIED"
            case .dropRecord: "DROP_RECORD"
            case .defaultValue: "DEFAULT_VALUE"
            }
        }
    }
}

/// `StatisticalDataType`.
package enum StatisticalDataType: Int32, ProtoEnum {
    case unspecified = 0
    case nominal = 1
    case ordinal = 2
    case numerical = 3

    /// The name in the definition.
    package var protoName: String {
        switch self {
        case .unspecified: "STATISTICAL_DATA_TYPE_UNSPECIFIED"
        case .nominal: "NOMINAL"
        case .ordinal: "ORDINAL"
        case .numerical: "NUMERICAL"
        }
    }
}
