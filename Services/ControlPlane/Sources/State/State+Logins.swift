// What the state knows of logins:
//
//   users ── logins (a program that may act for a person) ── refresh_tokens, each by its digest
//   password_links: one-time codes with which somebody sets a password, by e-mail address

import JSON
package import Time
package import Tokens

extension StateSchema {
    /// The tables of this file.
    static let logins = """
        CREATE TABLE logins (
            id TEXT PRIMARY KEY,
            user_id TEXT NOT NULL REFERENCES users ON DELETE CASCADE,
            client_id TEXT NOT NULL,
            scope TEXT NOT NULL,
            created INTEGER NOT NULL,
            used INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX logins_of_users ON logins (user_id);
        CREATE INDEX logins_by_use ON logins (used);
        CREATE TABLE refresh_tokens (
            digest BLOB PRIMARY KEY,
            login_id TEXT NOT NULL REFERENCES logins ON DELETE CASCADE,
            made INTEGER NOT NULL,
            used INTEGER
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX refresh_tokens_of_logins ON refresh_tokens (login_id, made);
        CREATE TABLE password_links (
            email TEXT PRIMARY KEY COLLATE NOCASE,
            digest BLOB NOT NULL UNIQUE,
            expires INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        """
}

/// A refresh token as the state has it.
package struct RefreshToken: Sendable, Equatable {
    /// What to do with one that was shown.
    package enum Verdict: Sendable, Equatable {
        /// Give an access token.
        case good
        /// The reason is one of our own sentences.
        case refused(String)
        /// It was spent before: somebody has a copy. Everything that came of the login ends (RFC 9700 §4.14.2).
        case copied
    }

    /// The login that it belongs to.
    package let loginID: String
    /// The person who logged in.
    package let person: TokenPerson
    /// The client that it was given to.
    package let clientID: String
    /// What was granted.
    package let scope: String
    /// When the person logged in.
    package let loggedIn: Timestamp
    /// When the login was last used.
    package let lastUse: Timestamp
    /// When another token took its place; nil while none has.
    package let spent: Timestamp?

    /// A token of these parts.
    package init(
        loginID: String, person: TokenPerson, clientID: String, scope: String, loggedIn: Timestamp,
        lastUse: Timestamp, spent: Timestamp?
    ) {
        self.loginID = loginID
        self.person = person
        self.clientID = clientID
        self.scope = scope
        self.loggedIn = loggedIn
        self.lastUse = lastUse
        self.spent = spent
    }

    /// How long a login lasts that nobody uses.
    package static let idleLifetime = Duration.days(30)
    /// How long a login lasts at most.
    package static let lifetime = Duration.days(365)
    /// How long a spent token is good once more: two commands that refresh at the same moment are no thief.
    package static let grace = Duration.seconds(30)

    /// What to do when a client shows it.
    package func verdict(for client: PublicClient, now: Timestamp) -> Verdict {
        guard client.id == clientID else { return .refused("the refresh token was given to another client") }
        guard now - loggedIn < Self.lifetime, now - lastUse < Self.idleLifetime else {
            return .refused("the login is over")
        }
        guard client.rotatesRefreshTokens, let spent, now - spent >= Self.grace else { return .good }
        return .copied
    }
}

extension StateView {
    /// A refresh token by its digest.
    package func refreshToken(_ digest: [UInt8]) throws(CallError) -> RefreshToken? {
        try first(
            """
            SELECT logins.id, users.id, users.email, logins.client_id, logins.scope, logins.created, logins.used,
                refresh_tokens.used
            FROM refresh_tokens JOIN logins ON logins.id = refresh_tokens.login_id JOIN users ON users.id = logins.user_id
            WHERE refresh_tokens.digest = ?
            """, .blob(digest)
        ) { row throws(CallError) in
            RefreshToken(
                loginID: row.text(0), person: TokenPerson(id: row.text(1), email: row.text(2)),
                clientID: row.text(3), scope: row.text(4), loggedIn: Timestamp(milliseconds: row.integer(5)),
                lastUse: Timestamp(milliseconds: row.integer(6)),
                spent: row.optionalInteger(7).map { Timestamp(milliseconds: $0) })
        }
    }

    /// How many programs may act for a person.
    package func loginCount(of userID: String) throws(CallError) -> Int {
        try count("SELECT count(*) FROM logins WHERE user_id = ?", .text(userID))
    }

