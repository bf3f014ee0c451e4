package import GRPC

/// `BatchJob`: reads a file and writes it encrypted.
package struct BatchJob: ProtoMessage {
    package static let protoName = "strmprivacy.api.entities.v1.BatchJob"

    /// Which one.
    @Required package var ref: BatchJobRef
    /// Its states, oldest first.
    package var states: [BatchJobState] = []
    /// What is read.
    @Required package var sourceData: DataConnectorAndType
    /// Where the purposes of a row come from.
    @Required package var consent: ConsentConfig
    /// How rows are encrypted.
    @Required package var encryption: EncryptionConfig
    /// Which contract.
    @Required package var eventContractRef: EventContractRef
    /// Where the encrypted rows go.
    @Required package var encryptedData: EncryptedData
    /// Where the keys go.
    @Required package var encryptionKeysData: EncryptionKeysData
    /// Files that hold less than everything.
    package var derivedData: [DerivedData] = []
    /// The retention policy's UUID; empty means the default policy.
    package var policyID = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "ref", &$ref)
        fields.messages(2, "states", &states)
        fields.message(3, "sourceData", &$sourceData)
        fields.message(4, "consent", &$consent)
        fields.message(5, "encryption", &$encryption)
        fields.message(6, "eventContractRef", &$eventContractRef)
        fields.message(7, "encryptedData", &$encryptedData)
        fields.message(8, "encryptionKeysData", &$encryptionKeysData)
        fields.messages(9, "derivedData", &derivedData)
        fields.text(10, "policyId", &policyID, [.uuid])
    }
}

/// `BatchJobWrapper`: a job of either kind.
package struct BatchJobWrapper: ProtoMessage {
    package static let protoName = "strmprivacy.api.entities.v1.BatchJobWrapper"

    /// The job.
    package var job: Job?

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.oneof("job", &job, required: true)
    }

    /// The members of `job`.
    package enum Job: ProtoOneof {
        /// A job that encrypts.
        case encryptionBatchJob(BatchJob)
        /// A job that averages.
        case microAggregationBatchJob(MicroAggregationBatchJob)

        package static func visit(_ members: inout OneofMembers<Job>) {
            members.message(1, "encryptionBatchJob", Job.encryptionBatchJob) {
                if case .encryptionBatchJob(let value) = $0 { value } else { nil }
            }
            members.message(2, "microAggregationBatchJob", Job.microAggregationBatchJob) {
                if case .microAggregationBatchJob(let value) = $0 { value } else { nil }
            }
        }
    }
}

/// `ExtendedBatchJob`: a job of either kind.
package struct ExtendedBatchJob: ProtoMessage {
    package static let protoName = "strmprivacy.api.entities.v1.ExtendedBatchJob"

    /// The job, if it encrypts; deprecated for `job`.
    package var batchJob: BatchJob?
    /// The job.
    package var job: BatchJobWrapper?

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "batchJob", &batchJob)
        fields.message(2, "job", &job)
    }
}

/// `BatchJobRef`.
package struct BatchJobRef: ProtoMessage {
    package static let protoName = "strmprivacy.api.entities.v1.BatchJobRef"

    /// Deprecated.
    package var billingID = ""
    /// Output only: UUID.
    package var id = ""
    /// The project's UUID.
    package var projectID = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "billingId", &billingID, [.empty])
        fields.text(2, "id", &id)
        fields.text(3, "projectId", &projectID, [.required, .uuid])
    }
}

/// `BatchJobState`: a moment in the life of a job.
package struct BatchJobState: ProtoMessage {
    package static let protoName = "strmprivacy.api.entities.v1.BatchJobState"

    /// Since when.
    package var stateTime: ProtoTimestamp?
    /// The state.
    @Open package var state: BatchJobStateType
    /// What happened, for people.
    package var message = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "stateTime", &stateTime)
        fields.enumeration(2, "state", &$state)
        fields.text(3, "message", &message)
    }
}

/// `BatchJobStateType`: the states of a job.
package enum BatchJobStateType: Int32, ProtoEnum {
    package static let protoName = "strmprivacy.api.entities.v1.BatchJobStateType"
    package static let names = [
        "BATCH_JOB_STATE_TYPE_UNSPECIFIED", "PENDING", "STARTED", "ERROR_STARTING", "RUNNING", "FINISHED", "ERROR",
    ]

    case unspecified = 0
    case pending = 1
    case started = 2
    case errorStarting = 3
    case running = 4
    case finished = 5
    case error = 6
}

/// `ConsentConfig`: where the purposes of a row come from.
package struct ConsentConfig: ProtoMessage {
    package static let protoName = "strmprivacy.api.entities.v1.ConsentConfig"

    /// The purposes of a row that names none.
    package var defaultConsentLevels: [Int32] = []
    /// How to find the purposes in a row.
    package var consentLevelExtractor: ConsentLevelExtractor?

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.int32s(1, "defaultConsentLevels", &defaultConsentLevels)
        fields.message(2, "consentLevelExtractor", &consentLevelExtractor)
    }
}

