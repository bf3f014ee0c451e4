package import JSON

/// A process that somebody wants a runtime to run: a binary beside the runtime's own, and its whole environment.
package struct ProcessSpec: Sendable, Equatable {
    /// Unique in the plane: `event-gateway`, `decrypter-demo`.
    package var name: String
    /// The file name of the binary.
    package var binary: String
    /// Arguments after the program's name. Never a secret: everybody may read them.
    package var arguments: [String] = []
    /// Settings. Never a secret either, only paths to secrets.
    package var environment: [String: String] = [:]
    /// The path on the process's admin listener answers 200 here once it is ready; empty counts as ready at once.
    package var adminURL: String = ""
    /// The setting that tells the process where to put its admin listener: then the runtime takes a free port of the loopback at
    /// each start, and `adminURL` says nothing. Empty otherwise.
    package var adminSetting: String = ""
    /// What processes can be selected by; the process does not see it.
    package var labels: [String: String] = [:]
    /// What their owner notes on them; the process does not see it.
    package var annotations: [String: String] = [:]

    /// A process of this name and binary.
    package init(name: String, binary: String) {
        self.name = name
        self.binary = binary
    }

    /// Whether it has an admin listener, which says when it is ready.
    package var hasAdmin: Bool { !adminURL.isEmpty || !adminSetting.isEmpty }

    /// Whether a process of this one need not be started again to be one of that.
    package func runs(like other: ProcessSpec) -> Bool {
        var same = other
        same.labels = labels
        same.annotations = annotations
        return self == same
    }
}

extension ProcessSpec {
    /// The form on the runtime's socket.
    package var json: JSONValue {
        [
            "name": .string(name), "binary": .string(binary), "arguments": .array(arguments.map { .string($0) }),
            "environment": JSONValue(texts: environment), "adminUrl": .string(adminURL),
            "adminSetting": .string(adminSetting),
            "labels": JSONValue(texts: labels), "annotations": JSONValue(texts: annotations),
        ]
    }

    /// What a name looks like.
    package static let nameRule = "[a-z0-9][a-z0-9.-]{0,62}"

    /// Whether the name follows that rule.
    package var isNamedWell: Bool {
        func isPlain(_ byte: UInt8) -> Bool {
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        }
        guard let first = name.utf8.first, isPlain(first), name.utf8.count <= 63 else { return false }
        return name.utf8.allSatisfy { isPlain($0) || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "-") }
    }

    /// Reads the form on the runtime's socket; nothing when it is not one, or names a binary outside the folder.
    package init?(json: JSONValue) {
        guard let name = json["name"]?.string,
            let binary = json["binary"]?.string, !binary.isEmpty, !binary.contains("/"), !binary.hasPrefix(".")
        else { return nil }
        self.init(name: name, binary: binary)
        for argument in json["arguments"]?.array ?? [] {
            guard let text = argument.string else { return nil }
            arguments.append(text)
        }
        guard let environment = json.texts("environment"), let labels = json.texts("labels"),
            let annotations = json.texts("annotations")
        else { return nil }
        self.environment = environment
        self.labels = labels
        self.annotations = annotations
        adminURL = json["adminUrl"]?.string ?? ""
        adminSetting = json["adminSetting"]?.string ?? ""
    }
}

/// One process of a runtime, as seen from outside.
package struct RuntimeProcess: Sendable, Equatable {
    /// Where it stands.
    package enum Status: String, Sendable, CaseIterable {
        case waiting
        case starting
        case ready
        case stopping
    }

    /// Unique in the plane.
    package var name: String
    /// Who wants it.
    package var group: String
    /// Which program it is.
    package var binary: String
    /// Where it stands.
    package var status: Status
    /// Its number; nil while it waits to be started.
    package var pid: Int32?
    /// How often it was started again after it had ended by itself.
    package var restarts: Int
    /// Its admin listener; may be empty.
    package var adminURL: String
    /// What processes can be selected by.
    package var labels: [String: String]
    /// What their owner notes on them.
    package var annotations: [String: String]

    /// A process as it is now.
    package init(
        name: String, group: String, binary: String, status: Status, pid: Int32?, restarts: Int, adminURL: String,
        labels: [String: String], annotations: [String: String]
    ) {
        self.name = name
        self.group = group
        self.binary = binary
        self.status = status
        self.pid = pid
        self.restarts = restarts
        self.adminURL = adminURL
        self.labels = labels
        self.annotations = annotations
    }
}

extension RuntimeProcess {
    /// The form on the runtime's socket.
    package var json: JSONValue {
        [
            "name": .string(name), "group": .string(group), "binary": .string(binary),
            "status": .string(status.rawValue), "pid": pid.map { JSONValue($0) } ?? .null,
            "restarts": JSONValue(restarts), "adminUrl": .string(adminURL), "labels": JSONValue(texts: labels),
            "annotations": JSONValue(texts: annotations),
        ]
    }

    /// Reads the form on the runtime's socket; nothing when it is not one.
    package init?(json: JSONValue) {
        guard let name = json["name"]?.string, let status = json["status"]?.string.flatMap({ Status(rawValue: $0) })
        else { return nil }
        self.init(
            name: name, group: json["group"]?.string ?? "", binary: json["binary"]?.string ?? "", status: status,
            pid: json["pid"]?.int64.map { Int32(truncatingIfNeeded: $0) },
            restarts: Int(json["restarts"]?.int64 ?? 0), adminURL: json["adminUrl"]?.string ?? "",
            labels: json.texts("labels") ?? [:], annotations: json.texts("annotations") ?? [:])
    }
}

extension JSONValue {
    /// An object of texts, by name.
    init(texts: [String: String]) {
        let members = texts.sorted { $0.key < $1.key }.map { JSONObject.Member(name: $0.key, value: .string($0.value)) }
        self = .object(JSONObject(unique: members))
    }

    /// The texts of a member that is an object, or is not there; nil when it holds anything else.
    func texts(_ name: String) -> [String: String]? {
        var texts: [String: String] = [:]
        for member in self[name]?.object?.members ?? [] {
            guard let text = member.value.string else { return nil }
            texts[member.name] = text
        }
        return texts
    }
}
