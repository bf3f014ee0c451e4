/// The pages of a person's own account: what they say, not what they do.
package enum AccountPages {
    /// What was done the last time.
    package enum Notice: String, Sendable {
        /// The password is another one.
        case password
        /// No program may act for the person any more.
        case ended

        fileprivate var text: String {
            switch self {
            case .password: "Your password is changed. Every program has to log in again."
            case .ended: "Every program has to log in again. Access that was given lasts for an hour at most."
            }
        }
    }

    /// Somebody's account.
    package struct Account: Sendable {
        /// Their e-mail address.
        package let email: String
        /// Programs that may act for them.
        package let programs: Int
        /// Who is invited and has not come yet; nil when they are no admin.
        package let invited: [String]?

        /// An account of these parts.
        package init(email: String, programs: Int, invited: [String]?) {
            self.email = email
            self.programs = programs
            self.invited = invited
        }
    }

    /// The account page.
    package static func account(
        _ account: Account, token: String, notice: Notice? = nil, mistake: String? = nil
    ) -> Page {
        Page(
            "Your account",
            """
            \(notice.map { "<p class=\"good\" role=\"status\">\($0.text)</p>" as HTML })
            \(LoginPages.alert(mistake))
            <p>You are logged in as <strong>\(account.email)</strong>.</p>
            <h2>Change your password</h2>
            <form method="post" action="/auth/account/password">
            \(hidden(token))
            <input type="hidden" name="email" autocomplete="username" value="\(account.email)">
            <label for="current">Current password</label>
            <input id="current" name="current" type="password" autocomplete="current-password" maxlength="512" required>
            \(newPasswordFields)
            <button type="submit">Change password</button>
            </form>
            <h2>Programs</h2>
            <p class="soft">\(programs(account.programs))</p>
            <form method="post" action="/auth/account/end-logins">
            \(hidden(token))
            <button type="submit" class="quiet">Log out every program</button>
            </form>
            \(invitations(account.invited, token))
            <h2>This browser</h2>
            <form method="post" action="/auth/account/logout">
            \(hidden(token))
            <button type="submit" class="quiet">Log out</button>
            </form>
            """)
    }

    /// A link that was made just now. It is shown once.
    package static func link(_ link: String, for email: String) -> Page {
        Page(
            "A link to pass on",
            """
            <p>Whoever opens this link chooses the password of <strong>\(email)</strong>. It works once, for seven days, and is \
            not shown again.</p>
            <p class="note"><code>\(link)</code></p>
            <p><a href="/auth/account">Back to your account</a></p>
            """)
    }

    /// The page behind a link.
    package static func choosePassword(code: String, email: String, mistake: String? = nil) -> Page {
        Page(
            "Choose a password",
            """
            \(LoginPages.alert(mistake))
            <p>For the account <strong>\(email)</strong>.</p>
            <form method="post" action="/auth/password/\(code)">
            <input type="hidden" name="email" autocomplete="username" value="\(email)">
            \(newPasswordFields)
            <button type="submit">Save password</button>
            </form>
            """)
    }

    /// After a password was chosen.
    package static let passwordChosen = Page(
        "Your password is saved",
        """
        <p class="good" role="status">You can log in with it now.</p>
        <p><a href="/auth/account">Go to your account</a></p>
        """)

    /// A link that was used, replaced or is too old.
    package static let linkVoid = Page(
        "This link does not work any more",
        """
        <p class="bad" role="alert">It was used before, another one took its place, or it is older than seven days.</p>
        <p class="soft">Ask the person who gave it to you for a new one.</p>
        """)

    private static let newPasswordFields: HTML = """
        <label for="new">New password</label>
        <span class="hint" id="rule">At least 12 characters. A few words in a row are good.</span>
        <input id="new" name="new" type="password" autocomplete="new-password" minlength="12" maxlength="512" \
        aria-describedby="rule" required>
        <label for="again">The same once more</label>
        <input id="again" name="again" type="password" autocomplete="new-password" minlength="12" maxlength="512" required>
        """

    private static func hidden(_ token: String) -> HTML {
        "<input type=\"hidden\" name=\"token\" value=\"\(token)\">"
    }

    private static func programs(_ count: Int) -> String {
        switch count {
        case 0: "No program may act for you."
        case 1: "One program may act for you."
        default: "\(count) logins of programs may act for you."
        }
    }

    private static func invitations(_ emails: [String]?, _ token: String) -> HTML {
        guard let emails else { return "" }
        let items = emails.map { email in
            """
            <li><form method="post" action="/auth/account/link">
            \(hidden(token))
            <input type="hidden" name="for" value="\(email)">
            <span>\(email)</span>
            <button type="submit" class="quiet">Make a link</button>
            </form></li>
            """ as HTML
        }
        return """
            <h2>Invitations</h2>
            <p class="soft">The command-line tool invites people. Their links are made here, and passed on by you.</p>
            <ul class="people">\(items.reduce("", +))</ul>
            <h2>Somebody forgot their password</h2>
            <form method="post" action="/auth/account/link">
            \(hidden(token))
            <label for="for">Their e-mail address</label>
            <input id="for" name="for" type="email" autocomplete="off" autocapitalize="none" spellcheck="false" \
            maxlength="254" required>
            <button type="submit" class="quiet">Make a link</button>
            </form>
            """
    }
}