/// `ConsentLevelExtractor`: how to find the purposes in a row.
package struct ConsentLevelExtractor: ProtoMessage {
    package static let protoName = "strmprivacy.api.entities.v1.ConsentLevelExtractor"

    /// The column that tells the purposes.
    package var field = ""
    /// Value of the column → purposes.
    package var fieldPatterns: [String: ConsentLevels] = [:]

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "field", &field)
        fields.messageMap(2, "fieldPatterns", &fieldPatterns)
    }
}

/// `EncryptionConfig`: how rows are encrypted.
package struct EncryptionConfig: ProtoMessage {
    package static let protoName = "strmprivacy.api.entities.v1.EncryptionConfig"

    /// Which column tells when a row was made.
    @Required package var timestampConfig: TimestampConfig
    /// Jobs of one group share their keys; empty makes the job its own group.
    package var batchJobGroupID = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "timestampConfig", &$timestampConfig)
        fields.text(2, "batchJobGroupId", &batchJobGroupID)
    }
}

/// `TimestampConfig`: which column tells when a row was made.
package struct TimestampConfig: ProtoMessage {
    package static let protoName = "strmprivacy.api.entities.v1.TimestampConfig"

    /// The column.
    package var field = ""
    /// A pattern of Java's `DateTimeFormatter`.
    package var format = ""
    /// The zone of times that name none.
    package var defaultTimeZone: ProtoTimeZone?

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "field", &field, [.required, .length(4...50), .noControl])
        fields.text(2, "format", &format, [.required])
        fields.message(3, "defaultTimeZone", &defaultTimeZone)
    }
}

/// `EncryptedData`: where encrypted rows go.
package struct EncryptedData: ProtoMessage {
    package static let protoName = "strmprivacy.api.entities.v1.EncryptedData"

    /// Where they go.
    @Required package var target: DataConnectorAndType

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "target", &$target)
    }
}

/// `EncryptionKeysData`: where keys go.
package struct EncryptionKeysData: ProtoMessage {
    package static let protoName = "strmprivacy.api.entities.v1.EncryptionKeysData"

    /// Where it goes.
    @Required package var target: DataConnectorAndType

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "target", &$target)
    }
}

/// `DerivedData`: a file that holds only what its purposes allow.
package struct DerivedData: ProtoMessage {
    package static let protoName = "strmprivacy.api.entities.v1.DerivedData"

    /// Where it goes.
    package var target: DataConnectorAndType?
    /// The purposes whose fields are decrypted.
    package var consentLevels: [Int32] = []
    /// How `consentLevels` is read.
    @Open package var consentLevelType: ConsentLevelType
    /// Which fields show a hash in place of their value.
    package var maskedFields: MaskedFields?

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "target", &target)
        fields.int32s(2, "consentLevels", &consentLevels)
        fields.enumeration(3, "consentLevelType", &$consentLevelType)
        fields.message(4, "maskedFields", &maskedFields)
    }
}

/// `MicroAggregationBatchJob`: reads a file and writes averages of small groups.
package struct MicroAggregationBatchJob: ProtoMessage {
    package static let protoName = "strmprivacy.api.entities.v1.MicroAggregationBatchJob"

    /// Which one.
    @Required package var ref: BatchJobRef
    /// Its states, oldest first.
    package var states: [BatchJobState] = []
    /// What is read.
    @Required package var sourceData: DataConnectorAndType
    /// Where the result goes.
    @Required package var targetData: DataConnectorAndType
    /// Which contract, when `id` is empty.
    @Required package var dataContractRef: DataContractRef
    /// How groups are formed.
    @Required package var aggregationConfig: MicroAggregationConfig

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "ref", &$ref)
        fields.messages(2, "states", &states)
        fields.message(3, "sourceData", &$sourceData)
        fields.message(4, "targetData", &$targetData)
        fields.message(5, "dataContractRef", &$dataContractRef)
        fields.message(6, "aggregationConfig", &$aggregationConfig)
    }
}

/// `MicroAggregationConfig`: how groups are formed.
package struct MicroAggregationConfig: ProtoMessage {
    package static let protoName = "strmprivacy.api.entities.v1.MicroAggregationConfig"

    /// The smallest group: at least 2.
    package var minimumKAnonymity: Int32 = 0
    /// Paths of the fields whose values are averaged over a group.
    package var aggregationFields: [String] = []

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.int32(1, "minimumKAnonymity", &minimumKAnonymity, in: 2 ... .max)
        fields.texts(2, "aggregationFields", &aggregationFields)
    }
}