    /// Whether some login has not been used for too long.
    package func hasIdleLogins(now: Timestamp) throws(CallError) -> Bool {
        try exists(
            "SELECT 1 FROM logins WHERE used < ? LIMIT 1",
            .integer((now - RefreshToken.idleLifetime).milliseconds))
    }

    /// The e-mail address that a one-time code is for; nil when there is none, or it is too old.
    package func passwordLink(_ digest: [UInt8], now: Timestamp) throws(CallError) -> String? {
        try first(
            "SELECT email FROM password_links WHERE digest = ? AND expires > ?", .blob(digest),
            .integer(now.milliseconds)
        ) { row throws(CallError) in row.text(0) }
    }
}

extension StateChange {
    /// Used tokens that are remembered of a login, to recognise copies.
    private static let remembered: Int64 = 50

    /// A person has logged in for a program.
    package func beginLogin(
        _ id: String, of userID: String, clientID: String, scope: String, token digest: [UInt8]
    ) throws(CallError) {
        try run(
            "INSERT INTO logins (id, user_id, client_id, scope, created, used) VALUES (?, ?, ?, ?, ?, ?)", .text(id),
            .text(userID), .text(clientID), .text(scope), .integer(now.milliseconds), .integer(now.milliseconds))
        try addToken(digest, to: id)
    }

    /// A refresh token was used; when there is a next one, it takes its place.
    package func useToken(_ digest: [UInt8], of loginID: String, next: [UInt8]?) throws(CallError) {
        try run("UPDATE logins SET used = ? WHERE id = ?", .integer(now.milliseconds), .text(loginID))
        guard let next else { return }
        // The first use counts: what is spent stays spent since then.
        try run(
            "UPDATE refresh_tokens SET used = ? WHERE digest = ? AND used IS NULL", .integer(now.milliseconds),
            .blob(digest))
        try addToken(next, to: loginID)
        try run(
            """
            DELETE FROM refresh_tokens WHERE login_id = ?1 AND used IS NOT NULL AND made <
                (SELECT min(made) FROM (SELECT made FROM refresh_tokens WHERE login_id = ?1 ORDER BY made DESC LIMIT ?2))
            """, .text(loginID), .integer(Self.remembered))
    }

    private func addToken(_ digest: [UInt8], to loginID: String) throws(CallError) {
        try run(
            "INSERT INTO refresh_tokens (digest, login_id, made) VALUES (?, ?, ?)", .blob(digest), .text(loginID),
            .integer(now.milliseconds))
    }

    /// A program may not act for the person any more. Nothing happens when it may not already.
    package func endLogin(_ id: String) throws(CallError) { try run("DELETE FROM logins WHERE id = ?", .text(id)) }

    /// No program may act for this person any more.
    ///
    /// - Returns: How many did.
    @discardableResult
    package func endLogins(of userID: String) throws(CallError) -> Int {
        try run("DELETE FROM logins WHERE user_id = ?", .text(userID))
    }

    /// Forgets what is over.
    package func forgetIdleLogins() throws(CallError) {
        try run("DELETE FROM logins WHERE used < ?", .integer((now - RefreshToken.idleLifetime).milliseconds))
        try run("DELETE FROM password_links WHERE expires <= ?", .integer(now.milliseconds))
    }

    /// Gives a person another password: every program has to log in again, and a link that waits is void.
    package func setPassword(_ hash: String, of user: UserRecord) throws(CallError) {
        try run("UPDATE users SET password = ? WHERE id = ?", .text(hash), .text(user.id))
        try run("DELETE FROM password_links WHERE email = ?", .text(user.email))
        let ended = try endLogins(of: user.id)
        try audit(.user, user.email, before: nil, after: ["password": "changed", "endedLogins": JSONValue(ended)])
    }

    /// The same password, hashed in another way: nothing else changes.
    package func rehash(_ hash: String, of userID: String, before: String) throws(CallError) {
        try run(
            "UPDATE users SET password = ? WHERE id = ? AND password = ?", .text(hash), .text(userID), .text(before))
    }

    /// Whoever has this one-time code may set the password of this address. A code from before is void.
    package func addPasswordLink(_ digest: [UInt8], for email: String, expires: Timestamp) throws(CallError) {
        try run(
            """
            INSERT INTO password_links (email, digest, expires) VALUES (?, ?, ?)
                ON CONFLICT (email) DO UPDATE SET digest = excluded.digest, expires = excluded.expires
            """, .text(email), .blob(digest), .integer(expires.milliseconds))
    }
}
