import Crypto
import EventLoop
import Faults
import KeyVault
import SQLite
import TestKit
import Testing
import Time

/// The vault on a disk that misbehaves.
@Suite struct FaultTests {
    let fixture: VaultFixture
    let disk: FaultyDisk

    init() throws {
        fixture = try VaultFixture()
        disk = FaultyDisk(under: fixture.folder.path)
    }

    private func error(_ vault: SQLiteKeyVault, _ person: String) async -> KeyVaultError? {
        await fixture.resolve(vault, [KeyRequest(stream: "demo", keyField: PlainBytes(Array(person.utf8)))])[0].error
    }

    @Test func `one failed sync ends new keys until the vault is opened anew; keys that exist are still found`()
        async throws
    {
        let vault = try fixture.vault()
        let known = try await fixture.key(vault, "known")
        disk.set { $0.failingSyncs = 1 }
        for person in ["a", "b", "c"] {
            guard case .store(.syncFailed)? = await error(vault, person) else {
                Issue.record("\(person): a disk that once did not confirm is not asked again")
                return
            }
        }
        #expect(try await fixture.key(vault, "known").isSameKey(as: known))
        #expect(throws: KeyVaultError.self) { try vault.purge(now: fixture.clock.now()) }
        vault.close()
        let reopened = try fixture.vault()
        #expect(try await fixture.key(reopened, "known").isSameKey(as: known))
        _ = try await fixture.key(reopened, "a")
        reopened.close()
    }

    @Test func `a checkpoint whose sync fails ends new keys too`() async throws {
        let vault = try fixture.vault()
        disk.set {
            $0.failingSyncs = 1
            $0.failingSyncSuffix = "keys.db"
        }
        let many = (0..<300).map { KeyRequest(stream: "demo", keyField: PlainBytes(Array("person-\($0)".utf8))) }
        // Durable before the checkpoint began: these are right.
        for outcome in await fixture.resolve(vault, many) { #expect(outcome.error == nil) }
        guard case .store(.syncFailed)? = await error(vault, "next") else {
            Issue.record("the checkpoint's failure was passed over")
            return
        }
        vault.close()
    }

    @Test func `a full disk and one that may only be read refuse new keys, and the vault goes on by itself`()
        async throws
    {
        let vault = try fixture.vault()
        _ = try await fixture.key(vault, "first")
        disk.set { $0.room = 10_000 }
        var refused: KeyVaultError?
        for number in 0..<20 where refused == nil { refused = await error(vault, "full-\(number)") }
        #expect(refused?.retry == .afterBackoff && refused?.blame == .upstream)
        disk.set { $0.room = nil }
        _ = try await fixture.key(vault, "b")
        disk.set { $0.isReadOnly = true }
        let second = await error(vault, "c")
        #expect(second?.retry == .afterBackoff)
        disk.set { $0.isReadOnly = false }
        _ = try await fixture.key(vault, "c")
        vault.close()
    }
}
