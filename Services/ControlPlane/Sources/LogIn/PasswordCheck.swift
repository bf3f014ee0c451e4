import Bytes
package import Crypto
import Net
import Synchronization
package import System
package import Time
package import Tokens

/// Decides whether somebody may log in with an e-mail address and a password. The one place where passwords are compared: every
/// form that asks for one goes through here, so all of them share one back-off.
package final class PasswordCheck: Sendable {
    /// What came of it.
    package enum Outcome: Sendable, Equatable {
        /// It is this person.
        case good(TokenPerson)
        /// Wrong password, nobody has this address, or the person has no password yet: one answer, after the same time.
        case wrong
        /// Too many failures; seconds until the next try. The password was not looked at.
        case wait(seconds: Int)
        /// Too many logins at once. The password was not looked at.
        case busy
    }

    /// Longest password that is looked at, in bytes.
    package static let byteLimit = 1024

    private let state: StateStore
    private let work: PasswordWork
    private let gate = Mutex(LoginGuard())
    private let devices: DeviceMarks
    private let nobody: PasswordHash
    private let clock: any WallClock
    private let telemetry: ControlPlaneTelemetry

    /// The check over its parts.
    ///
    /// - Throws: `CryptoError` when there is no randomness.
    package init(
        state: StateStore, work: PasswordWork, clock: any WallClock, telemetry: ControlPlaneTelemetry
    ) throws(CryptoError) {
        self.state = state
        self.work = work
        self.clock = clock
        self.telemetry = telemetry
        devices = try DeviceMarks()
        nobody = try PasswordHash.ofNobody()
    }

    /// Looks at a password. Takes about a quarter of a second, on the thread for that.
    ///
    /// - Parameter mark: What the browser keeps of an earlier login; nil when it keeps nothing.
    /// - Throws: What only a bug or a broken machine causes.
    package func check(
        email: String, password: String, network: PeerNetwork, mark: String?
    ) async throws -> Outcome {
        let outcome = try await decide(email, password, network, mark)
        telemetry.emit(.loginDecided(outcome))
        return outcome
    }

    private func decide(
        _ email: String, _ password: String, _ network: PeerNetwork, _ mark: String?
    ) async throws -> Outcome {
        // Longer ones are nobody's: they share one count.
        let account = email.utf8.count <= 254 ? email.lowercased() : ""
        let device = if let mark { try devices.device(of: account, mark: mark) } else { nil as String? }
        let attempt = LoginGuard.Attempt(account: account, network: network, device: device)
        let now = clock.now()
        if let seconds = gate.withLock({ $0.begin(attempt, now: now) }) { return .wait(seconds: seconds) }
        guard !account.isEmpty, password.utf8.count <= Self.byteLimit else { return .wrong }
        let bytes = Array(password.utf8)
        do {
            guard let person = try await work.run({ [self] in try find(email, bytes) }) else { return .wrong }
            gate.withLock { $0.succeeded(attempt) }
            return .good(person)
        } catch is PasswordWork.Busy {
            gate.withLock { $0.undecided(attempt) }
            return .busy
        }
    }

    /// What a browser may keep, to be known the next time.
    ///
    /// - Throws: `CryptoError` when OpenSSL fails.
    package func mark(for person: TokenPerson) throws(CryptoError) -> String {
        try devices.mark(for: person.email.lowercased())
    }

    /// On the thread for passwords.
    private func find(_ email: String, _ password: [UInt8]) throws -> TokenPerson? {
        let user = try state.read { view throws(CallError) in try view.user(email: email) }
        let stored = user?.password.flatMap { PasswordHash($0) }
        let isRight = try (stored ?? nobody).isMade(from: SecretBytes(copying: password))
        guard isRight, let user, let stored else { return nil }
        if stored.cost != .standard {
            let hash = try PasswordHash(of: SecretBytes(copying: password)).text
            try state.writeBlocking(by: .system, "rehash") { change throws(CallError) in
                try change.rehash(hash, of: user.id, before: stored.text)
            }
        }
        return TokenPerson(id: user.id, email: user.email)
    }
}

/// What a browser keeps of a login that went well, so that its next tries are counted apart from those of strangers.
///
/// `<random>.<code>`, base64url; the code binds it to the account. The key lives as long as the process: after a restart a browser
/// is a stranger until its next login.
private final class DeviceMarks: Sendable {
    private let key: [UInt8]

    init() throws(CryptoError) { key = try SecureRandom.bytes(32) }

    func mark(for account: String) throws(CryptoError) -> String {
        let device = Base64.encode(try SecureRandom.bytes(16), .url)
        return "\(device).\(try code(device, account))"
    }

    /// The browser, when the mark is one of ours for this account.
    func device(of account: String, mark: String) throws(CryptoError) -> String? {
        let parts = mark.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, mark.utf8.count <= 128 else { return nil }
        let device = String(parts[0])
        return constantTimeEqual(Array(parts[1].utf8), Array(try code(device, account).utf8)) ? device : nil
    }

    private func code(_ device: String, _ account: String) throws(CryptoError) -> String {
        Base64.encode(
            try HMACSHA256.code(for: Array("device|\(device)|\(account)".utf8), key: SecretBytes(copying: key)), .url)
    }
}
