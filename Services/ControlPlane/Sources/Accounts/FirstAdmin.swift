import Crypto
import JSON
package import System

/// Makes sure that somebody may do everything: at the first start an admin, with a random password in a file.
///
///     <state>/secrets/admin-password        mode 0600
///
/// The file may be there before the first start (a mounted secret); then its password is taken. As long as it is there it is in
/// force: whoever can write in the state folder can put a new password into it and start the service again. It goes when the admin
/// chooses a password of their own.
package struct FirstAdmin: Sendable {
    private let email: String
    private let folder: String
    private let state: StateStore

    /// Where the password is in a state folder.
    package static func passwordFile(_ stateFolder: String) -> String { "\(stateFolder)/secrets/admin-password" }

    private var path: String { Self.passwordFile(folder) }

    /// The admin with this address.
    package init(email: EmailAddress, stateFolder: String, state: StateStore) {
        self.email = email.text
        folder = stateFolder
        self.state = state
    }

    /// Makes the file and the account of an admin when there is no admin. Blocks on the disk.
    ///
    /// - Returns: Whether an admin was made; it has no password until `applyFile`.
    /// - Throws: `UnusableAdminPassword`, `SystemError`, `CallError`.
    package func make() throws -> Bool {
        let isMissing = try state.read { view throws(CallError) in
            guard try view.adminCount() == 0 else { return false }
            return try view.user(email: email) == nil
        }
        if isMissing, try File.status(path) == nil {
            try Directory.create("\(folder)/secrets", mode: 0o700)
            // Thirty letters and digits are more than anybody guesses.
            _ = try File.createExclusively(path, Array("\(try StateSecrets.newSecret())\n".utf8), mode: 0o600)
        }
        _ = try password()
        guard isMissing else { return false }
        try state.writeBlocking(by: .system, "first admin") { change throws(CallError) in
            let admin = UserRecord(email: email, roles: [.admin, .member], password: nil, created: change.now)
            try change.add(admin)
            try change.audit(.user, email, before: nil, after: ["email": .string(email), "userRoles": ["ADMIN"]])
        }
        return true
    }

    /// Puts the file's password in force, if it is not already. Blocks on the disk, and for as long as one or two hashes take.
    ///
    /// - Returns: Whether the admin had another password before.
    /// - Throws: As `make`, and `CryptoError`.
    package func applyFile() throws -> Bool {
        guard let password = try password(),
            let user = try state.read({ view throws(CallError) in try view.user(email: email) })
        else { return false }
        if let stored = user.password.flatMap({ PasswordHash($0) }),
            try stored.isMade(from: SecretBytes(copying: password))
        {
            return false
        }
        let hash = try PasswordHash(of: SecretBytes(copying: password)).text
        try state.writeBlocking(by: .system, "admin password file") { change throws(CallError) in
            try change.setPassword(hash, of: user)
        }
        return true
    }

    /// Somebody chose a password of their own: if it is this admin, what the file says is over. Blocks on the disk.
    ///
    /// - Throws: `SystemError` when it cannot be removed.
    package func passwordChanged(of email: String) throws(SystemError) {
        if email.lowercased() == self.email.lowercased() { try File.remove(path) }
    }

    /// What the file says; nil when there is none. A line end behind it does not count.
    private func password() throws -> [UInt8]? {
        guard try File.status(path) != nil else { return nil }
        var bytes = try File.read(path, limit: 4096)
        while let last = bytes.last, last == UInt8(ascii: "\n") || last == UInt8(ascii: "\r") { bytes.removeLast() }
        guard NewPassword.shortest...PasswordCheck.byteLimit ~= bytes.count else {
            throw UnusableAdminPassword(path: path)
        }
        return bytes
    }
}

/// The admin's file holds no password that would be taken.
package struct UnusableAdminPassword: Error, CustomStringConvertible {
    /// The file.
    package let path: String

    /// With what to do about it.
    package var description: String {
        "\(path) must hold \(NewPassword.shortest) to \(PasswordCheck.byteLimit) bytes; remove it, or put a password there"
    }
}
