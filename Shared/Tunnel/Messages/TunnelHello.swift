// HELLO and WELCOME: who talks to whom, how much each takes, and whether a session goes on.

/// What one side takes. Each side says its own; the other keeps to it for the whole session.
package struct TunnelWindows: Sendable, Equatable {
    /// Most streams at a time that the other side may have opened.
    package var maxStreams: Int
    /// Bytes of DATA that one stream may have under way or waiting.
    package var streamWindow: Int
    /// Bytes that all streams together may have so, beyond the share that each has of its own (``share``).
    package var sessionWindow: Int

    /// Bytes of each stream that no other stream can use up.
    package static let share = 16_384
    /// What a stream's window may be.
    package static let streamWindows = share...(1 << 30)
    /// What a session's window may be.
    package static let sessionWindows = 0...(1 << 30)

    /// The defaults of the specification.
    package init(maxStreams: Int = 256, streamWindow: Int = 262_144, sessionWindow: Int = 4_194_304) {
        self.maxStreams = maxStreams
        self.streamWindow = streamWindow
        self.sessionWindow = sessionWindow
    }

    fileprivate init(_ reader: inout MemberReader) throws(TunnelError) {
        self.init()
        try reader.enter()
        while let name = try reader.next() {
            switch name {
            case "maxStreams": maxStreams = try reader.int(0...65_536)
            case "streamWindow": streamWindow = try reader.int(Self.streamWindows)
            case "sessionWindow": sessionWindow = try reader.int(Self.sessionWindows)
            default: try reader.skip()
            }
        }
    }

    fileprivate func write(to writer: inout MemberWriter) {
        writer.object("limits") { writer in
            writer.integer("maxStreams", maxStreams)
            writer.integer("streamWindow", streamWindow)
            writer.integer("sessionWindow", sessionWindow)
        }
    }
}

/// HELLO: the agent's first message.
package struct TunnelHello: Sendable, Equatable {
    /// The session that should go on.
    package struct Resume: Sendable, Equatable {
        /// Which.
        package var sessionID: String
        /// How many counted frames of it have come.
        package var received: UInt64

        /// All of it.
        package init(sessionID: String, received: UInt64) {
            self.sessionID = sessionID
            self.received = received
        }
    }

    /// The versions that the agent speaks.
    package var versions: [Int] = [1]
    /// The agent's release.
    package var agentVersion: String
    /// Which plane; the server compares it with the certificate.
    package var planeID: String
    /// `dataplane`, `workflowplane`, `observabilityplane`.
    package var planeType: String
    /// Which of the plane's agents. Kept on disk with the facts: their numbers are this instance's.
    package var instanceID: String
    /// Tells a plane that was copied to another cluster.
    package var clusterUID: String
    /// The kinds of streams that the agent serves.
    package var capabilities: [String]
    /// Which policy of the plane's owner is in force.
    package var policyHash: String?
    /// The cluster's release.
    package var kubeVersion: String?
    /// What the agent takes.
    package var windows: TunnelWindows
    /// The highest number that the agent has given to a fact.
    package var lastFact: UInt64
    /// Set when a session should go on.
    package var resume: Resume?

    /// An agent that begins.
    package init(
        agentVersion: String, planeID: String, planeType: String = "dataplane", instanceID: String, clusterUID: String,
        capabilities: [String] = [], policyHash: String? = nil, kubeVersion: String? = nil,
        windows: TunnelWindows = TunnelWindows(), lastFact: UInt64 = 0, resume: Resume? = nil
    ) {
        self.agentVersion = agentVersion
        self.planeID = planeID
        self.planeType = planeType
        self.instanceID = instanceID
        self.clusterUID = clusterUID
        self.capabilities = capabilities
        self.policyHash = policyHash
        self.kubeVersion = kubeVersion
        self.windows = windows
        self.lastFact = lastFact
        self.resume = resume
    }

    /// Reads the first message of a connection.
    /// - Throws: `.badFrame` also for another type; `.noCommonVersion`.
    package init(message: [UInt8]) throws(TunnelError) {
        let frame = try TunnelFrame(reading: message)
        guard frame.type == .hello else { throw .badFrame("a connection begins with HELLO") }
        try self.init(payload: frame.payload)
    }

    /// Reads the payload.
    package init(payload: ArraySlice<UInt8>) throws(TunnelError) {
        self = try MemberReader.read("HELLO", payload) { reader throws(TunnelError) in
            var versions: [Int]?
            var agentVersion: String?
            var planeID: String?
            var planeType: String?
            var instanceID: String?
            var clusterUID: String?
            var capabilities: [String] = []
            var policyHash: String?
            var kubeVersion: String?
            var windows = TunnelWindows()
            var lastFact: UInt64 = 0
            var resume: Resume?
            while let name = try reader.next() {
                switch name {
                case "proto": versions = try reader.integers(1...65_535, count: 1...16)
                case "agentVersion": agentVersion = try reader.word(1...64)
                case "planeID": planeID = try reader.word(1...63)
                case "planeType": planeType = try reader.word(1...63)
                case "instanceID": instanceID = try reader.word(1...128)
                case "clusterUID": clusterUID = try reader.word(1...128)
                case "capabilities": capabilities = try reader.texts(1...64, count: 0...64)
                case "policyHash": policyHash = try reader.word(1...128)
                case "kubeVersion": kubeVersion = try reader.word(1...64)
                case "limits": windows = try TunnelWindows(&reader)
                case "lastEventSeq": lastFact = try reader.counter()
                case "resume": resume = try Resume(&reader)
                default: try reader.skip()
                }
            }
            guard try reader.required(versions, "proto").contains(1) else { throw .noCommonVersion }
            var hello = TunnelHello(
                agentVersion: try reader.required(agentVersion, "agentVersion"),
                planeID: try reader.required(planeID, "planeID"),
                planeType: try reader.required(planeType, "planeType"),
                instanceID: try reader.required(instanceID, "instanceID"),
                clusterUID: try reader.required(clusterUID, "clusterUID"), capabilities: capabilities,
                policyHash: policyHash, kubeVersion: kubeVersion, windows: windows, lastFact: lastFact, resume: resume)
            hello.versions = versions ?? []
            return hello
        }
    }

    /// The payload.
    package func payload() -> [UInt8] {
        var writer = MemberWriter()
        writer.integers("proto", versions)
        writer.text("agentVersion", agentVersion)
        writer.text("planeID", planeID)
        writer.text("planeType", planeType)
        writer.text("instanceID", instanceID)
        writer.text("clusterUID", clusterUID)
        writer.texts("capabilities", capabilities)
        writer.text("policyHash", policyHash)
        writer.text("kubeVersion", kubeVersion)
        windows.write(to: &writer)
        writer.integer("lastEventSeq", lastFact)
        if let resume {
            writer.object("resume") { writer in
                writer.text("sessionID", resume.sessionID)
                writer.integer("received", resume.received)
            }
        }
        return writer.end()
    }
}

