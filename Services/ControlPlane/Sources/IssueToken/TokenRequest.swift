// What a client sends to the token endpoint (RFC 6749 §4.1.3, §4.4, §6; client authentication §2.3.1).
//
// The public clients disagree about encoding. Five drivers join the values as they are; others form-encode them, in the
// body or inside `Basic`. So a secret may be meant in two ways, and both are kept: `sent` as it stands, `decoded` as a form.
// With the secrets that Polder makes (letters and digits) the two are the same.

import Bytes
package import HTTP

/// A token request, understood but not yet believed.
package struct TokenRequest {
    /// What is asked for.
    package enum Grant: Equatable, Sendable {
        /// A token for the client itself.
        case clientCredentials
        /// A token in exchange for a refresh token.
        case refreshToken(String)
        /// Tokens in exchange for the code that a login gave (RFC 6749 §4.1.3; the verifier is RFC 7636 §4.5).
        case authorizationCode(String, redirectURI: String?, verifier: String?)
    }

    /// Who asks, and how it proves that.
    package struct Credentials {
        /// The client id in the one or two ways that it may be meant.
        package let clientIDs: [String]
        /// The secret in the one or two ways that it may be meant; none when none was sent. Never logged.
        package let secrets: [[UInt8]]
    }

    /// Longest client id that anybody can have, in bytes.
    private static let clientIDLimit = 1024

    /// What is asked for.
    package let grant: Grant
    /// Who asks.
    package let credentials: Credentials

    /// Understands a request.
    ///
    /// - Throws: `OAuthError`: `.invalidRequest`, `.unsupportedGrantType`, `.invalidClient` when there are no credentials.
    package init(_ request: Request) throws(OAuthError) {
        let form = request.form
        // RFC 6749 appendix A: every parameter is ASCII. A secret that was joined unencoded may look otherwise when it is decoded.
        let isASCII = form.pairs.allSatisfy { pair in
            pair.name.isASCII && (pair.value.isASCII || pair.name == "client_secret")
        }
        guard isASCII else {
            throw .invalidRequest("a parameter has characters outside ASCII")
        }
        // RFC 6749 §3.2: parameters must not be included more than once.
        for name in Self.names where form.count(of: name) > 1 {
            throw .invalidRequest("a parameter is included more than once")
        }
        guard let grantType = form["grant_type"], !grantType.isEmpty else {
            throw .invalidRequest("grant_type is missing")
        }
        switch grantType {
        case "client_credentials": grant = .clientCredentials
        case "refresh_token":
            guard let token = form["refresh_token"], !token.isEmpty else {
                throw .invalidRequest("refresh_token is missing")
            }
            grant = .refreshToken(token)
        case "authorization_code":
            guard let code = form["code"], !code.isEmpty else { throw .invalidRequest("code is missing") }
            grant = .authorizationCode(code, redirectURI: form["redirect_uri"], verifier: form["code_verifier"])
        default: throw .unsupportedGrantType
        }
        if let field = request.headers["authorization"] {
            guard let basic = BasicCredentials(authorization: field) else { throw .invalidClient }
            credentials = Credentials(
                clientIDs: Self.distinct([Self.text(basic.user), Self.text(Self.decoded(basic.user))]),
                secrets: Self.distinct([basic.password, Self.decoded(basic.password)]))
        } else {
            guard let clientID = form["client_id"] else { throw .invalidClient }
            let sentID = Self.raw("client_id", in: request.body)
            let sentSecret = Self.raw("client_secret", in: request.body)
            credentials = Credentials(
                clientIDs: Self.distinct([Self.text(sentID), clientID]),
                secrets: form["client_secret"].map { Self.distinct([sentSecret, Array($0.utf8)]) } ?? [])
        }
        let isPlausible = credentials.clientIDs.allSatisfy { $0.isASCII && $0.utf8.count <= Self.clientIDLimit }
        guard isPlausible else { throw .invalidClient }
    }

    /// Who it says it is, with every way of writing it undone: what failures are counted by.
    package var claimedID: String { credentials.clientIDs[credentials.clientIDs.count - 1] }

    /// The text after `name=` up to the next parameter that we know, or the end: a secret that was joined unencoded may
    /// hold `&` and `=`.
    private static func raw(_ name: String, in body: [UInt8]) -> [UInt8] {
        var start: Int?
        var position = 0
        while position < body.count {
            let rest = body[position...]
            if start == nil {
                if rest.starts(with: Array((name + "=").utf8)) { start = position + name.utf8.count + 1 }
            } else if let start, parameters.contains(where: { rest.starts(with: $0) }) {
                return Array(body[start..<(position - 1)])
            }
            guard let ampersand = rest.firstIndex(of: UInt8(ascii: "&")) else { break }
            position = ampersand + 1
        }
        return start.map { Array(body[$0...]) } ?? []
    }

    private static let names = [
        "grant_type", "client_id", "client_secret", "refresh_token", "code", "redirect_uri", "code_verifier", "scope",
    ]
    private static let parameters = names.map { Array("\($0)=".utf8) }

    private static func decoded(_ bytes: [UInt8]) -> [UInt8] {
        PercentEncoding.decodeLeniently(bytes, plusIsSpace: true)
    }

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    private static func distinct<Element: Equatable>(_ elements: [Element]) -> [Element] {
        elements.count == 2 && elements[0] == elements[1] ? [elements[0]] : elements
    }
}
