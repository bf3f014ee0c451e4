import Bytes
import Crypto
package import HTTP
package import Net
package import Time
import Tokens

/// `…/auth`: the page on which a person logs in for a program, and where the browser goes then.
package struct LogIn: Sendable {
    private let check: PasswordCheck
    private let codes: AuthorizationCodes
    private let forms: FormTokens
    private let issuer: String
    private let clock: any WallClock
    private let telemetry: ControlPlaneTelemetry

    /// How long a browser is known, in seconds.
    static let deviceLifetime = 180 * 86_400

    /// The use case over its parts.
    package init(
        check: PasswordCheck, codes: AuthorizationCodes, forms: FormTokens, issuer: String, clock: any WallClock,
        telemetry: ControlPlaneTelemetry
    ) {
        self.check = check
        self.codes = codes
        self.forms = forms
        self.issuer = issuer
        self.clock = clock
        self.telemetry = telemetry
    }

    /// `GET`: shows the form.
    package func show(_ request: Request, _ caller: Caller) -> Response {
        answer(request) { asked throws(CryptoError) in try form(asked, request, caller) }
    }

    /// `POST`: the filled-in form.
    package func submit(_ request: Request, _ caller: Caller) async -> Response {
        switch AuthorizationRequest.read(request.queryItems) {
        case .good(let asked):
            do {
                return try await logIn(asked, request, caller)
            } catch {
                return telemetry.unexpected(error)
            }
        case .refused, .returned: return show(request, caller)
        }
    }

    private func answer(
        _ request: Request, _ good: (AuthorizationRequest) throws(CryptoError) -> Response
    ) -> Response {
        switch AuthorizationRequest.read(request.queryItems) {
        case .good(let asked):
            do throws(CryptoError) { return try good(asked) } catch { return telemetry.unexpected(error) }
        case .refused(let reason):
            telemetry.emit(.loginNotBegun)
            return LoginPages.refused(reason).response(.badRequest)
        case .returned(let uri, let error, let reason, let state):
            telemetry.emit(.loginNotBegun)
            return Self.redirect(
                AuthorizationRequest.answer(
                    to: uri, [("error", error), ("error_description", reason)], state: state, issuer: issuer))
        }
    }

    private func form(
        _ asked: AuthorizationRequest, _ request: Request, _ caller: Caller, email: String = "",
        mistake: LoginPages.Mistake? = nil
    ) throws(CryptoError) -> Response {
        let address = LoopbackAddress(asked.redirectURI)?.origin ?? asked.redirectURI
        let purpose = LoginPages.Purpose(
            action: request.target, program: (asked.client.title, address),
            formTargets: [address] + (asked.client.landing.map { [$0] } ?? []))
        return try forms.page(request, caller, mistake: mistake) { token in
            LoginPages.login(purpose, token: token, email: email, mistake: mistake)
        }
    }

    private func logIn(
        _ asked: AuthorizationRequest, _ request: Request, _ caller: Caller
    ) async throws -> Response {
        let fields = request.form
        let email = fields["email"] ?? ""
        let cookie = Cookie.form.value(in: request, isSecure: caller.isSecure)
        guard try forms.isGood(request, caller, cookie: cookie) else {
            telemetry.emit(.formRefused)
            return try form(asked, request, caller, mistake: .stale)
        }
        let outcome = try await check.check(
            email: email, password: fields["password"] ?? "", network: caller.network,
            mark: Cookie.device.value(in: request, isSecure: caller.isSecure))
        switch outcome {
        case .good(let person):
            let code = try codes.make(CodeGrant(person, for: asked), now: clock.now())
            var response = Self.redirect(
                AuthorizationRequest.answer(
                    to: asked.redirectURI, [("code", code)], state: asked.state, issuer: issuer))
            response.headers.add("set-cookie", Cookie.form.removing(isSecure: caller.isSecure))
            response.headers.add(
                "set-cookie",
                Cookie.device.setting(
                    try check.mark(for: person), isSecure: caller.isSecure, for: Self.deviceLifetime))
            return response
        case .wrong: return try form(asked, request, caller, email: email, mistake: .wrong)
        case .wait(let seconds):
            return try form(asked, request, caller, email: email, mistake: .wait(seconds: seconds))
        case .busy: return try form(asked, request, caller, email: email, mistake: .busy)
        }
    }

    /// RFC 9700 §4.12: 303, so that no browser sends the password on.
    private static func redirect(_ address: String) -> Response {
        Response(
            .seeOther,
            headers: ["location": address, "cache-control": "no-store", "referrer-policy": "no-referrer"])
    }
}

extension FormTokens {
    /// A page with a login form, and the cookie that its token belongs to: the browser's own, or a new one.
    ///
    /// - Throws: `CryptoError` when OpenSSL fails.
    func page(
        _ request: Request, _ caller: Caller, mistake: LoginPages.Mistake?, _ make: (_ token: String) -> Page
    ) throws(CryptoError) -> Response {
        let kept = Cookie.form.value(in: request, isSecure: caller.isSecure)
        let cookie = if let kept { kept } else { try Self.newCookie() }
        var response = make(try token(for: cookie)).response(mistake?.status ?? .ok)
        if kept == nil { response.headers.add("set-cookie", Cookie.form.setting(cookie, isSecure: caller.isSecure)) }
        switch mistake {
        case .wait(let seconds): response.headers["retry-after"] = String(seconds)
        case .busy: response.headers["retry-after"] = "5"
        case .wrong, .stale, nil: break
        }
        return response
    }
}
