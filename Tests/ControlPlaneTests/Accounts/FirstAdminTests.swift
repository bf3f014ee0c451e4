import ControlPlane
import Crypto
import TestKit
import Testing

@Suite struct FirstAdminTests {
    private let state: TestState
    private let store: StateStore
    private let admin: FirstAdmin
    private let file = "secrets/admin-password"

    init() throws {
        state = try TestState()
        store = try state.open()
        admin = try Self.admin("admin@polder.local", state, store)
    }

    private static func admin(_ email: String, _ state: TestState, _ store: StateStore) throws -> FirstAdmin {
        FirstAdmin(email: try #require(EmailAddress(email)), stateFolder: state.folder.path, state: store)
    }

    private func user(_ email: String = "admin@polder.local") throws -> UserRecord? {
        try store.read { view throws(CallError) in try view.user(email: email) }
    }

    private func hasPassword(_ text: String) throws -> Bool {
        guard let hash = try user()?.password.flatMap({ PasswordHash($0) }) else { return false }
        return try hash.isMade(from: SecretBytes(copying: Array(text.utf8)))
    }

    @Test func `the first start makes an admin and a file that only its owner reads, later starts change nothing`()
        throws
    {
        #expect(try admin.make())
        #expect(try state.folder.mode(of: file) == 0o600)
        let password = String(try state.folder.readText(file).dropLast())
        #expect(password.utf8.count == 30)
        #expect(try user()?.roles.contains(.admin) == true)
        #expect(try user()?.password == nil)
        #expect(try admin.applyFile())
        #expect(try hasPassword(password))
        #expect(try !admin.make())
        #expect(try !admin.applyFile())
        #expect(try state.folder.readText(file) == password + "\n")
        let trail = try store.read { view throws(CallError) in try view.auditEntries(AuditFilter(), limit: 10) }
        #expect(trail.allSatisfy { !"\($0)".contains(password) && !"\($0)".contains("scrypt") })
    }

    @Test func `a start that was cut short is finished by the next one`() throws {
        // Killed between the file and the account.
        try state.folder.makeFolder("secrets")
        try state.folder.write(file, text: "made before the kill\n")
        #expect(try admin.make())
        // Killed before the hash.
        let next = try Self.admin("admin@polder.local", state, store)
        #expect(try !next.make())
        #expect(try next.applyFile())
        #expect(try hasPassword("made before the kill"))
    }

    @Test func `whoever holds the state folder can put another password there`() throws {
        _ = try admin.make()
        _ = try admin.applyFile()
        try state.folder.write(file, text: "the one that I remember\r\n")
        #expect(try admin.applyFile())
        #expect(try hasPassword("the one that I remember"))
    }

    @Test func `the file goes when the admin chooses another password, not when somebody else does`() throws {
        _ = try admin.make()
        try admin.passwordChanged(of: "somebody@polder.local")
        #expect(state.folder.has(file))
        try admin.passwordChanged(of: "Admin@polder.local")
        #expect(!state.folder.has(file))
        #expect(try !admin.make())
        #expect(try !admin.applyFile())
        #expect(!state.folder.has(file))
    }

    @Test func `when there is an admin already, no other one is made`() throws {
        _ = try admin.make()
        let other = try Self.admin("other@polder.local", state, store)
        #expect(try !other.make())
        #expect(try user("other@polder.local") == nil)
    }

    @Test func `a file without a usable password is refused`() throws {
        try state.folder.makeFolder("secrets")
        try state.folder.write(file, text: "short\n")
        #expect(throws: UnusableAdminPassword.self) { try admin.make() }
        #expect(try user() == nil)
    }
}
