package import JSON

/// What a running plane tells about itself: the ready file, `run/plane.json`, and the answer of the runtime socket.
///
/// Version 1. Readers ignore members that they do not know; later versions of Polder only add. It holds client secrets: its
/// file is readable by its owner only.
package struct ReadyDocument: Sendable, Equatable {
    /// One stream and its credentials.
    package struct Stream: Sendable, Equatable {
        /// The stream's name.
        package var name: String
        /// UUID.
        package var id: String
        /// The topic in the event log.
        package var topic: String
        /// Public half of the credentials.
        package var clientID: String
        /// Secret half.
        package var clientSecret: String
        /// The source stream; nil for a source stream.
        package var derivedFrom: String?
        /// What it may decrypt.
        package var purposes: [Int]

        /// A stream of these parts.
        package init(
            name: String, id: String, topic: String, clientID: String, clientSecret: String, derivedFrom: String?,
            purposes: [Int]
        ) {
            self.name = name
            self.id = id
            self.topic = topic
            self.clientID = clientID
            self.clientSecret = clientSecret
            self.derivedFrom = derivedFrom
            self.purposes = purposes
        }
    }

    /// The state folder.
    package var dir: String
    /// The authority that signed every certificate of the plane.
    package var caFile: String
    /// Name → URL: `events`, `eventsPlain`, `webSocket`, `webSocketPlain`, `auth`, `authPlain`, `api`, `apiPlain`.
    package var urls: [String: String]
    /// Service → its admin listeners.
    package var admin: [String: [String]] = [:]
    /// Service → its processes.
    package var pids: [String: [Int32]] = [:]
    /// Every stream.
    package var streams: [Stream] = []
    /// Who may do everything: the e-mail address to log in with.
    package var adminEmail = ""
    /// The file with the password that the first start made; nil when the admin chose another one.
    package var adminPasswordFile: String?
    /// The supervisor's own process.
    package var supervisor: Int32

    /// The URLs of a plane on these ports.
    package static func urls(of ports: Ports) -> [String: String] {
        [
            "events": "https://localhost:\(ports.events)/event",
            "eventsPlain": "http://localhost:\(ports.eventsPlain)/event",
            "webSocket": "wss://localhost:\(ports.webSocket)/ws",
            "webSocketPlain": "ws://localhost:\(ports.webSocketPlain)/ws",
            "auth": "https://localhost:\(ports.auth)", "authPlain": "http://localhost:\(ports.authPlain)",
            "api": "https://localhost:\(ports.api)", "apiPlain": "http://localhost:\(ports.apiPlain)",
        ]
    }

    private static let urlOrder = [
        "events", "eventsPlain", "webSocket", "webSocketPlain", "auth", "authPlain", "api", "apiPlain",
    ]

    /// A plane without processes and streams yet.
    package init(dir: String, caFile: String, urls: [String: String], supervisor: Int32) {
        self.dir = dir
        self.caFile = caFile
        self.urls = urls
        self.supervisor = supervisor
    }

    /// The document.
    package var json: JSONValue {
        var urlObject = JSONObject()
        for name in Self.urlOrder { urlObject[name] = urls[name].map { .string($0) } }
        var adminObject = JSONObject()
        for name in admin.keys.sorted() { adminObject[name] = .array((admin[name] ?? []).map { .string($0) }) }
        var pidObject = JSONObject()
        for name in pids.keys.sorted() { pidObject[name] = .array((pids[name] ?? []).map { JSONValue($0) }) }
        return [
            "version": 1, "dir": .string(dir), "caFile": .string(caFile), "urls": .object(urlObject),
            "admin": .object(adminObject), "pids": .object(pidObject),
            "streams": .array(
                streams.map {
                    [
                        "name": .string($0.name), "id": .string($0.id), "topic": .string($0.topic),
                        "clientId": .string($0.clientID), "clientSecret": .string($0.clientSecret),
                        "derivedFrom": $0.derivedFrom.map { .string($0) } ?? .null,
                        "purposes": .array($0.purposes.map { JSONValue($0) }),
                    ]
                }),
            "adminUser": [
                "email": .string(adminEmail), "passwordFile": adminPasswordFile.map { .string($0) } ?? .null,
            ],
            "supervisor": JSONValue(supervisor),
        ]
    }

    /// Reads a document; nothing when it is not one of version 1.
    package init?(json: JSONValue) {
        guard json["version"]?.int64 == 1, let dir = json["dir"]?.string, let caFile = json["caFile"]?.string else {
            return nil
        }
        self.init(
            dir: dir, caFile: caFile, urls: [:],
            supervisor: Int32(truncatingIfNeeded: json["supervisor"]?.int64 ?? 0))
        for member in json["urls"]?.object?.members ?? [] { urls[member.name] = member.value.string }
        for member in json["admin"]?.object?.members ?? [] {
            admin[member.name] = member.value.array?.compactMap(\.string)
        }
        for member in json["pids"]?.object?.members ?? [] {
            pids[member.name] = member.value.array?.compactMap { $0.int64.map { Int32(truncatingIfNeeded: $0) } }
        }
        adminEmail = json["adminUser"]?["email"]?.string ?? ""
        adminPasswordFile = json["adminUser"]?["passwordFile"]?.string
        for entry in json["streams"]?.array ?? [] {
            guard let name = entry["name"]?.string else { continue }
            streams.append(
                Stream(
                    name: name, id: entry["id"]?.string ?? "", topic: entry["topic"]?.string ?? "",
                    clientID: entry["clientId"]?.string ?? "", clientSecret: entry["clientSecret"]?.string ?? "",
                    derivedFrom: entry["derivedFrom"]?.string,
                    purposes: entry["purposes"]?.array?.compactMap { $0.int64.map { Int($0) } } ?? []))
        }
    }
}