extension TunnelHello.Resume {
    fileprivate init(_ reader: inout MemberReader) throws(TunnelError) {
        var sessionID: String?
        var received: UInt64?
        try reader.enter()
        while let name = try reader.next() {
            switch name {
            case "sessionID": sessionID = try reader.word(1...64)
            case "received": received = try reader.counter()
            default: try reader.skip()
            }
        }
        self.init(
            sessionID: try reader.required(sessionID, "resume.sessionID"),
            received: try reader.required(received, "resume.received"))
    }
}

/// WELCOME: the server's answer to a HELLO that it accepts.
package struct TunnelWelcome: Sendable, Equatable {
    /// Names the session, unguessable: who knows it and has the plane's certificate may resume it.
    package var sessionID: String
    /// How many counted frames of the session have come, when it goes on; nil when this is a new one.
    package var received: UInt64?
    /// Which of the servers this is.
    package var replicaID: String
    /// How many servers there are.
    package var replicaCount: Int
    /// How long either side may be silent before it sends PING; after three times that it counts as dead. Milliseconds.
    package var heartbeatMilliseconds: Int
    /// How long a session without connection can be resumed. Milliseconds.
    package var resumeWindowMilliseconds: Int
    /// What the server takes.
    package var windows: TunnelWindows
    /// The highest number of a fact that the server has stored of this instance.
    package var storedFact: UInt64
    /// The server's clock, RFC 3339.
    package var serverTime: String

    /// A new session with the defaults.
    package init(
        sessionID: String, received: UInt64? = nil, replicaID: String, replicaCount: Int = 1,
        heartbeatMilliseconds: Int = 15_000, resumeWindowMilliseconds: Int = 60_000,
        windows: TunnelWindows = TunnelWindows(), storedFact: UInt64 = 0, serverTime: String
    ) {
        self.sessionID = sessionID
        self.received = received
        self.replicaID = replicaID
        self.replicaCount = replicaCount
        self.heartbeatMilliseconds = heartbeatMilliseconds
        self.resumeWindowMilliseconds = resumeWindowMilliseconds
        self.windows = windows
        self.storedFact = storedFact
        self.serverTime = serverTime
    }

    /// Reads the payload.
    package init(payload: ArraySlice<UInt8>) throws(TunnelError) {
        self = try MemberReader.read("WELCOME", payload) { reader throws(TunnelError) in
            var version: Int?
            var sessionID: String?
            var received: UInt64?
            var replicaID: String?
            var replicaCount: Int?
            var heartbeat: Int?
            var resumeWindow: Int?
            var windows = TunnelWindows()
            var storedFact: UInt64 = 0
            var serverTime: String?
            while let name = try reader.next() {
                switch name {
                case "proto": version = try reader.int(1...65_535)
                case "sessionID": sessionID = try reader.word(1...64)
                case "received": received = try reader.counter()
                case "replicaID": replicaID = try reader.word(1...128)
                case "replicaCount": replicaCount = try reader.int(1...1024)
                case "heartbeatMs": heartbeat = try reader.int(100...600_000)
                case "resumeWindowMs": resumeWindow = try reader.int(0...3_600_000)
                case "limits": windows = try TunnelWindows(&reader)
                case "eventFrom": storedFact = try reader.counter()
                case "serverTime": serverTime = try reader.word(1...40)
                default: try reader.skip()
                }
            }
            guard try reader.required(version, "proto") == 1 else { throw .noCommonVersion }
            return TunnelWelcome(
                sessionID: try reader.required(sessionID, "sessionID"), received: received,
                replicaID: try reader.required(replicaID, "replicaID"),
                replicaCount: try reader.required(replicaCount, "replicaCount"),
                heartbeatMilliseconds: try reader.required(heartbeat, "heartbeatMs"),
                resumeWindowMilliseconds: try reader.required(resumeWindow, "resumeWindowMs"), windows: windows,
                storedFact: storedFact, serverTime: try reader.required(serverTime, "serverTime"))
        }
    }

    /// The payload.
    package func payload() -> [UInt8] {
        var writer = MemberWriter()
        writer.integer("proto", 1)
        writer.text("sessionID", sessionID)
        writer.integer("received", received)
        writer.text("replicaID", replicaID)
        writer.integer("replicaCount", replicaCount)
        writer.integer("heartbeatMs", heartbeatMilliseconds)
        writer.integer("resumeWindowMs", resumeWindowMilliseconds)
        windows.write(to: &writer)
        writer.integer("eventFrom", storedFact)
        writer.text("serverTime", serverTime)
        return writer.end()
    }
}
