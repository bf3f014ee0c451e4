internal import Bytes
internal import Crypto
internal import HTTP
internal import System

/// A program that people log in for.
struct LoginClient: Sendable, Equatable {
    let id: String
    /// Whether the login is bound to this program by a proof (RFC 7636).
    let hasProof: Bool
    let path: String
    let ports: [UInt16]

    /// This program.
    static let polder = LoginClient(id: "polder", hasProof: true, path: "/callback", ports: [0])
    /// The public command-line tool, for which `--strm-config` logs in: it knows no proof and these ports.
    static let strm = LoginClient(id: "cli", hasProof: false, path: "", ports: Array(10_000...10_009))
}

/// One login by authorization code (RFC 6749 §4.1, RFC 7636, RFC 8252): what is sent, and what of the answer is believed. Pure.
struct AuthorizationFlow: Sendable {
    let client: LoginClient
    let issuer: String
    let redirect: String
    let state: String
    let verifier: String

    /// - Parameters:
    ///   - auth: Where people log in: `https://localhost:8543`.
    ///   - port: Of this machine, where the browser comes back to.
    init(_ client: LoginClient, auth: String, port: UInt16) {
        self.client = client
        issuer = "\(auth)/auth/realms/users"
        // The public tool says localhost; RFC 8252 §8.3 prefers the address.
        redirect = client == .strm ? "http://localhost:\(port)" : "http://127.0.0.1:\(port)\(client.path)"
        state = Base64.encode(randomBytes(24), .url)
        verifier = Base64.encode(randomBytes(48), .url)
    }

    /// Where the browser goes first.
    func address() throws(PolderError) -> String {
        var query = FormFields()
        query.add("response_type", "code")
        query.add("client_id", client.id)
        query.add("redirect_uri", redirect)
        query.add("scope", "offline_access email")
        query.add("state", state)
        if client.hasProof {
            query.add("code_challenge", try challenge())
            query.add("code_challenge_method", "S256")
        }
        return "\(issuer)/protocol/openid-connect/auth?\(query.encoded)"
    }

    /// RFC 7636 §4.2.
    private func challenge() throws(PolderError) -> String {
        do {
            return Base64.encode(try SHA256.hash(Array(verifier.utf8)), .url)
        } catch {
            throw .failed("\(error)")
        }
    }

    /// The form that turns a code into tokens.
    func exchange(_ code: String) -> FormFields {
        var form = FormFields()
        form.add("grant_type", "authorization_code")
        form.add("code", code)
        form.add("redirect_uri", redirect)
        form.add("client_id", client.id)
        if client.hasProof { form.add("code_verifier", verifier) }
        return form
    }

    /// The code in what the browser brought back.
    ///
    /// - Throws: `.refused` with the issuer's reason, or when the answer belongs to another login.
    func code(in query: FormFields) throws(PolderError) -> String {
        guard let answered = query["state"],
            constantTimeEqual(Array(answered.utf8), Array(state.utf8))
        else { throw .refused("this answer belongs to another login; begin again with: polder login") }
        // RFC 9207: another issuer's code is not ours.
        if let from = query["iss"], client.hasProof, from != issuer {
            throw .refused("the answer came from \(shownName(from, limit: 100)), not from \(issuer)")
        }
        if let error = query["error"] {
            let reason = query["error_description"].map { ": \(shownName($0, limit: 200))" } ?? ""
            throw .refused("the login was refused: \(shownName(error))\(reason)")
        }
        guard let code = query["code"], !code.isEmpty else { throw .refused("the answer holds no code") }
        return code
    }

    /// The code in what a person pasted: the whole address, or the code alone.
    func code(pasted text: String) throws(PolderError) -> String {
        let text = text.filter { !$0.isWhitespace }
        guard let mark = text.firstIndex(of: "?") else {
            guard !text.isEmpty else { throw .refused("nothing was pasted") }
            return text
        }
        return try code(in: FormFields(parsing: Array(text[text.index(after: mark)...].utf8)))
    }
}
