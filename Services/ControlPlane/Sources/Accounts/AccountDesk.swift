import Bytes
import Crypto
package import HTTP
import JSON
package import Net
import System
package import Time
import Tokens

/// `/auth/account` and `/auth/password/…`: where people change their password, log programs out, and choose a first password.
package struct AccountDesk: Sendable {
    private let state: StateStore
    private let check: PasswordCheck
    private let work: PasswordWork
    private let sessions: BrowserSessions
    private let forms: FormTokens
    private let links: PasswordLinks
    private let admin: FirstAdmin
    private let clock: any WallClock
    private let telemetry: ControlPlaneTelemetry

    /// The desk over its parts.
    package init(
        state: StateStore, check: PasswordCheck, work: PasswordWork, forms: FormTokens, links: PasswordLinks,
        admin: FirstAdmin, clock: any WallClock, telemetry: ControlPlaneTelemetry
    ) {
        self.state = state
        self.check = check
        self.work = work
        sessions = BrowserSessions()
        self.forms = forms
        self.links = links
        self.admin = admin
        self.clock = clock
        self.telemetry = telemetry
    }

    private static let home = "/auth/account"

    // MARK: Coming and going

    /// `GET /auth/account`: the account, or the form to log in to it.
    package func show(_ request: Request, _ caller: Caller) -> Response {
        guarded {
            guard let visitor = try visitor(request, caller) else { return try loginForm(request, caller) }
            let notice = request.queryItems["done"].flatMap { AccountPages.Notice(rawValue: $0) }
            return try page(visitor, notice: notice).response()
        }
    }

    /// `POST /auth/account/login`
    package func logIn(_ request: Request, _ caller: Caller) async -> Response {
        await guarded {
            let form = request.form
            let email = form["email"] ?? ""
            let cookie = Cookie.form.value(in: request, isSecure: caller.isSecure)
            guard try forms.isGood(request, caller, cookie: cookie) else {
                telemetry.emit(.formRefused)
                return try loginForm(request, caller, mistake: .stale)
            }
            let outcome = try await check.check(
                email: email, password: form["password"] ?? "", network: caller.network,
                mark: Cookie.device.value(in: request, isSecure: caller.isSecure))
            switch outcome {
            case .good(let person):
                var response = Self.seeOther(Self.home)
                let session = try sessions.begin(person.id, now: clock.now())
                for field in [
                    Cookie.form.removing(isSecure: caller.isSecure),
                    Cookie.session.setting(session, isSecure: caller.isSecure),
                    Cookie.device.setting(
                        try check.mark(for: person), isSecure: caller.isSecure, for: LogIn.deviceLifetime),
                ] { response.headers.add("set-cookie", field) }
                return response
            case .wrong: return try loginForm(request, caller, email: email, mistake: .wrong)
            case .wait(let seconds):
                return try loginForm(request, caller, email: email, mistake: .wait(seconds: seconds))
            case .busy: return try loginForm(request, caller, email: email, mistake: .busy)
            }
        }
    }

    /// `POST /auth/account/logout`
    package func logOut(_ request: Request, _ caller: Caller) async -> Response {
        await onBehalf(request, caller) { visitor in
            try sessions.end(visitor.cookie)
            var response = Self.seeOther(Self.home)
            response.headers.add("set-cookie", Cookie.session.removing(isSecure: caller.isSecure))
            return response
        }
    }

    // MARK: What one may do

    /// `POST /auth/account/password`
    package func changePassword(_ request: Request, _ caller: Caller) async -> Response {
        await onBehalf(request, caller) { visitor in
            let form = request.form
            let password: NewPassword
            do throws(NewPassword.Refusal) {
                password = try NewPassword(form, for: visitor.user.email)
            } catch {
                return try page(visitor, mistake: error.text).response(.badRequest)
            }
            let outcome = try await check.check(
                email: visitor.user.email, password: form["current"] ?? "", network: caller.network,
                mark: Cookie.device.value(in: request, isSecure: caller.isSecure))
            switch outcome {
            case .good: break
            case .wrong:
                return try page(visitor, mistake: "The current password is not this one.").response(.forbidden)
            case .wait(let seconds):
                return try page(visitor, mistake: LoginPages.Mistake.wait(seconds: seconds).text)
                    .response(.tooManyRequests, headers: ["retry-after": String(seconds)])
            case .busy:
                return try page(visitor, mistake: LoginPages.Mistake.busy.text)
                    .response(.serviceUnavailable, headers: ["retry-after": "5"])
            }
            let hash = try await work.run { try password.hash() }
            let user = visitor.user
            try await state.write(by: visitor.actor, "change password") { change throws(CallError) in
                try change.setPassword(hash, of: user)
            }
            try await changed(user)
            var response = Self.seeOther("\(Self.home)?done=\(AccountPages.Notice.password.rawValue)")
            let session = try sessions.begin(user.id, now: clock.now())
            response.headers.add("set-cookie", Cookie.session.setting(session, isSecure: caller.isSecure))
            return response
        }
    }

    /// `POST /auth/account/end-logins`
    package func endLogins(_ request: Request, _ caller: Caller) async -> Response {
        await onBehalf(request, caller) { visitor in
            let user = visitor.user
            try await state.write(by: visitor.actor, "end logins") { change throws(CallError) in
                let ended = try change.endLogins(of: user.id)
                try change.audit(.user, user.email, before: nil, after: ["endedLogins": JSONValue(ended)])
            }
            return Self.seeOther("\(Self.home)?done=\(AccountPages.Notice.ended.rawValue)")
        }
    }

    /// `POST /auth/account/link`: an admin makes a link for whoever was invited, or forgot a password.
    package func makeLink(_ request: Request, _ caller: Caller) async -> Response {
        await onBehalf(request, caller) { visitor in
            let email = request.form["for"] ?? ""
            guard visitor.user.roles.contains(.admin) else {
                return try page(visitor, mistake: "Only an admin makes links.").response(.forbidden)
            }
            do {
                return AccountPages.link(try await links.make(for: email, by: visitor.actor), for: email).response()
            } catch CallError.notFound {
                return try page(visitor, mistake: "Nobody with this address is here, or invited.").response(.notFound)
            }
        }
    }

    // MARK: Links

    /// `GET /auth/password/{code}`
    package func showLink(_ code: String) -> Response {
        guarded {
            guard let email = try links.email(code) else { return AccountPages.linkVoid.response(.gone) }
            return AccountPages.choosePassword(code: code, email: email).response()
        }
    }

    /// `POST /auth/password/{code}`: whoever has the code needs no cookie; it is worth more than one.
    package func useLink(_ code: String, _ request: Request) async -> Response {
        await guarded {
            guard let email = try links.email(code) else { return AccountPages.linkVoid.response(.gone) }
            let password: NewPassword
            do throws(NewPassword.Refusal) {
                password = try NewPassword(request.form, for: email)
            } catch {
                return AccountPages.choosePassword(code: code, email: email, mistake: error.text).response(.badRequest)
            }
            let hash = try await work.run { try password.hash() }
            guard let user = try await links.use(code, hash: hash) else {
                return AccountPages.linkVoid.response(.gone)
            }
            try await changed(user)
            return AccountPages.passwordChosen.response()
        }
    }

    // MARK: Parts

    /// Somebody who is logged in.
    private struct Visitor: Sendable {
        let user: UserRecord
        let cookie: String

        var actor: Actor { Actor(kind: .user, id: user.id, name: user.email) }
    }

    private func visitor(_ request: Request, _ caller: Caller) throws -> Visitor? {
        guard let cookie = Cookie.session.value(in: request, isSecure: caller.isSecure),
            let id = try sessions.user(cookie, now: clock.now()),
            let user = try state.read({ view throws(CallError) in try view.user(id: id) })
        else { return nil }
        return Visitor(user: user, cookie: cookie)
    }

    /// For forms of the account page: from the right browser, of somebody who is logged in.
    private func onBehalf(
        _ request: Request, _ caller: Caller, _ act: (Visitor) async throws -> Response
    ) async -> Response {
        await guarded {
            guard let visitor = try visitor(request, caller) else { return Self.seeOther(Self.home) }
            guard try forms.isGood(request, caller, cookie: visitor.cookie) else {
                telemetry.emit(.formRefused)
                return try page(visitor, mistake: LoginPages.Mistake.stale.text).response(.badRequest)
            }
            return try await act(visitor)
        }
    }

    private func page(
        _ visitor: Visitor, notice: AccountPages.Notice? = nil, mistake: String? = nil
    ) throws -> Page {
        let user = visitor.user
        let account = AccountPages.Account(
            email: user.email,
            programs: try state.read { view throws(CallError) in try view.loginCount(of: user.id) },
            invited: user.roles.contains(.admin) ? try invited() : nil)
        return AccountPages.account(
            account, token: try forms.token(for: visitor.cookie), notice: notice, mistake: mistake)
    }

    private func invited() throws -> [String] {
        try state.read { view throws(CallError) in try view.invites() }.filter(\.isOpen).map(\.email)
    }

    private func loginForm(
        _ request: Request, _ caller: Caller, email: String = "", mistake: LoginPages.Mistake? = nil
    ) throws -> Response {
        let purpose = LoginPages.Purpose(action: "\(Self.home)/login", program: nil, formTargets: [])
        return try forms.page(request, caller, mistake: mistake) { token in
            LoginPages.login(purpose, token: token, email: email, mistake: mistake)
        }
    }

    /// After a password has changed: other browsers are logged out, and the file of the first admin is over.
    private func changed(_ user: UserRecord) async throws {
        sessions.endAll(of: user.id)
        let admin = admin
        try await work.run { try admin.passwordChanged(of: user.email) }
    }

    private func guarded(_ body: () throws -> Response) -> Response {
        do { return try body() } catch { return telemetry.unexpected(error) }
    }

    private func guarded(_ body: () async throws -> Response) async -> Response {
        do {
            return try await body()
        } catch is PasswordWork.Busy {
            return .text(
                .serviceUnavailable, "\(LoginPages.Mistake.busy.text)\n", headers: ["retry-after": "5"])
        } catch {
            return telemetry.unexpected(error)
        }
    }

    private static func seeOther(_ path: String) -> Response {
        Response(.seeOther, headers: ["location": path, "cache-control": "no-store"])
    }
}
