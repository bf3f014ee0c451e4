package import API
package import Crypto
package import EventLoop
package import Privacy
package import Time
package import Wire

/// Where data keys are kept, wrapped, and found again.
///
/// A key belongs to one value of the key field, in one stream, for one window (`KeyWindow`).
/// - Isolation: every method may be called from any thread.
package protocol KeyVault: AnyObject, Sendable {
    /// Gets or creates the key of each request. Never blocks.
    ///
    /// - Parameters:
    ///   - requests: Several may ask for the same key; they get the same one.
    ///   - now: Decides whether a stored key's window is still open, and when a new one's begins.
    ///   - loop: Where `done` is called, once, never before this call returns.
    ///   - done: Told one outcome per request, in order. A new key, and each new pair of data subject and key, is durable
    ///     by then.
    func resolve(
        _ requests: [KeyRequest], now: Timestamp, on loop: EventLoop, _ done: @escaping ([KeyOutcome]) -> Void)

    /// Removes keys whose time is over. Blocks; somebody has to call it now and then.
    ///
    /// - Returns: How many keys were removed.
    @discardableResult
    func purge(now: Timestamp) throws(KeyVaultError) -> Int

    /// Finishes what is queued, then refuses everything with `.closed`. Blocks; not from a callback.
    func close()
}

/// Which key is wanted.
package struct KeyRequest: Sendable {
    /// The source stream's id; part of what a key belongs to.
    package var stream: String
    /// The value of the contract's key field. Stored only as a keyed hash.
    package var keyField: PlainBytes
    /// The value of the contract's data subject field, if it has one. Stored only as a keyed hash.
    package var subject: PlainBytes?
    /// How long the key is to live.
    package var policy: KeyPolicy

    /// A request for the key of this person in this stream.
    package init(stream: String, keyField: PlainBytes, subject: PlainBytes? = nil, policy: KeyPolicy = .standard) {
        self.stream = stream
        self.keyField = keyField
        self.subject = subject
        self.policy = policy
    }
}

/// The part of a stream's policy that concerns its keys.
package struct KeyPolicy: Sendable, Equatable {
    /// The policy's UUID; empty for the default policy.
    package var id: String
    /// From a key's creation to its expiry.
    package var retention: Duration

    /// Keys that live this long.
    package init(id: String, retention: Duration) {
        self.id = id
        self.retention = retention
    }

    /// Keys that live as a policy says.
    package init(_ policy: PolicySpec) {
        self.init(id: policy.id, retention: .days(Int(policy.retentionDays)))
    }

    /// The default policy.
    package static let standard = KeyPolicy(PolicySpec.standard)
}

/// What became of a request.
package enum KeyOutcome: Sendable {
    /// The key, durable. New when this request made it; of several that came together the first one did.
    case key(StoredKey, isNew: Bool)
    /// No key; nothing was stored for this request.
    case failed(KeyVaultError)
}

/// A key that the vault holds. Its bytes are wiped when the last reference goes.
package final class StoredKey: Sendable {
    /// The key itself.
    package let key: DataKey
    /// Its public name.
    package let link: KeyLink
    /// When it seals.
    package let window: KeyWindow
    /// Its policy's UUID; empty for the default policy.
    package let policyID: String
    /// Creation plus the policy's retention.
    package let expires: Timestamp

    init(key: consuming DataKey, link: KeyLink, window: KeyWindow, policyID: String, expires: Timestamp) {
        self.key = key
        self.link = link
        self.window = window
        self.policyID = policyID
        self.expires = expires
    }
}

/// Finds keys by their public name, for whoever opens fields or exports keys.
///
/// - Isolation: belongs to the thread that made it; its methods block.
package protocol KeyReader: AnyObject {
    /// The keys of these links, in order; nil for links that the vault does not know (yet).
    func keys(for links: [KeyLink]) throws(KeyVaultError) -> [StoredKey?]

    /// The next keys of a source stream, oldest first: the page behind `previous`, or the first one. Empty at the end.
    ///
    /// Nothing is locked between pages, so an export disturbs nobody.
    func keys(
        ofStream stream: String, after previous: StoredKey?, limit: Int
    ) throws(KeyVaultError) -> [StoredKey]
}

extension KeyReader {
    /// The key of this link; nil when the vault does not know it (yet).
    package func key(for link: KeyLink) throws(KeyVaultError) -> StoredKey? { try keys(for: [link])[0] }
}
