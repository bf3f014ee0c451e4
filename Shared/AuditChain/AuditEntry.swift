internal import Bytes
internal import JSON

/// What is written down.
package enum AuditEntry: Sendable, Equatable {
    /// A call that is allowed, before anything of it reaches the cluster.
    case opened(AuditedCall)
    /// A call that was refused.
    case refused(AuditedCall)
    /// How an opened call ended.
    case closed(id: String, AuditedOutcome)
    /// Something about the agent itself: that it started, under which policy, that the policy changed.
    case noted(String, [String: String])
}

/// A call, as its owner wants to find it again. Texts that are longer than their limit are cut, and say so.
package struct AuditedCall: Sendable, Equatable {
    /// Made by the agent, the same in both entries of a call.
    package var id: String
    /// The request's id, made by the tunnel server.
    package var reqID: String
    /// Who asked, as the control plane says.
    package var actor: AuditedActor
    /// What the stream carries: `http`, `exec` …
    package var kind: String
    /// What it does: `get`, `create` … several joined by a comma.
    package var verb: String
    /// The API group; empty for the core group.
    package var group: String
    /// `pods`, `pods/log`.
    package var resource: String
    /// The namespace; empty for none.
    package var namespace: String
    /// The object; empty for several.
    package var name: String
    /// The path without its query.
    package var path: String
    /// The words of a command that is run.
    package var command: [String]
    /// The rule that decided, or what else did.
    package var ruleID: String
    /// What the caller gave as its reason.
    package var reason: String

    /// A call of these parts; what it does not have is empty.
    package init(
        id: String, reqID: String, actor: AuditedActor, kind: String, verb: String = "", group: String = "",
        resource: String = "", namespace: String = "", name: String = "", path: String = "", command: [String] = [],
        ruleID: String = "", reason: String = ""
    ) {
        self.id = id
        self.reqID = reqID
        self.actor = actor
        self.kind = kind
        self.verb = verb
        self.group = group
        self.resource = resource
        self.namespace = namespace
        self.name = name
        self.path = path
        self.command = command
        self.ruleID = ruleID
        self.reason = reason
    }
}

/// Who asked.
package struct AuditedActor: Sendable, Equatable {
    /// The subject.
    package var subject: String
    /// The organisation.
    package var organization: String
    /// Where from; empty when the control plane does not say.
    package var address: String

    /// Somebody.
    package init(subject: String, organization: String, address: String = "") {
        self.subject = subject
        self.organization = organization
        self.address = address
    }
}

/// How a call ended.
package struct AuditedOutcome: Sendable, Equatable {
    /// The API server's status; nil when there was none.
    package var status: Int?
    /// The command's exit code; nil without one.
    package var exitCode: Int?
    /// Why it ended, when not by itself: `cancelled`, `deadline`.
    package var reason: String
    /// Bytes from the caller.
    package var bytesIn: Int
    /// Bytes to the caller.
    package var bytesOut: Int
    /// From opening to end, milliseconds.
    package var durationMs: Int
    /// What was kept of an exec.
    package var recording: RecordingFacts?

    /// An end.
    package init(
        status: Int? = nil, exitCode: Int? = nil, reason: String = "", bytesIn: Int = 0, bytesOut: Int = 0,
        durationMs: Int = 0, recording: RecordingFacts? = nil
    ) {
        self.status = status
        self.exitCode = exitCode
        self.reason = reason
        self.bytesIn = bytesIn
        self.bytesOut = bytesOut
        self.durationMs = durationMs
        self.recording = recording
    }
}

/// A recording, tied to the chain by its digest.
package struct RecordingFacts: Sendable, Equatable {
    /// Name below `recordings/`.
    package var file: String
    /// Its length.
    package var bytes: Int
    /// SHA-256, lower-case hexadecimal.
    package var sha256: String
    /// It met its limit, so the session was ended.
    package var isFull: Bool

    /// Facts of these parts.
    package init(file: String, bytes: Int, sha256: String, isFull: Bool) {
        self.file = file
        self.bytes = bytes
        self.sha256 = sha256
        self.isFull = isFull
    }
}

extension AuditEntry {
    /// The members that are this entry's own, `entry` first.
    var members: JSONObject {
        switch self {
        case .opened(let call): Self.members("opened", call, decision: "allowed")
        case .refused(let call): Self.members("refused", call, decision: "denied")
        case .closed(let id, let outcome): Self.members(id, outcome)
        case .noted(let what, let facts): Self.members(what, facts)
        }
    }

    private static func members(_ entry: String, _ call: AuditedCall, decision: String) -> JSONObject {
        var object: JSONObject = ["entry": .string(entry), "id": text(call.id, 128), "reqID": text(call.reqID, 128)]
        var actor: JSONObject = ["sub": text(call.actor.subject, 256), "org": text(call.actor.organization, 256)]
        if !call.actor.address.isEmpty { actor["ip"] = text(call.actor.address, 64) }
        object["actor"] = .object(actor)
        object["kind"] = text(call.kind, 32)
        for (name, value, limit) in [
            ("verb", call.verb, 64), ("group", call.group, 256), ("resource", call.resource, 128),
            ("namespace", call.namespace, 64), ("name", call.name, 256), ("path", call.path, 1024),
        ] where !value.isEmpty { object[name] = text(value, limit) }
        if !call.command.isEmpty {
            // Who runs a command of many words hides nothing behind the last of them.
            var words = call.command.prefix(64).map { text($0, 256) }
            if call.command.count > 64 { words.append(.string("(\(call.command.count - 64) more words)")) }
            object["command"] = .array(words)
        }
        object["decision"] = .string(decision)
        object["ruleID"] = text(call.ruleID, 64)
        if !call.reason.isEmpty { object["reason"] = text(call.reason, 1024) }
        return object
    }

    private static func members(_ id: String, _ outcome: AuditedOutcome) -> JSONObject {
        var object: JSONObject = ["entry": "closed", "id": text(id, 128)]
        if let status = outcome.status { object["status"] = JSONValue(status) }
        if let code = outcome.exitCode { object["exitCode"] = JSONValue(code) }
        if !outcome.reason.isEmpty { object["reason"] = text(outcome.reason, 256) }
        object["bytesIn"] = JSONValue(outcome.bytesIn)
        object["bytesOut"] = JSONValue(outcome.bytesOut)
        object["durationMs"] = JSONValue(outcome.durationMs)
        if let recording = outcome.recording {
            object["recording"] = [
                "file": text(recording.file, 256), "bytes": JSONValue(recording.bytes),
                "sha256": text(recording.sha256, 64), "isFull": .bool(recording.isFull),
            ]
        }
        return object
    }

    private static func members(_ what: String, _ facts: [String: String]) -> JSONObject {
        var object: JSONObject = ["entry": "noted", "what": text(what, 64)]
        var values = JSONObject()
        for (name, value) in facts.sorted(by: { $0.key < $1.key }).prefix(16) {
            // A name is the agent's own word.
            values[String(name.prefix(64))] = text(value, 256)
        }
        if !values.isEmpty { object["facts"] = .object(values) }
        return object
    }

    /// The text, or its first bytes and how many are missing: an entry has a largest size whatever a caller sends.
    private static func text(_ value: String, _ limit: Int) -> JSONValue {
        let count = value.utf8.count
        guard count > limit else { return .string(value) }
        let start = String(decoding: value.utf8.prefix(limit), as: UTF8.self)
        return .string("\(start)(\(count - limit) more bytes)")
    }
}
