internal import Crypto
internal import Bytes
internal import JSON

/// What the owner of a plane lets the control plane do: an allow list. What no rule allows is denied.
///
/// A value without state; reading it is ``init(parsing:)``, asking it ``judge(_:reason:labels:)``.
package struct Policy: Sendable, Equatable {
    /// In the order of the file.
    package let rules: [Rule]
    /// How much of everything.
    package let limits: Limits
    /// Whether objects keep `metadata.managedFields` on their way out.
    package let keepsManagedFields: Bool

    /// One rule: every condition that it names must hold.
    package struct Rule: Sendable, Equatable {
        /// Its name, unique in the policy.
        package let id: String
        /// Whether it allows or denies.
        package let effect: Effect
        /// What streams may carry; nil for any (denying rules only).
        let kinds: Set<ClusterCall.Kind>?
        /// Nil for any.
        let verbs: Set<ClusterCall.Verb>?
        /// API groups, `""` the core group; nil for any.
        let groups: Set<String>?
        /// `pods`, `pods/log`; nil for any, and in allowing rules for what the kinds imply.
        let resources: Set<String>?
        /// Where.
        let namespaces: Namespaces
        /// Names of objects; nil for any.
        let names: Set<String>?
        /// Whether the caller must give a reason.
        let requiresReason: Bool
        /// Whether the bytes of an exec are kept, too.
        package let recordsFully: Bool
    }

    /// What a rule does to a call that it matches.
    package enum Effect: String, Sendable { case allow, deny }

    /// Where a rule holds.
    enum Namespaces: Sendable, Equatable {
        /// In every namespace, outside of namespaces, and for all namespaces at once.
        case all
        /// Only for calls that name no namespace.
        case none
        /// In namespaces that have one of these names (when given) and all of these labels.
        case some(names: Set<String>?, labels: [String: String])
    }

    /// How much a caller may use: each at most what the tunnel allows (the default).
    package struct Limits: Sendable, Equatable {
        /// Bytes of a request's body.
        package var maxBodyBytes = 32 << 20
        /// Streams of one connection, of all kinds.
        package var maxStreams = 256
        /// Of these, streams of kind `exec`.
        package var maxExecStreams = 32
        /// Of these, streams of kind `logs`.
        package var maxLogsStreams = 64
        /// Of these, streams of kind `watch`.
        package var maxWatchStreams = 64
        /// The longest deadline of a stream of kind `http`, seconds.
        package var maxDeadlineSeconds = 600
        /// How long an exec may last, seconds.
        package var maxExecSeconds = 8 * 3600
        /// How long an exec may be silent, seconds.
        package var maxExecIdleSeconds = 900
        /// Bytes that are kept of one exec when a rule says `"audit": "full"`; the session ends there.
        package var maxRecordingBytes = 16 << 20

        /// The limits of the tunnel.
        package init() {}

        /// Name in the file, where it is kept, and the range; the upper end is the default.
        static var table: [(name: String, path: WritableKeyPath<Limits, Int>, range: ClosedRange<Int>)] {
            let most = Limits()
            return [
                ("maxBodyBytes", \.maxBodyBytes, 0...most.maxBodyBytes),
                ("maxDeadlineSeconds", \.maxDeadlineSeconds, 1...most.maxDeadlineSeconds),
                ("maxExecIdleSeconds", \.maxExecIdleSeconds, 1...most.maxExecIdleSeconds),
                ("maxExecSeconds", \.maxExecSeconds, 1...most.maxExecSeconds),
                ("maxExecStreams", \.maxExecStreams, 0...most.maxExecStreams),
                ("maxLogsStreams", \.maxLogsStreams, 0...most.maxLogsStreams),
                ("maxRecordingBytes", \.maxRecordingBytes, 4096...most.maxRecordingBytes),
                ("maxStreams", \.maxStreams, 1...most.maxStreams),
                ("maxWatchStreams", \.maxWatchStreams, 0...most.maxWatchStreams),
            ]
        }
    }

    /// Denies everything: what an agent uses until a policy was read.
    package static let denyAll = Policy(rules: [], limits: Limits(), keepsManagedFields: false)

    /// The policy in the only text that means it: compact JSON, members by name, lists sorted, nothing left out that has a
    /// default. Rules keep their order, because it decides which one is named.
    package var canonicalText: [UInt8] {
        var limits = JSONObject()
        for (name, path, _) in Limits.table { limits[name] = JSONValue(self.limits[keyPath: path]) }
        let value: JSONValue = [
            "default": "deny",
            "limits": .object(limits),
            "responses": ["keepManagedFields": .bool(keepsManagedFields)],
            "rules": .array(rules.map(\.canonicalValue)),
            "version": 1,
        ]
        return value.bytes()
    }

    /// SHA-256 of ``canonicalText``, lower-case hexadecimal: what the agent tells the control plane about its policy.
    ///
    /// - Throws: `.digest`.
    package func hash() throws(AccessError) -> String {
        do { return Hex.encode(try SHA256.hash(canonicalText)) } catch { throw .digest }
    }
}

extension Policy.Rule {
    var canonicalValue: JSONValue {
        var object = JSONObject()
        if recordsFully { object["audit"] = "full" }
        object["effect"] = .string(effect.rawValue)
        object["groups"] = Self.list(groups)
        object["id"] = .string(id)
        object["kinds"] = Self.list(kinds.map { Set($0.map(\.rawValue)) })
        object["names"] = Self.list(names)
        switch namespaces {
        case .all: object["namespaces"] = "all"
        case .none: object["namespaces"] = "none"
        case .some(let names, let labels):
            var where_ = JSONObject()
            if !labels.isEmpty {
                var wanted = JSONObject()
                for (name, value) in labels.sorted(by: { Self.precedes($0.key, $1.key) }) {
                    wanted[name] = .string(value)
                }
                where_["matchLabels"] = .object(wanted)
            }
            where_["names"] = Self.list(names)
            object["namespaces"] = .object(where_)
        }
        if requiresReason { object["requires"] = ["reason"] }
        object["resources"] = Self.list(resources)
        object["verbs"] = Self.list(verbs.map { Set($0.map(\.rawValue)) })
        return .object(object)
    }

    private static func list(_ words: Set<String>?) -> JSONValue? {
        words.map { .array($0.sorted(by: precedes).map { .string($0) }) }
    }

    /// By bytes.
    private static func precedes(_ left: String, _ right: String) -> Bool {
        left.utf8.lexicographicallyPrecedes(right.utf8)
    }
}
