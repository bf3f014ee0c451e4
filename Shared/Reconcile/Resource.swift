internal import Bytes
package import Crypto
package import JSON

/// What sort of thing a resource is: `Topic`, `Process`; on Kubernetes `Deployment`, `ConfigMap`.
package struct ResourceKind: Sendable, Hashable, CustomStringConvertible {
    /// The name.
    package let description: String
    /// Whether deleting it destroys something that cannot be made again: then the rules of `ReconcileRules` about deletions hold.
    package let holdsData: Bool

    /// A kind of that name.
    package init(_ name: String, holdsData: Bool) {
        description = name
        self.holdsData = holdsData
    }
}

/// Which resource: unique where it lives.
package struct ResourceID: Sendable, Hashable, CustomStringConvertible {
    /// What sort of thing.
    package let kind: ResourceKind
    /// `metadata.name`, as Kubernetes has it.
    package let name: String

    /// The resource of that kind and name.
    package init(_ kind: ResourceKind, _ name: String) {
        self.kind = kind
        self.name = name
    }

    /// `Topic/stream-…`.
    package var description: String { "\(kind)/\(name)" }
}

/// A resource that is wanted, described as Kubernetes describes one.
package struct Resource: Sendable, Equatable {
    /// Kind and name.
    package let id: ResourceID
    /// What it can be selected by: short, of a small alphabet.
    package let labels: [String: String]
    /// What people and agents note on it: any text.
    package let annotations: [String: String]
    /// What it has to be.
    package let spec: JSONValue
    /// SHA-256 of labels, annotations and spec, hexadecimal: a resource whose hash differs is updated.
    package let hash: String

    /// A resource to be.
    ///
    /// - Throws: What the digest throws.
    package init(
        _ id: ResourceID, labels: [String: String] = [:], annotations: [String: String] = [:], spec: JSONValue
    ) throws(CryptoError) {
        self.id = id
        self.labels = labels
        self.annotations = annotations
        self.spec = spec
        let whole: JSONValue = [
            "labels": JSONValue(sorted: labels), "annotations": JSONValue(sorted: annotations), "spec": spec,
        ]
        hash = Hex.encode(try SHA256.hash(whole.bytes()))
    }
}

extension JSONValue {
    /// An object of texts, by name, so that equal dictionaries are equal bytes.
    package init(sorted texts: [String: String]) {
        let members = texts.sorted { $0.key < $1.key }.map { JSONObject.Member(name: $0.key, value: .string($0.value)) }
        self = .object(JSONObject(unique: members))
    }
}

/// A resource that is there.
package struct ObservedResource: Sendable, Equatable {
    /// How it is doing.
    package enum Health: Sendable, Equatable {
        /// It does what it is for.
        case healthy
        /// It is coming up; why it is not there yet.
        case starting(String)
        /// It has ended by itself and is started again; why.
        case restarting(String, logs: [String])
    }

    /// The hash that it was made or updated with; nil when its kind has nothing that could be updated.
    package var hash: String?
    /// How it is doing.
    package var health: Health

    /// A resource in that condition.
    package init(hash: String?, health: Health) {
        self.hash = hash
        self.health = health
    }
}
