package import GRPC

/// `Stream`: a pipeline that events are sent to (source), or one derived from it.
package struct StreamSpec: ProtoMessage {
    package static let protoName = "strmprivacy.api.entities.v1.Stream"

    /// The stream's name, 4–100 characters; unique in the plane.
    @Required package var ref: StreamRef
    /// For people.
    package var description = ""
    /// The purposes that a derived stream may decrypt; empty for a source stream.
    package var consentLevels: [Int32] = []
    /// How `consentLevels` is read.
    @Open package var consentLevelType: ConsentLevelType
    /// False refuses new events.
    package var enabled = false
    /// How many events are accepted; absent or 0 means no limit.
    package var limits: Limits?
    /// The name of the source stream that this stream is derived from; empty for a source stream.
    package var linkedStream = ""
    /// For people.
    package var tags: [String] = []
    /// Output only.
    package var credentials: [Credentials] = []
    /// The fields of a derived stream that show a hash in place of their value.
    package var maskedFields: MaskedFields?
    /// Output only, deprecated.
    package var kafkaTopic = ""
    /// The retention policy's UUID; empty means the default policy.
    package var policyID = ""

    package init() {}

    /// True when it is derived from another stream.
    package var isDerived: Bool { !linkedStream.isEmpty }

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "ref", &$ref)
        fields.text(2, "description", &description, [.length(0...1000)])
        fields.int32s(3, "consentLevels", &consentLevels, count: 0...50, in: 0 ... .max)
        fields.enumeration(4, "consentLevelType", &$consentLevelType)
        fields.flag(5, "enabled", &enabled)
        fields.message(6, "limits", &limits)
        fields.text(7, "linkedStream", &linkedStream)
        fields.texts(8, "tags", &tags, count: 0...20, unique: true, each: [.length(0...100)])
        fields.messages(9, "credentials", &credentials)
        fields.message(10, "maskedFields", &maskedFields)
        fields.text(11, "kafkaTopic", &kafkaTopic)
        fields.text(12, "policyId", &policyID, [.uuid])
        fields.require(
            consentLevelType != .cumulative || consentLevels.count == 1, "consentLevels",
            "must hold exactly one level when consentLevelType is CUMULATIVE")
        fields.require(
            Set(consentLevels).count == consentLevels.count, "consentLevels", "must not name a level twice")
    }
}

/// `StreamRef`.
package struct StreamRef: ProtoMessage {
    package static let protoName = "strmprivacy.api.entities.v1.StreamRef"

    /// Deprecated; must be empty.
    package var billingID = ""
    /// The stream's name.
    package var name = ""
    /// The project's UUID.
    package var projectID = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "billingId", &billingID, [.empty])
        fields.text(2, "name", &name, [.length(4...100), .name])
        fields.text(3, "projectId", &projectID, [.required, .uuid])
    }
}

/// `ConsentLevelType`.
package enum ConsentLevelType: Int32, ProtoEnum {
    package static let protoName = "strmprivacy.api.entities.v1.ConsentLevelType"

    case unspecified = 0
    /// An event's highest level reaches the stream's one level; every level up to it is decrypted.
    case cumulative = 1
    /// Every level of the stream is among the event's; exactly these are decrypted.
    case granular = 2

    package static let names = ["CONSENT_LEVEL_TYPE_UNSPECIFIED", "CUMULATIVE", "GRANULAR"]
}

/// `Limits`: 0 means no limit.
package struct Limits: ProtoMessage {
    package static let protoName = "strmprivacy.api.entities.v1.Limits"

    /// Events per second.
    package var eventRate: Int64 = 0
    /// Events per month.
    package var eventCount: Int64 = 0

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.int64(1, "eventRate", &eventRate, in: 0 ... .max)
        fields.int64(2, "eventCount", &eventCount, in: 0 ... .max)
    }
}

/// `Credentials`: what a client of one stream authenticates with.
package struct Credentials: ProtoMessage {
    package static let protoName = "strmprivacy.api.entities.v1.Credentials"

    /// Deprecated.
    package var billingID = ""
    /// `stream-…`, public.
    package var clientID = ""
    /// Secret.
    package var clientSecret = ""
    /// The project's UUID.
    package var projectID = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "billingId", &billingID)
        fields.text(2, "clientId", &clientID)
        fields.text(3, "clientSecret", &clientSecret)
        fields.text(4, "projectId", &projectID)
    }
}

/// `MaskedFields`: which fields of which contracts show a hash.
package struct MaskedFields: ProtoMessage {
    package static let protoName = "strmprivacy.api.entities.v1.MaskedFields"

    /// Empty means MurmurHash3, the only one.
    package var hashType = ""
    /// Put in front of each value before hashing. Empty in a file: a random one is made and kept.
    package var seed = ""
    /// Contract reference (`handle/name/version`) → its masked fields.
    package var fieldPatterns: [String: PatternList] = [:]

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "hashType", &hashType, [.oneOf(["MurmurHash3"])])
        fields.text(2, "seed", &seed, [.length(0...1000), .name])
        fields.messageMap(3, "fieldPatterns", &fieldPatterns)
    }

    /// `MaskedFields.PatternList`.
    package struct PatternList: ProtoMessage {
        package static let protoName = "strmprivacy.api.entities.v1.MaskedFields.PatternList"

        /// Field paths, segments joined with slashes.
        package var fieldPatterns: [String] = []

        package init() {}

        package mutating func visit(_ fields: inout ProtoFields) {
            fields.texts(
                1, "fieldPatterns", &fieldPatterns, unique: true, each: [.required, .without("strmMeta")])
        }
    }
}
