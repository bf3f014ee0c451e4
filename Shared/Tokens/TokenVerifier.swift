// Verifying an RSA signature costs 20 µs, and a client sends the same token for an hour. So a loop keeps the tokens that it
// has verified: a hit is a hash of the token's last bytes, a memcmp and two comparisons of times.
//
// What makes that safe:
//   - only a token that passed every check is kept, and its bytes are compared whole, not by hash;
//   - its times are checked on every hit;
//   - when the issuer's keys change, everything is forgotten: a token of a key that was taken out has to pass again, and
//     does not.

import Crypto
package import Time

/// A token that passed every check.
///
/// - Isolation: made by one loop's verifier, used on that loop.
package final class VerifiedToken {
    /// The `clientId` claim: which stream the caller may write to. Empty in a token of a person.
    package let clientID: String
    /// The same as UTF-8.
    package let clientIDBytes: [UInt8]
    /// The `installationId` claim: the data plane, in realm `installations`.
    package let installationID: String?
    /// Who logged in, in realm `users`.
    package let person: TokenPerson?
    /// The `exp` claim.
    package let expiresAt: Timestamp
    /// Free for whoever owns the verifier, for example the index of the client's stream; -1 at first.
    package var slot = -1

    /// First and last+1 millisecond of validity, clock skew included.
    @usableFromInline let validFrom: Int64
    @usableFromInline let validUntil: Int64
    /// Version of the key set that it was verified with.
    @usableFromInline let keyVersion: UInt64

    init(_ claims: TokenClaims, holder: TokenHolder, validFrom: Timestamp, validUntil: Timestamp, keyVersion: UInt64) {
        clientID = holder == .client ? claims.clientID ?? "" : ""
        clientIDBytes = Array(clientID.utf8)
        installationID = holder == .client ? claims.installationID : nil
        person = holder == .person ? claims.person : nil
        expiresAt = claims.expiresAt
        self.validFrom = validFrom.milliseconds
        self.validUntil = validUntil.milliseconds
        self.keyVersion = keyVersion
    }
}

/// Whom a realm gives its tokens to.
package enum TokenHolder: Sendable {
    /// A stream or a data plane: `clientId` is required.
    case client
    /// A person: `sub` and `email` are required.
    case person
}

/// Verifies bearer tokens of one issuer.
///
/// - Isolation: one per loop; not thread-safe.
package final class TokenVerifier {
    private let issuer: String
    private let holder: TokenHolder
    private let keys: SharedKeySet
    private let skew: Duration
    private var cache: TokenCache
    private var current: (set: KeySet?, version: UInt64)

    /// A verifier for tokens of `issuer`.
    ///
    /// - Parameters:
    ///   - issuer: What `iss` has to be, exactly.
    ///   - holder: Whom the issuer gives tokens to.
    ///   - keys: Where the issuer's keys are found; asked for its version on every call.
    ///   - skew: By how much our clock and the issuer's may differ.
    ///   - capacity: How many verified tokens are kept, about 1 kB each.
    package init(
        issuer: String, holder: TokenHolder = .client, keys: SharedKeySet, skew: Duration = .seconds(30),
        capacity: Int = 2048
    ) {
        self.issuer = issuer
        self.holder = holder
        self.keys = keys
        self.skew = skew
        cache = TokenCache(capacity: capacity)
        current = keys.snapshot()
    }

    /// How often a token was found in the cache.
    package private(set) var hitCount = 0
    /// How often a token had to be verified.
    package private(set) var missCount = 0
    /// How many verified tokens are kept now.
    package var cachedCount: Int { cache.count }

    /// Verifies the value of an `Authorization` field.
    ///
    /// - Parameters:
    ///   - field: The whole value, `Bearer …`; nil when there is no such field. Not kept.
    ///   - now: The time of this tick.
    /// - Throws: `TokenError`; `.unknownKey` has also told the key source to look for new keys.
    package func verify(authorization field: UnsafeRawBufferPointer?, now: Timestamp) throws(TokenError)
        -> VerifiedToken
    {
        guard let field, let token = Self.bearerToken(in: field) else { throw .missing }
        return try verify(token: token, now: now)
    }

    /// Verifies a token without the scheme in front.
    ///
    /// - Throws: As `verify(authorization:now:)`.
    package func verify(token: UnsafeRawBufferPointer, now: Timestamp) throws(TokenError) -> VerifiedToken {
        if keys.version != current.version { keySetChanged() }
        guard token.count <= JWT.byteLimit else { throw .tooLong }
        let hash = TokenCache.hash(token)
        if let known = cache.find(token, hash) {
            hitCount += 1
            try checkTimes(known, now)
            return known
        }
        missCount += 1
        let verified = try verifyAnew(token, now)
        cache.insert(verified, token, hash)
        return verified
    }

    /// Whether a token that this verifier accepted before is still good: for the case that the door says "the same field as
    /// the previous one on this connection", when not even the bytes have to be compared.
    package func isStillValid(_ token: VerifiedToken, now: Timestamp) -> Bool {
        token.keyVersion == keys.version && now.milliseconds >= token.validFrom && now.milliseconds < token.validUntil
    }

    /// The token in a field value of the scheme Bearer (RFC 6750 §2.1; the scheme's case does not count, RFC 9110 §11.1).
    package static func bearerToken(in field: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        let scheme: StaticString = "bearer "
        guard field.count > scheme.utf8CodeUnitCount else { return nil }
        for index in 0..<scheme.utf8CodeUnitCount {
            let byte = field[index]
            let lower = byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte
            guard lower == scheme.utf8Start[index] else { return nil }
        }
        var start = scheme.utf8CodeUnitCount
        while start < field.count, field[start] == 0x20 { start += 1 }
        return start < field.count ? UnsafeRawBufferPointer(rebasing: field[start...]) : nil
    }

    private func keySetChanged() {
        current = keys.snapshot()
        cache.removeAll()
    }

    private func checkTimes(_ token: VerifiedToken, _ now: Timestamp) throws(TokenError) {
        guard now.milliseconds < token.validUntil else { throw .expired }
        guard now.milliseconds >= token.validFrom else { throw .notYetValid }
    }

    private func verifyAnew(_ token: UnsafeRawBufferPointer, _ now: Timestamp) throws(TokenError) -> VerifiedToken {
        guard let set = current.set else { throw .keysUnavailable }
        let jwt = try JWT(parsing: token)
        guard let key = set.key(jwt.keyID, for: jwt.algorithm) else {
            keys.keyWasUnknown()
            throw .unknownKey
        }
        let signed = UnsafeRawBufferPointer(rebasing: token[..<jwt.signedByteCount])
        guard jwt.signature.withUnsafeBytes({ key.isValid(signature: $0, for: signed) }) else { throw .badSignature }
        let claims = try TokenClaims(jwt.claims)
        guard claims.issuer == issuer else { throw .wrongIssuer }
        let verified = VerifiedToken(
            claims, holder: holder, validFrom: max(claims.notBefore, claims.issuedAt) - skew,
            validUntil: claims.expiresAt + skew,
            keyVersion: current.version)
        try checkTimes(verified, now)
        switch holder {
        case .client: if verified.clientID.isEmpty { throw .noClientID }
        case .person: if verified.person == nil { throw .badClaim("email") }
        }
        return verified
    }
}
