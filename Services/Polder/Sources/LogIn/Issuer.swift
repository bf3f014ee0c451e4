internal import Bytes
internal import HTTP
internal import JSON
internal import System
internal import Time

/// The side of a control plane that gives tokens to people.
struct Issuer: Sendable {
    private let address: ControlPlaneAddress

    init(_ address: ControlPlaneAddress) { self.address = address }

    private var realm: String { "\(address.auth)/auth/realms/users/protocol/openid-connect" }

    // MARK: - Tokens

    /// Turns a code into a login.
    ///
    /// - Throws: `.refused` when the issuer says no.
    func login(_ flow: AuthorizationFlow, code: String) async throws(PolderError) -> TokenStore.Login {
        try await token(flow.exchange(code), refused: "the login was refused")
    }

    /// The next access token of a login.
    ///
    /// - Throws: `.refused` when the login is over.
    func refreshed(_ login: TokenStore.Login) async throws(PolderError) -> TokenStore.Login {
        var form = FormFields()
        form.add("grant_type", "refresh_token")
        form.add("refresh_token", login.refreshToken)
        form.add("client_id", LoginClient.polder.id)
        var fresh = try await token(form, refused: "the login is over; log in again with: polder login")
        if fresh.refreshToken.isEmpty { fresh.refreshToken = login.refreshToken }
        if fresh.email.isEmpty { fresh.email = login.email }
        return fresh
    }

    private func token(_ form: FormFields, refused: String) async throws(PolderError) -> TokenStore.Login {
        guard let url = URLParts("\(realm)/token") else { throw .failed("\(realm)/token is not an address") }
        var request = Request(.post, url.target, body: Array(form.encoded.utf8))
        request.headers.add("content-type", "application/x-www-form-urlencoded")
        let response = try await address.send(request, to: url)
        let answer: JSONValue
        do {
            answer = try JSONValue.parse(response.body)
        } catch {
            throw .failed("\(url) answered \(response.status), and not in JSON")
        }
        guard response.status == .ok, let access = answer["access_token"]?.string else {
            let reason = (answer["error_description"] ?? answer["error"])?.string ?? "\(response.status)"
            let text = "\(refused) (\(shownName(reason, limit: 200)))"
            throw response.status.code >= 500 ? .failed(text) : .refused(text)
        }
        let lifetime = answer["expires_in"]?.int64 ?? 60
        return TokenStore.Login(
            accessToken: access, refreshToken: answer["refresh_token"]?.string ?? "",
            expires: Timestamp(milliseconds: SystemClock().now().milliseconds + lifetime * 1000),
            email: Self.claim("email", of: access) ?? "", auth: address.auth)
    }

    /// Ends a login at the issuer (RFC 7009), so that nobody can use what it gave any more.
    func revoke(_ login: TokenStore.Login) async throws(PolderError) {
        guard let url = URLParts("\(realm)/revoke") else { return }
        var form = FormFields()
        form.add("token", login.refreshToken)
        form.add("token_type_hint", "refresh_token")
        form.add("client_id", LoginClient.polder.id)
        var request = Request(.post, url.target, body: Array(form.encoded.utf8))
        request.headers.add("content-type", "application/x-www-form-urlencoded")
        let response = try await address.send(request, to: url)
        guard response.status == .ok else { throw .failed("\(url) answered \(response.status)") }
    }

    /// A claim of a token that came straight from its issuer; only to show it, never to decide anything.
    private static func claim(_ name: String, of token: String) -> String? {
        let parts = token.split(separator: ".")
        guard parts.count == 3,
            let bytes = Base64.decode(parts[1], .url)
        else { return nil }
        do {
            return try JSONValue.parse(bytes)[name]?.string
        } catch {
            return nil
        }
    }

    // MARK: - The login page

    /// Fills in the login page, as a browser would, and answers where it leads: for automation, without a browser.
    ///
    /// - Throws: `.refused` with what the page said.
    func fillIn(
        _ flow: AuthorizationFlow, email: String, password: String
    ) async throws(PolderError) -> FormFields {
        guard let url = URLParts(try flow.address()) else { throw .failed("\(address.auth) is not an address") }
        let page = try await address.send(Request(.get, url.target), to: url)
        let html = String(decoding: page.body, as: UTF8.self)
        guard page.status == .ok, let token = Self.value(ofInput: "token", in: html),
            let cookie = page.headers["set-cookie"]?.split(separator: ";").first
        else { throw .failed("\(address.auth) answered \(page.status), and not with a login page") }
        var form = FormFields()
        form.add("token", token)
        form.add("email", email)
        form.add("password", password)
        var request = Request(.post, url.target, body: Array(form.encoded.utf8))
        request.headers.add("content-type", "application/x-www-form-urlencoded")
        request.headers.add("cookie", String(cookie))
        let answer = try await address.send(request, to: url)
        switch answer.status {
        case .found, .seeOther:
            guard let target = answer.headers["location"], target.hasPrefix(flow.redirect),
                let mark = target.firstIndex(of: "?")
            else { throw .failed("the login page leads somewhere else") }
            return FormFields(parsing: Array(target[target.index(after: mark)...].utf8))
        case .forbidden: throw .refused("this e-mail address and this password do not belong together")
        case .tooManyRequests:
            let seconds = answer.headers["retry-after"] ?? "a while"
            throw .refused("there were too many failed logins; try again in \(seconds) s")
        case let status: throw .failed("the login page answered \(status)")
        }
    }

    /// `<input … name="token" value="…">`: our own page writes the name before the value.
    private static func value(ofInput name: String, in html: String) -> String? {
        guard let start = html.firstRange(of: "name=\"\(name)\" value=\"") else { return nil }
        let rest = html[start.upperBound...]
        guard let end = rest.firstIndex(of: "\"") else { return nil }
        return String(rest[..<end]).replacing("&#43;", with: "+").replacing("&amp;", with: "&")
    }
}
