import Bytes
package import Crypto
import HTTP
import Synchronization
package import Time
package import Tokens

/// What a login leads to: the thing that a code stands for.
package struct CodeGrant: Sendable, Equatable {
    /// Who logged in.
    package let person: TokenPerson
    /// The client that the code was made for.
    package let clientID: String
    /// The redirect URI that it went to.
    package let redirectURI: String
    /// The S256 challenge that came with the request.
    package let challenge: String?
    /// What was granted.
    package let scope: String

    /// What a login of this person for this request leads to.
    package init(_ person: TokenPerson, for request: AuthorizationRequest) {
        self.person = person
        clientID = request.client.id
        redirectURI = request.redirectURI
        challenge = request.challenge
        scope = request.scope
    }
}

/// The codes between a login and its tokens (RFC 6749 §4.1.2): each may be shown once, for a minute; one that only its program can
/// use (PKCE) for five, because a person may carry it from one machine to another.
///
/// In memory only: a restart in that time costs another login. Kept by digest, so that a memory image has no usable code, and
/// kept for a while after use, so that a second use is recognised. Bounded: the oldest are forgotten.
package final class AuthorizationCodes: Sendable {
    /// What a code was good for.
    package enum Outcome: Sendable, Equatable {
        /// Its first use, and everything fits.
        case good(CodeGrant)
        /// Used before: the login that it gave, if it gave one, has to end (RFC 6749 §10.5).
        case replayed(CodeGrant, loginID: String?)
        /// The reason is one of our own sentences. The code is spent.
        case refused(String)
    }

    private struct Entry {
        let grant: CodeGrant
        let made: Timestamp
        var isUsed = false
        var loginID: String?
    }

    private static let memory = Duration.minutes(15)
    private static let tableLimit = 10_000
    private let entries = Mutex<[[UInt8]: Entry]>([:])

    /// No codes.
    package init() {}

    /// A new code.
    ///
    /// - Throws: `CryptoError` when there is no randomness.
    package func make(_ grant: CodeGrant, now: Timestamp) throws(CryptoError) -> String {
        let code = Base64.encode(try SecureRandom.bytes(32), .url)
        let digest = try SHA256.hash(Array(code.utf8))
        entries.withLock { entries in
            if entries.count >= Self.tableLimit { Self.forget(&entries, now) }
            entries[digest] = Entry(grant: grant, made: now)
        }
        return code
    }

    /// Uses a code, whatever comes of it.
    ///
    /// - Parameter loginID: The login that it gives when it is good, for the case that it is shown again.
    /// - Throws: `CryptoError` when OpenSSL fails.
    package func use(
        _ code: String, clientID: String, redirectURI: String?, verifier: String?, for loginID: String, now: Timestamp
    ) throws(CryptoError) -> Outcome {
        let digest = try SHA256.hash(Array(code.utf8))
        let proof = try verifier.map { verifier throws(CryptoError) in
            Base64.encodeBytes(try SHA256.hash(Array(verifier.utf8)), .url)
        }
        return entries.withLock { entries in
            guard let entry = entries[digest] else { return .refused("the code is unknown") }
            if entry.isUsed { return .replayed(entry.grant, loginID: entry.loginID) }
            entries[digest]?.isUsed = true
            if let reason = Self.reasonToRefuse(entry, clientID, redirectURI, verifier, proof, now) {
                return .refused(reason)
            }
            entries[digest]?.loginID = loginID
            return .good(entry.grant)
        }
    }

    private static func reasonToRefuse(
        _ entry: Entry, _ clientID: String, _ redirectURI: String?, _ verifier: String?, _ proof: [UInt8]?,
        _ now: Timestamp
    ) -> String? {
        let age = now - entry.made
        guard age >= .zero, age < (entry.grant.challenge == nil ? .minutes(1) : .minutes(5)) else {
            return "the code is too old"
        }
        guard entry.grant.clientID.isIdentical(to: clientID) else { return "the code was made for another client" }
        guard let redirectURI, entry.grant.redirectURI.isIdentical(to: redirectURI) else {
            return "redirect_uri is not the one of the login"
        }
        switch (entry.grant.challenge, verifier, proof) {
        case (nil, nil, _): return nil
        // RFC 9700 §4.8.2: whoever brings a verifier has sent a challenge, and somebody took it away.
        case (nil, .some, _): return "code_verifier was sent, but the login had no code_challenge"
        case (let challenge?, let verifier?, let proof?):
            let fits = isVerifier(verifier) && constantTimeEqual(proof, Array(challenge.utf8))
            return fits ? nil : "code_verifier does not fit the code_challenge"
        case (.some, _, _): return "code_verifier is missing"
        }
    }

    /// Codes that are remembered, for tests.
    package var count: Int { entries.withLock { $0.count } }

    /// RFC 7636 §4.1: 43 to 128 unreserved characters.
    private static func isVerifier(_ text: String) -> Bool {
        43...128 ~= text.utf8.count
            && text.utf8.allSatisfy {
                ASCII.isLetter($0) || ASCII.isDigit($0)
                    || [UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~")].contains($0)
            }
    }

    private static func forget(_ entries: inout [[UInt8]: Entry], _ now: Timestamp) {
        entries = entries.filter { now - $0.value.made < memory }
        guard entries.count >= tableLimit else { return }
        for (digest, _) in entries.sorted(by: { $0.value.made < $1.value.made }).prefix(tableLimit / 2) {
            entries[digest] = nil
        }
    }
}
