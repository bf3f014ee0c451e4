internal import JSON
internal import System
package import Time

/// Who is logged in where: `<context>.json` with mode 0600 in the folder `tokens` beside the contexts.
package struct TokenStore: Sendable {
    /// A login.
    package struct Login: Sendable, Equatable {
        /// Goes with every call; ends within hours.
        package var accessToken: String
        /// Gets the next one; empty when the server gave none.
        package var refreshToken: String
        /// When the access token ends.
        package var expires: Timestamp
        /// Who.
        package var email: String
        /// The issuer that gave them: a token is never sent to another one.
        package var auth: String

        /// A login of these parts.
        package init(accessToken: String, refreshToken: String, expires: Timestamp, email: String, auth: String) {
            self.accessToken = accessToken
            self.refreshToken = refreshToken
            self.expires = expires
            self.email = email
            self.auth = auth
        }
    }

    private let folder: String

    /// The store in a folder, which comes into being with the first login.
    package init(folder: String) { self.folder = folder }

    private func path(_ name: String) -> String { "\(folder)/\(name).json" }

    /// The login of a context, if somebody is logged in.
    ///
    /// - Throws: `.failed` when the file cannot be read, or others could read it, too.
    package func login(_ name: String) throws(PolderError) -> Login? {
        let file = path(name)
        do {
            guard let status = try File.status(file) else { return nil }
            guard status.mode & 0o077 == 0 else {
                throw PolderError.failed("\(file) is readable by others: chmod 600 \(file), or log in again")
            }
            let value = try JSONValue.parse(try File.read(file, limit: 1 << 20))
            guard let access = value["accessToken"]?.string, let expires = value["expiresAt"]?.int64 else { return nil }
            return Login(
                accessToken: access, refreshToken: value["refreshToken"]?.string ?? "",
                expires: Timestamp(milliseconds: expires * 1000), email: value["email"]?.string ?? "",
                auth: value["auth"]?.string ?? "")
        } catch let error as PolderError {
            throw error
        } catch {
            throw .failed("\(file): \(error)")
        }
    }

    /// Keeps a login.
    ///
    /// - Throws: `.failed` with what and why.
    package func keep(_ login: Login, of name: String) throws(PolderError) {
        let value: JSONValue = [
            "accessToken": .string(login.accessToken), "refreshToken": .string(login.refreshToken),
            "expiresAt": JSONValue(login.expires.milliseconds / 1000), "email": .string(login.email),
            "auth": .string(login.auth),
        ]
        do {
            try Directory.create(folder, mode: 0o700)
            try File.writeAtomically(path(name), value.bytes() + [UInt8(ascii: "\n")], mode: 0o600)
        } catch {
            throw .failed(error.description)
        }
    }

    /// Forgets a login.
    ///
    /// - Returns: False when nobody was logged in.
    /// - Throws: `.failed` with what and why.
    @discardableResult
    package func forget(_ name: String) throws(PolderError) -> Bool {
        do {
            return try File.remove(path(name))
        } catch {
            throw .failed(error.description)
        }
    }
}
