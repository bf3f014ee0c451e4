// What a program asks for when it sends a browser here (RFC 6749 §4.1.1, RFC 7636 §4.3). The query stays in the address of the
// login form and is read again with every answer, so nothing of it has to be remembered or believed.

import Bytes
package import HTTP

/// A login that a program asked for, understood and allowed.
package struct AuthorizationRequest: Sendable, Equatable {
    /// What came of reading a query.
    package enum Reading: Sendable, Equatable {
        /// A person may log in for it.
        case good(AuthorizationRequest)
        /// Nobody knows where an answer may go: the reason is shown to the person. One of our own sentences.
        case refused(String)
        /// The program is told at its redirect URI (RFC 6749 §4.1.2.1).
        case returned(to: String, error: String, reason: String, state: String?)
    }

    /// The program.
    package let client: PublicClient
    /// Where the answer goes, as it was sent.
    package let redirectURI: String
    /// Comes back with the answer.
    package let state: String?
    /// Of what was asked for, what we know; separated by spaces.
    package let scope: String
    /// The S256 challenge of RFC 7636.
    package let challenge: String?

    /// The scopes that we know. None of them changes what a token may do: that is decided by the person's roles.
    package static let scopes = ["email", "offline_access", "profile"]

    /// Longest `state`, in bytes: it comes back in an address.
    private static let stateLimit = 2048
    private static let known = [
        "response_type", "response_mode", "client_id", "redirect_uri", "scope", "state", "prompt", "code_challenge",
        "code_challenge_method", "request", "request_uri",
    ]

    /// Reads the query of `…/auth`.
    package static func read(_ query: FormFields) -> Reading {
        // First where an answer may go; before that is known, none goes anywhere (RFC 6749 §3.1.2.4, RFC 9700 §4.11).
        guard query.count(of: "client_id") <= 1, query.count(of: "redirect_uri") <= 1 else {
            return .refused("The address that brought you here names its program, or where it waits, more than once.")
        }
        guard let id = query["client_id"], let client = PublicClient.named(id) else {
            return .refused("The address that brought you here does not name a program that is known here.")
        }
        guard let redirectURI = query["redirect_uri"], client.mayRedirect(to: redirectURI) else {
            return .refused("The program does not wait for you at an address of your own machine that is allowed.")
        }
        let state = query.count(of: "state") == 1 ? query["state"] : nil
        func back(_ error: String, _ reason: String) -> Reading {
            .returned(to: redirectURI, error: error, reason: reason, state: state)
        }
        // RFC 6749 §3.1: parameters must not be included more than once.
        if known.contains(where: { query.count(of: $0) > 1 }) {
            return back("invalid_request", "a parameter is included more than once")
        }
        if let state, state.utf8.count > stateLimit || !state.isASCII {
            return .returned(
                to: redirectURI, error: "invalid_request", reason: "state is too long or not ASCII", state: nil)
        }
        if query["request"] != nil { return back("request_not_supported", "request objects are not supported") }
        if query["request_uri"] != nil { return back("request_uri_not_supported", "request_uri is not supported") }
        guard let type = query["response_type"] else { return back("invalid_request", "response_type is missing") }
        guard type == "code" else { return back("unsupported_response_type", "only response_type=code is supported") }
        guard query["response_mode"] ?? "query" == "query" else {
            return back("invalid_request", "only response_mode=query is supported")
        }
        // Nobody is ever logged in without a password: a program cannot use a login that another one made.
        if query["prompt"]?.split(separator: " ").contains("none") ?? false {
            return back("login_required", "a login always asks")
        }
        let challenge = query["code_challenge"]
        if let challenge {
            // RFC 7636 §4.3: without a method it is `plain`, which protects nothing that is left to protect.
            guard query["code_challenge_method"] == "S256" else {
                return back("invalid_request", "code_challenge_method must be S256")
            }
            guard challenge.utf8.count == 43, Base64.decode(challenge, .url) != nil else {
                return back("invalid_request", "code_challenge is not 32 bytes in base64url")
            }
        } else if client.needsProof || query["code_challenge_method"] != nil {
            return back("invalid_request", "code_challenge is missing")
        }
        let asked = (query["scope"] ?? "").split(separator: " ").map { String($0) }
        return .good(
            AuthorizationRequest(
                client: client, redirectURI: redirectURI, state: state,
                scope: scopes.filter(asked.contains).joined(separator: " "), challenge: challenge))
    }

    /// The address that tells the program how it went: its redirect URI with these parameters, and `iss` (RFC 9207).
    package static func answer(
        to redirectURI: String, _ parameters: [(String, String)], state: String?, issuer: String
    ) -> String {
        var fields = FormFields()
        for (name, value) in parameters { fields.add(name, value) }
        if let state { fields.add("state", state) }
        fields.add("iss", issuer)
        let hasPath = LoopbackAddress(redirectURI).map { !$0.path.isEmpty } ?? false
        return redirectURI + (hasPath ? "?" : "/?") + fields.encoded
    }
}
