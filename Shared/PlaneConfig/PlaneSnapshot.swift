package import API
package import Wire

/// One version of a plane's configuration, checked and complete. A value: share it, keep it, compare it.
package struct PlaneSnapshot: Sendable {
    /// Sixteen hexadecimal digits made from the content: equal content, equal version.
    package let version: String
    /// All streams, by project and name.
    package let streams: [PlaneStream]
    /// All contracts, by reference; the built-in public ones are among them. Every `schema.ref` is set.
    package let contracts: [DataContractSpec]
    /// Every schema that a contract uses, by reference.
    package let schemas: [PlaneSchema]
    /// The policies of the folder, by id. The default policy is not among them.
    package let policies: [PolicySpec]

    /// The stream of that name; of several projects' the one whose project comes first.
    package func stream(named name: String) -> PlaneStream? {
        streams.first { $0.name == name }
    }

    /// The stream with that UUID, or else of that name.
    package func stream(called text: String) -> PlaneStream? {
        streams.first { $0.id == text } ?? stream(named: text)
    }

    /// The stream whose credentials carry that client id.
    package func stream(clientID: String) -> PlaneStream? {
        streams.first { $0.clientIDs.contains(clientID) }
    }

    /// The streams derived from that one.
    package func derivedStreams(of source: PlaneStream) -> [PlaneStream] {
        streams.filter { $0.derivedFrom == source.name && $0.projectID == source.projectID }
    }
}

/// A stream with everything that was generated for it. It never changes, so ten thousand of them are copied cheaply.
package final class PlaneStream: Sendable, Equatable {
    /// Unique in its project.
    package let name: String
    /// The project's UUID; may be empty for a stream of a plane folder, where names are unique.
    package let projectID: String
    /// UUID; the same for as long as the state folder lives.
    package let id: String
    /// `stream-<id>`.
    package let topic: TopicName
    /// Who may send to it or read it: `stream-` and thirty lower-case letters and digits, or what the folder says.
    package let clientIDs: [String]
    /// The name of the source stream, which is in the same project; nil for a source stream.
    package let derivedFrom: String?
    /// What a derived stream may decrypt; empty for a source stream.
    package let purposes: [Int32]
    /// How `purposes` is read: never `.unspecified` on a derived stream.
    package let consentLevelType: ConsentLevelType
    /// False refuses new events.
    package let isEnabled: Bool
    /// Events per second; 0 means no limit.
    package let eventRate: Int64
    /// Retention; `PolicySpec.standard` when the stream names none.
    package let policy: PolicySpec
    /// Contract → the paths that this derived stream shows hashed.
    package let masks: [ContractRef: [String]]
    /// What is put in front of a value before hashing; generated when the folder gives none. Empty without masks.
    package let maskSeed: String
    /// The file that the secret is read from in place of a generated one: an absolute path.
    package let secretFile: String?

    init(
        name: String, projectID: String, id: String, topic: TopicName, clientIDs: [String], derivedFrom: String?,
        purposes: [Int32], consentLevelType: ConsentLevelType, isEnabled: Bool, eventRate: Int64, policy: PolicySpec,
        masks: [ContractRef: [String]], maskSeed: String, secretFile: String?
    ) {
        self.name = name
        self.projectID = projectID
        self.id = id
        self.topic = topic
        self.clientIDs = clientIDs
        self.derivedFrom = derivedFrom
        self.purposes = purposes
        self.consentLevelType = consentLevelType
        self.isEnabled = isEnabled
        self.eventRate = eventRate
        self.policy = policy
        self.masks = masks
        self.maskSeed = maskSeed
        self.secretFile = secretFile
    }

    /// Whether everything about two streams is the same.
    package static func == (one: PlaneStream, other: PlaneStream) -> Bool {
        one === other
            || (one.id == other.id && one.name == other.name && one.projectID == other.projectID
                && one.topic == other.topic && one.clientIDs == other.clientIDs && one.derivedFrom == other.derivedFrom
                && one.purposes == other.purposes && one.consentLevelType == other.consentLevelType
                && one.isEnabled == other.isEnabled && one.eventRate == other.eventRate && one.policy == other.policy
                && one.masks == other.masks && one.maskSeed == other.maskSeed && one.secretFile == other.secretFile)
    }

    /// The client id that a stream of a plane folder has.
    package var clientID: String { clientIDs.first ?? "" }
}

/// A schema and its number in event records.
package struct PlaneSchema: Sendable, Equatable {
    /// What senders name in `Strm-Schema-Ref`.
    package let ref: ContractRef
    /// 31 bits, never 0: stands in every record; see `SchemaStore`.
    package let id: Int32
    /// The Avro schema or JSON Schema as JSON text; `EventSchema.parse` tells them apart.
    package let definition: String
}
