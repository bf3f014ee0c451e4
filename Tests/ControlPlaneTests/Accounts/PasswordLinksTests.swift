import ControlPlane
import TestKit
import Testing
import Time

@Suite struct PasswordLinksTests {
    private let state: TestState
    private let store: StateStore
    private let links: PasswordLinks
    private let guest = "guest@polder.local"

    init() throws {
        state = try TestState()
        store = try state.open()
        links = PasswordLinks(state: store, base: "https://h", clock: state.clock)
    }

    private func invite(state invitation: Int32 = 1, role: Int32 = 3) throws {
        let now = state.clock.now()
        try store.writeBlocking(by: .system, "test") { change throws(CallError) in
            try change.put(InviteRecord(email: "guest@polder.local", role: role, state: invitation, invited: now))
        }
    }

    private func makeCode() async throws -> String {
        let link = try await links.make(for: guest, by: .system)
        #expect(link.hasPrefix("https://h/auth/password/"))
        return String(link.dropFirst("https://h/auth/password/".count))
    }

    @Test func `whoever was invited gets an account with the role of the invitation, once`() async throws {
        try invite()
        let code = try await makeCode()
        #expect(try links.email(code) == guest)
        let user = try #require(try await links.use(code, hash: "hash"))
        #expect(user.roles == [.approver] || user.roles == [.approver, .member])
        #expect(try links.email(code) == nil)
        #expect(try await links.use(code, hash: "other") == nil)
        let (stored, invitation) = try store.read { view throws(CallError) in
            (try view.user(email: guest), try view.invite(email: guest))
        }
        #expect(stored?.password == "hash")
        #expect(stored?.roles.contains(.approver) == true)
        #expect(invitation?.state == 3)
        #expect(invitation?.isOpen == false)
    }

    @Test func `a link lasts for a week`() async throws {
        try invite()
        let code = try await makeCode()
        state.clock.advance(by: .days(7) - .milliseconds(1))
        #expect(try links.email(code) == guest)
        state.clock.advance(by: .milliseconds(1))
        #expect(try links.email(code) == nil)
        #expect(try await links.use(code, hash: "hash") == nil)
    }

    @Test func `a new link voids the one before, and another password voids the link`() async throws {
        try invite()
        let first = try await makeCode()
        let second = try await makeCode()
        #expect(try links.email(first) == nil)
        let user = try #require(try await links.use(second, hash: "hash"))
        let third = try await makeCode()
        try store.writeBlocking(by: .system, "test") { change throws(CallError) in
            try change.setPassword("by other means", of: user)
        }
        #expect(try links.email(third) == nil)
    }

    @Test(arguments: [0, 3, 4] as [Int32])
    func `an invitation that is over gives no link`(_ invitation: Int32) async throws {
        try invite(state: invitation)
        await #expect(throws: CallError.notFound(.user, guest)) { try await links.make(for: guest, by: .system) }
    }

    @Test func `an invitation that is taken back after the link was made makes no account`() async throws {
        try invite()
        let code = try await makeCode()
        try invite(state: 4)
        #expect(try await links.use(code, hash: "hash") == nil)
        #expect(try store.read { view throws(CallError) in try view.user(email: guest) } == nil)
    }

    @Test func `nobody gets a link for an address that nobody has`() async throws {
        await #expect(throws: CallError.self) { try await links.make(for: "x@y.example", by: .system) }
    }
}
