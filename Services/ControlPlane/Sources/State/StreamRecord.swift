package import Time

/// A stream that was made with the API.
package struct StreamRecord: Sendable, Equatable {
    /// The row: streams, credentials and exporters refer to it.
    package var number: Int64
    /// UUID: the topic is `stream-<id>`.
    package var id: String
    /// The project's UUID.
    package var projectID: String
    /// Unique in the project.
    package var name: String
    /// The row of the stream that it is derived from.
    package var source: Int64?
    /// The policy's UUID; nil for the default policy.
    package var policyID: String?
    /// The `Stream` message without credentials, mask seed, and topic.
    package var body: [UInt8]
    /// The seed of its masks, sealed; nil when it masks nothing.
    package var sealedMaskSeed: [UInt8]?
    /// When it was made.
    package var created: Timestamp

    /// From its parts, without masks.
    package init(
        number: Int64, id: String, projectID: String, name: String, source: Int64?, policyID: String?, body: [UInt8],
        created: Timestamp
    ) {
        self.number = number
        self.id = id
        self.projectID = projectID
        self.name = name
        self.source = source
        self.policyID = policyID
        self.body = body
        self.created = created
    }

    private static let columns = """
        SELECT number, id, project_id, name, source, policy_id, body, sealed_mask_seed, created FROM streams
        """

    fileprivate static let byName = columns + " WHERE project_id = ?1 AND name = ?2"
    fileprivate static let byNumber = columns + " WHERE number = ?1"
    fileprivate static let ofPolicy = columns + " WHERE policy_id = ?1 ORDER BY number"
    fileprivate static let derived = columns + " WHERE source = ?1 ORDER BY number"
    fileprivate static let ofProject = columns + " WHERE project_id = ?1 ORDER BY number"
    fileprivate static let every = columns + " ORDER BY number"
    fileprivate static let byClientID =
        columns + " WHERE number = (SELECT stream FROM credentials WHERE client_id = ?1)"

    fileprivate init(_ row: Row) {
        number = row.integer(0)
        id = row.text(1)
        projectID = row.text(2)
        name = row.text(3)
        source = row.optionalInteger(4)
        policyID = row.optionalText(5)
        body = row.bytes(6)
        sealedMaskSeed = row.optionalBytes(7)
        created = Timestamp(milliseconds: row.integer(8))
    }
}

/// What a client of a stream logs in with.
package struct CredentialRecord: Sendable, Equatable {
    /// `stream-…`.
    package var clientID: String
    /// The stream's row.
    package var stream: Int64
    /// The secret, sealed.
    package var sealedSecret: [UInt8]
    /// When it was made.
    package var created: Timestamp

    private static let columns = "SELECT client_id, stream, sealed_secret, created FROM credentials"

    fileprivate static let ofStream = columns + " WHERE stream = ?1 ORDER BY created, client_id"
    fileprivate static let byClientID = columns + " WHERE client_id = ?1"

    fileprivate init(_ row: Row) {
        clientID = row.text(0)
        stream = row.integer(1)
        sealedSecret = row.bytes(2)
        created = Timestamp(milliseconds: row.integer(3))
    }

    /// What its secret is sealed for.
    fileprivate static func place(_ clientID: String) -> String { "credentials/\(clientID)" }
}

extension StateView {
    /// A stream by its name.
    package func stream(named name: String, inProject projectID: String) throws(CallError) -> StreamRecord? {
        try first(StreamRecord.byName, .text(projectID), .text(name)) { row throws(CallError) in StreamRecord(row) }
    }

    /// A stream by its row.
    package func stream(number: Int64) throws(CallError) -> StreamRecord? {
        try first(StreamRecord.byNumber, .integer(number)) { row throws(CallError) in StreamRecord(row) }
    }

    /// The stream whose client this is.
    package func stream(clientID: String) throws(CallError) -> StreamRecord? {
        try first(StreamRecord.byClientID, .text(clientID)) { row throws(CallError) in StreamRecord(row) }
    }

    /// The streams that are derived from one, in the order in which they were made.
    package func streams(derivedFrom number: Int64) throws(CallError) -> [StreamRecord] {
        try all(StreamRecord.derived, .integer(number)) { row throws(CallError) in StreamRecord(row) }
    }

    /// The streams that use a policy, in the order in which they were made.
    package func streams(ofPolicy id: String) throws(CallError) -> [StreamRecord] {
        try all(StreamRecord.ofPolicy, .text(id)) { row throws(CallError) in StreamRecord(row) }
    }

