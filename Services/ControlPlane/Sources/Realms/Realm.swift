import Crypto
import PlaneConfig
import System
import Time
package import Tokens

/// The three sorts of callers, each with keys and tokens of its own: a token of one realm is worth nothing in another.
package enum RealmName: String, Sendable, CaseIterable {
    /// Producers and consumers: a client per stream.
    case streams
    /// People, through a program that acts for them.
    case users
    /// Data planes: a client per installation.
    case installations
}

/// A realm: who it is and what it signs with.
package struct Realm: Sendable {
    /// Its name in paths.
    package let name: RealmName
    /// Makes its tokens; holds the issuer's address.
    package let tokens: TokenIssuer
    /// The public halves of its keys, for the key set and for verifiers in this process.
    package let published: SharedKeySet

    /// A realm of the control plane whose addresses begin with `base`.
    package init(
        _ name: RealmName, base: String, keys: SigningKeyStore, lifetime: Duration, detail: TokenDetail = .keycloak
    ) {
        self.name = name
        tokens = TokenIssuer(
            issuer: "\(base)/auth/realms/\(name.rawValue)", keys: keys, lifetime: lifetime, detail: detail)
        published = keys.published
    }

    /// The address of one of its endpoints.
    package func endpoint(_ name: String) -> String { "\(tokens.issuer)/protocol/openid-connect/\(name)" }
}
