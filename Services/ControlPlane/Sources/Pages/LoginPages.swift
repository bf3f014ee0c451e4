package import HTTP

/// The pages around a login: what they say, not what they do.
package enum LoginPages {
    /// Who a login is for.
    package struct Purpose: Sendable {
        /// Where the form goes, path and query.
        package let action: String
        /// The program that waits, and where; nil for the account page.
        package let program: (title: String, address: String)?
        /// Where the form may lead in the end.
        package let formTargets: [String]

        /// A login with this form.
        package init(action: String, program: (title: String, address: String)?, formTargets: [String]) {
            self.action = action
            self.program = program
            self.formTargets = formTargets
        }
    }

    /// What went wrong the last time.
    package enum Mistake: Sendable, Equatable {
        /// One sentence for a wrong password and for an account that does not exist.
        case wrong
        /// Too many failures.
        case wait(seconds: Int)
        /// The form's token does not belong to the browser's cookie.
        case stale
        /// Too many logins at once.
        case busy

        /// The answer's status.
        package var status: Status {
            switch self {
            // Not 401: that asks for credentials in a header field (RFC 9110 §15.5.2).
            case .wrong: .forbidden
            case .wait: .tooManyRequests
            case .stale: .badRequest
            case .busy: .serviceUnavailable
            }
        }

        /// For the person.
        package var text: String {
            switch self {
            case .wrong: "This e-mail address and this password do not belong together."
            case .wait(let seconds):
                "There were too many failed tries. Please wait \(Self.words(seconds)) before the next one."
            case .stale: "This page was open for too long, or your browser keeps no cookies. Please try again."
            case .busy: "Too many people log in at this moment. Please try again in a few seconds."
            }
        }

        private static func words(_ seconds: Int) -> String {
            switch seconds {
            case 1: "a second"
            case ..<120: "\(seconds) seconds"
            default: "\((seconds + 59) / 60) minutes"
            }
        }
    }

    /// The login form.
    package static func login(_ purpose: Purpose, token: String, email: String = "", mistake: Mistake? = nil) -> Page {
        let isSecondTry = !email.isEmpty
        let invalid: HTML = mistake == .wrong ? " aria-invalid=\"true\" aria-describedby=\"mistake\"" : ""
        return Page(
            "Log in", formTargets: purpose.formTargets,
            """
            \(alert(mistake?.text))
            \(program(purpose))
            <form method="post" action="\(purpose.action)">
            <input type="hidden" name="token" value="\(token)">
            <label for="email">E-mail address</label>
            <input id="email" name="email" type="email" autocomplete="username" autocapitalize="none" spellcheck="false" \
            maxlength="254" required value="\(email)"\(isSecondTry ? "" : " autofocus" as HTML)\(invalid)>
            <label for="password">Password</label>
            <input id="password" name="password" type="password" autocomplete="current-password" maxlength="512" \
            required\(isSecondTry ? " autofocus" as HTML : "")\(invalid)>
            <button type="submit">Log in</button>
            </form>
            """)
    }

    /// The login cannot begin, and nobody else can be told.
    package static func refused(_ reason: String) -> Page {
        Page(
            "This login cannot begin",
            """
            <p class="bad" role="alert">\(reason)</p>
            <p class="soft">Nothing was sent anywhere. Please start the login again from the program that you use.</p>
            """)
    }

    /// Where the program's own server sends the browser when it has what it needs.
    package static let success = Page(
        "You are logged in",
        """
        <p class="good" role="status">The program on your machine has what it needs.</p>
        <p class="soft">You may close this page and go back to the terminal.</p>
        """)

    /// Where the program's own server sends the browser when it does not.
    package static let failure = Page(
        "You are not logged in",
        """
        <p class="bad" role="alert">The program on your machine could not finish the login.</p>
        <p class="soft">The terminal says why. You may close this page.</p>
        """)

    /// A message that screen readers tell at once; nothing without a text.
    package static func alert(_ text: String?) -> HTML? {
        text.map { "<p class=\"bad\" role=\"alert\" id=\"mistake\">\($0)</p>" }
    }

    private static func program(_ purpose: Purpose) -> HTML {
        guard let program = purpose.program else {
            return "<p class=\"soft\">With your account you can change your password and log out everywhere.</p>"
        }
        return """
            <p class="note">\(program.title) asks for access to your account. It waits on this machine, at \
            <code>\(program.address)</code>. If you did not start it just now, close this page.</p>
            """
    }
}