    /// The streams of a project, or of all, in the order in which they were made.
    package func streams(ofProject projectID: String? = nil) throws(CallError) -> [StreamRecord] {
        guard let projectID else { return try all(StreamRecord.every) { row throws(CallError) in StreamRecord(row) } }
        return try all(StreamRecord.ofProject, .text(projectID)) { row throws(CallError) in StreamRecord(row) }
    }

    /// How many streams there are.
    package func streamCount() throws(CallError) -> Int { try count("SELECT count(*) FROM streams") }

    /// The credentials of a stream, the oldest first.
    package func credentials(ofStream number: Int64) throws(CallError) -> [CredentialRecord] {
        try all(CredentialRecord.ofStream, .integer(number)) { row throws(CallError) in CredentialRecord(row) }
    }

    /// Credentials by their client id.
    package func credential(clientID: String) throws(CallError) -> CredentialRecord? {
        try first(CredentialRecord.byClientID, .text(clientID)) { row throws(CallError) in CredentialRecord(row) }
    }

    /// The client ids of all streams: row → ids, the oldest first.
    package func clientIDs() throws(CallError) -> [Int64: [String]] {
        var ids: [Int64: [String]] = [:]
        let pairs = try all("SELECT stream, client_id FROM credentials ORDER BY stream, created, client_id") {
            row throws(CallError) in (row.integer(0), row.text(1))
        }
        for (stream, clientID) in pairs { ids[stream, default: []].append(clientID) }
        return ids
    }

    /// SHA-256 of the secret of a stream's client; nil when there is no such client.
    package func digest(
        ofStreamClient clientID: String
    ) throws(CallError) -> (digest: [UInt8], created: Timestamp)? {
        try first("SELECT digest, created FROM credentials WHERE client_id = ?1", .text(clientID)) {
            row throws(CallError) in (row.bytes(0), Timestamp(milliseconds: row.integer(1)))
        }
    }
}

extension StateChange {
    /// Adds a stream.
    ///
    /// - Parameter stream: Its number is given out here.
    package func add(_ stream: inout StreamRecord) throws(CallError) {
        try run(
            """
            INSERT INTO streams (id, project_id, name, source, policy_id, body, sealed_mask_seed, created)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
            """,
            .text(stream.id), .text(stream.projectID), .text(stream.name), .optional(stream.source),
            .optional(stream.policyID), .blob(stream.body), stream.sealedMaskSeed.map { .blob($0) } ?? .null,
            .integer(stream.created.milliseconds))
        guard let stored = try view.stream(named: stream.name, inProject: stream.projectID) else {
            throw .damaged("a stream that was just written is missing")
        }
        stream.number = stored.number
        planeChanged()
    }

    /// Removes a stream and its credentials. Streams that are derived from it, and whatever else refers to it, must be gone.
    package func removeStream(number: Int64) throws(CallError) {
        try run("DELETE FROM streams WHERE number = ?1", .integer(number))
        planeChanged()
    }

    /// Makes credentials for a stream.
    ///
    /// - Returns: The client id and the secret.
    package func addCredential(
        ofStream number: Int64, sealing secrets: StateSecrets
    ) throws(CallError) -> (clientID: String, secret: String) {
        let clientID = try StateSecrets.newClientID("stream-")
        let secret = try StateSecrets.newSecret()
        try run(
            "INSERT INTO credentials (client_id, stream, digest, sealed_secret, created) VALUES (?1, ?2, ?3, ?4, ?5)",
            .text(clientID), .integer(number), .blob(try StateSecrets.digest(secret)),
            .blob(try secrets.seal(secret, for: CredentialRecord.place(clientID))), .integer(now.milliseconds))
        planeChanged()
        return (clientID, secret)
    }

    /// Removes credentials: nobody can log in with them any more.
    package func removeCredential(clientID: String) throws(CallError) {
        try run("DELETE FROM credentials WHERE client_id = ?1", .text(clientID))
        planeChanged()
    }
}

extension StateSecrets {
    /// Seals the seed of a stream's masks.
    func sealMaskSeed(_ seed: String, ofStream id: String) throws(CallError) -> [UInt8] {
        try seal(seed, for: "mask-seeds/\(id)")
    }

    /// The seed of a stream's masks; empty when it masks nothing.
    ///
    /// - Throws: `.damaged`.
    package func maskSeed(of stream: StreamRecord) throws(CallError) -> String {
        try stream.sealedMaskSeed.map { sealed throws(CallError) in try open(sealed, for: "mask-seeds/\(stream.id)") }
            ?? ""
    }

    /// The secret of a stream's client.
    ///
    /// - Throws: `.damaged`.
    package func secret(of credential: CredentialRecord) throws(CallError) -> String {
        try open(credential.sealedSecret, for: CredentialRecord.place(credential.clientID))
    }
}
