internal import System
internal import Time

/// Keeps a login alive: gets the next access token before the old one ends, and logs in the admin of a local plane.
struct LoginKeeper: Sendable {
    private let address: ControlPlaneAddress
    private let context: CommandContext

    init(_ address: ControlPlaneAddress, _ context: CommandContext) {
        self.address = address
        self.context = context
    }

    /// An access token that is good for at least half a minute.
    ///
    /// - Throws: `.refused` when nobody is logged in, with what to do about it.
    func current(mayLogIn: Bool) async throws(PolderError) -> TokenStore.Login {
        let folder = try ContextFile(environment: context.environment).tokenFolder
        let store = TokenStore(folder: folder)
        if let login = try known(store) { return login }
        // A refresh token is used once (RFC 9700 §4.14.2): of several commands that start together one refreshes.
        let turn = try await turn(in: folder)
        defer { turn.end() }
        if let login = try known(store) { return login }
        if let old = try store.login(address.loginName), old.auth == address.auth, !old.refreshToken.isEmpty {
            do throws(PolderError) {
                let fresh = try await Issuer(address).refreshed(old)
                try store.keep(fresh, of: address.loginName)
                return fresh
            } catch {
                guard case .refused = error else { throw error }
                try store.forget(address.loginName)
                guard mayLogIn, address.account != nil else { throw error }
            }
        }
        guard mayLogIn, let account = address.account else {
            throw .refused("nobody is logged in; do it with: polder login --context \(address.context.name)")
        }
        context.console.note(
            "polder: using the local admin \(account.email), with the password in \(account.passwordFile)")
        let login = try await LoginCommand.login(
            .polder, .password(email: account.email, file: account.passwordFile), address, context)
        try store.keep(login, of: address.loginName)
        return login
    }

    /// The login that is kept, while its access token lasts. A token goes to the issuer that gave it, and to no other one.
    private func known(_ store: TokenStore) throws(PolderError) -> TokenStore.Login? {
        guard let login = try store.login(address.loginName), login.auth == address.auth,
            login.expires.milliseconds - SystemClock().now().milliseconds > 30_000
        else { return nil }
        return login
    }

    private func turn(in folder: String) async throws(PolderError) -> Turn {
        let end = MonotonicTime.now() + .seconds(30)
        while true {
            do {
                try Directory.create(folder, mode: 0o700)
                return Turn(lock: try FileLock("\(folder)/\(address.loginName).lock"))
            } catch {
                guard case .locked = error, MonotonicTime.now() < end else { throw .failed(error.description) }
            }
            do { try await Task.sleep(for: .milliseconds(20)) } catch { throw .interrupted }
        }
    }

    /// Held by the one command that gets a new token.
    private final class Turn: Sendable {
        private let lock: FileLock

        init(lock: consuming FileLock) { self.lock = lock }

        /// Says how long it must live.
        func end() {}
    }
}
