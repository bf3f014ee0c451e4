import Bytes
import Crypto
import Synchronization
package import Time
package import Tokens

/// The grants of clients that have a secret: `client_credentials`, and a refresh that is the same.
///
/// A refresh token is random text that we do not remember. Every public client sends its secret along with it, and a refresh
/// with a token that the issuer does not know, but with the right secret, has to be answered like a first request; so knowing
/// it would decide nothing. Without the right secret it is worth nothing.
package final class ClientGrants: TokenGrants {
    private let clients: ClientRegistry
    private let tokens: TokenIssuer
    private let limiter: Mutex<LoginLimiter>
    private let newcomersMayGo: @Sendable () async -> Void
    /// How long a client is new.
    private static let youth: Duration = .seconds(10)

    /// The grants of these clients.
    ///
    /// - Parameter newcomersMayGo: Returns when the plane's components know a client that was made just now, or soon after. Public
    ///   tools make a stream, log in and send in one breath, and end when its first event is refused.
    package init(
        clients: ClientRegistry, tokens: TokenIssuer, limiter: LoginLimiter,
        newcomersMayGo: @escaping @Sendable () async -> Void = {}
    ) {
        self.clients = clients
        self.tokens = tokens
        self.limiter = Mutex(limiter)
        self.newcomersMayGo = newcomersMayGo
    }

    /// About a millisecond of CPU with RS256, which is nearly all signature.
    package func grant(_ asked: TokenRequest, now: Timestamp) async throws -> TokenGrant {
        switch asked.grant {
        case .clientCredentials, .refreshToken: break
        case .authorizationCode: throw OAuthError.unsupportedGrantType
        }
        guard !asked.credentials.secrets.isEmpty else { throw OAuthError.invalidClient }
        guard let client = try clients.authenticate(asked.credentials) else {
            throw limiter.withLock { limiter -> OAuthError in
                if let wait = limiter.secondsToWait(asked.claimedID, now: now) {
                    return .tooManyFailures(retryAfter: wait)
                }
                limiter.failed(asked.claimedID, now: now)
                return .invalidClient
            }
        }
        if let made = client.made, now - made < Self.youth { await newcomersMayGo() }
        return TokenGrant(
            access: try tokens.issue(clientID: client.id, installationID: client.installationID, now: now),
            refreshToken: Base64.encode(try SecureRandom.bytes(32), .url), scope: "email profile")
    }
}
