import Bytes
import Crypto
import JSON
package import Time

/// One-time links with which somebody sets their own password: for whoever was invited, and for whoever forgot theirs.
///
/// This service sends no e-mail. Whoever made the link passes it on.
package struct PasswordLinks: Sendable {
    /// How long a link is good.
    package static let lifetime = Duration.days(7)

    private let state: StateStore
    private let base: String
    private let clock: any WallClock

    /// Links to pages below `base`.
    package init(state: StateStore, base: String, clock: any WallClock) {
        self.state = state
        self.base = base
        self.clock = clock
    }

    /// Makes a link for an address that has an account or an invitation. A link from before is void.
    ///
    /// - Throws: `CallError.notFound` when it has neither.
    package func make(for email: String, by actor: Actor) async throws -> String {
        let code = Base64.encode(try SecureRandom.bytes(32), .url)
        let digest = try Self.digest(code)
        let expires = clock.now() + Self.lifetime
        try await state.write(by: actor, "password link") { change throws(CallError) in
            let hasAccount = try change.view.user(email: email) != nil
            let isInvited = try change.view.invite(email: email).map { $0.isOpen } ?? false
            guard hasAccount || isInvited else { throw .notFound(.user, email) }
            try change.addPasswordLink(digest, for: email, expires: expires)
            try change.audit(
                hasAccount ? .user : .invite, email, before: nil, after: ["passwordLink": .string(expires.text)])
        }
        return "\(base)/auth/password/\(code)"
    }

    /// The address that a link is for; nil when it is void.
    ///
    /// - Throws: `CallError.state`, `CryptoError`.
    package func email(_ code: String) throws -> String? {
        let digest = try Self.digest(code)
        return try state.read { view throws(CallError) in try view.passwordLink(digest, now: clock.now()) }
    }

    /// Uses a link: sets the password, and makes the account of whoever was invited.
    ///
    /// - Parameter hash: The text of a `PasswordHash`.
    /// - Returns: Who it is now; nil when the link is void.
    package func use(_ code: String, hash: String) async throws -> UserRecord? {
        let digest = try Self.digest(code)
        return try await state.write(by: .system, "password link") { change throws(CallError) in
            guard let email = try change.view.passwordLink(digest, now: change.now) else { return nil }
            if let user = try change.view.user(email: email) {
                try change.setPassword(hash, of: user)
                return user
            }
            guard var invite = try change.view.invite(email: email), invite.isOpen else { return nil }
            let user = UserRecord(email: invite.email, roles: invite.roles, password: nil, created: change.now)
            try change.add(user)
            try change.audit(.user, user.email, before: nil, after: ["email": .string(user.email)])
            try change.setPassword(hash, of: user)
            invite.complete()
            try change.put(invite)
            return user
        }
    }

    private static func digest(_ code: String) throws(CryptoError) -> [UInt8] { try SHA256.hash(Array(code.utf8)) }
}

extension InviteRecord {
    /// `UserInvite.State` PENDING and NOTIFIED: it can still be taken up.
    package var isOpen: Bool { state == 1 || state == 2 }

    /// What the user will be allowed to do: the bit of the role's number, as `Roles` has it.
    fileprivate var roles: Roles { role == 0 ? .member : Roles(rawValue: 1 << Int64(role)) }

    /// `UserInvite.State` COMPLETED.
    fileprivate mutating func complete() { state = 3 }
}
