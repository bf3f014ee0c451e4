import Bytes
import Crypto
package import Time
package import Tokens

/// The grants of realm `users`: tokens for the code that a login gave, and for a refresh token.
package struct PersonGrants: TokenGrants {
    private let state: StateStore
    private let codes: AuthorizationCodes
    private let tokens: TokenIssuer
    private let telemetry: ControlPlaneTelemetry

    /// The grants over their parts.
    package init(state: StateStore, codes: AuthorizationCodes, tokens: TokenIssuer, telemetry: ControlPlaneTelemetry) {
        self.state = state
        self.codes = codes
        self.tokens = tokens
        self.telemetry = telemetry
    }

    /// Waits for the disk.
    package func grant(_ asked: TokenRequest, now: Timestamp) async throws -> TokenGrant {
        // A public client has no secret. The public tool sends an empty one by Basic, or none in the body.
        guard let client = PublicClient.named(asked.claimedID),
            asked.credentials.secrets.allSatisfy(\.isEmpty)
        else {
            if asked.grant == .clientCredentials { throw OAuthError.unsupportedGrantType }
            throw OAuthError.invalidClient
        }
        switch asked.grant {
        case .clientCredentials: throw OAuthError.unsupportedGrantType
        case .authorizationCode(let code, let redirectURI, let verifier):
            return try await redeem(code, client, redirectURI, verifier, now)
        case .refreshToken(let token): return try await refresh(token, client, now)
        }
    }

    /// Ends the login that a refresh token belongs to (RFC 7009 §2). A token that nobody knows is ended already.
    package func revoke(_ token: String, clientID: String) async throws {
        let digest = try Self.digest(token)
        guard let known = try state.read({ view throws(CallError) in try view.refreshToken(digest) }),
            known.clientID.isIdentical(to: clientID)
        else { return }
        try await end(known.loginID, of: known.person, "revoke")
    }

    private func redeem(
        _ code: String, _ client: PublicClient, _ redirectURI: String?, _ verifier: String?, _ now: Timestamp
    ) async throws -> TokenGrant {
        let loginID = StateSecrets.newID()
        switch try codes.use(
            code, clientID: client.id, redirectURI: redirectURI, verifier: verifier, for: loginID, now: now)
        {
        case .good(let grant):
            let token = Base64.encode(try SecureRandom.bytes(32), .url)
            let digest = try Self.digest(token)
            let access = try tokens.issue(for: grant.person, clientID: client.id, scope: grant.scope, now: now)
            try await state.write(by: Self.actor(grant.person), "login") { change throws(CallError) in
                try change.beginLogin(
                    loginID, of: grant.person.id, clientID: client.id, scope: grant.scope, token: digest)
            }
            return TokenGrant(access: access, refreshToken: token, scope: grant.scope)
        case .replayed(let grant, let loginID):
            telemetry.emit(.codeReplayed(client: client.id))
            if let loginID { try await end(loginID, of: grant.person, "replayed code") }
            throw OAuthError.invalidGrant("the code was used before")
        case .refused(let reason): throw OAuthError.invalidGrant(reason)
        }
    }

    private func refresh(_ token: String, _ client: PublicClient, _ now: Timestamp) async throws -> TokenGrant {
        let digest = try Self.digest(token)
        guard let known = try state.read({ view throws(CallError) in try view.refreshToken(digest) }) else {
            throw OAuthError.invalidGrant("the refresh token is unknown, or its login is over")
        }
        switch known.verdict(for: client, now: now) {
        case .good: break
        case .refused(let reason): throw OAuthError.invalidGrant(reason)
        case .copied:
            telemetry.emit(.refreshTokenCopied(client: client.id))
            try await end(known.loginID, of: known.person, "copied refresh token")
            throw OAuthError.invalidGrant("the refresh token was used before, so the login has ended")
        }
        let next = client.rotatesRefreshTokens ? Base64.encode(try SecureRandom.bytes(32), .url) : nil
        let nextDigest = try next.map { try Self.digest($0) }
        let access = try tokens.issue(for: known.person, clientID: client.id, scope: known.scope, now: now)
        let isDone = try await state.write(by: Self.actor(known.person), "refresh") { change throws(CallError) in
            // It may have ended since it was read.
            guard try change.view.refreshToken(digest) != nil else { return false }
            try change.useToken(digest, of: known.loginID, next: nextDigest)
            return true
        }
        guard isDone else { throw OAuthError.invalidGrant("the login is over") }
        return TokenGrant(access: access, refreshToken: next ?? token, scope: known.scope)
    }

    private func end(_ loginID: String, of person: TokenPerson, _ method: String) async throws {
        try await state.write(by: Self.actor(person), method) { change throws(CallError) in
            try change.endLogin(loginID)
        }
    }

    private static func actor(_ person: TokenPerson) -> Actor { Actor(kind: .user, id: person.id, name: person.email) }

    private static func digest(_ token: String) throws(CryptoError) -> [UInt8] { try SHA256.hash(Array(token.utf8)) }
}
