import Crypto
import EventLoop
import KeyVault
import Privacy
import TestKit
import Time

/// A folder with one vault file and its secrets, a loop, and a clock.
final class VaultFixture: Sendable {
    let folder: TemporaryFolder
    let loop: EventLoop
    let clock = ManualClock()
    var path: String { folder.file("keys.db") }

    init() throws {
        folder = try TemporaryFolder()
        loop = try EventLoop(name: "test")
    }

    deinit { loop.stop() }

    func kek() throws -> SecretBytes { try SecretFile.load(folder.file("kek"), creating: true) }

    func hash() throws -> PersonHash {
        try PersonHash(owning: SecretFile.load(folder.file("hash.key"), creating: true))
    }

    func vault(_ change: (inout SQLiteKeyVault.Options) -> Void = { _ in }) throws -> SQLiteKeyVault {
        var options = SQLiteKeyVault.Options()
        change(&options)
        return try SQLiteKeyVault(path: path, kek: kek(), hash: hash(), options: options)
    }

    func reader() throws -> SQLiteKeyReader { try SQLiteKeyReader(path: path, kek: kek()) }

    func resolve(_ vault: SQLiteKeyVault, _ requests: [KeyRequest]) async -> [KeyOutcome] {
        await withCheckedContinuation { continuation in
            vault.resolve(requests, now: clock.now(), on: loop) { continuation.resume(returning: $0) }
        }
    }

    /// The key of one person, which must be had.
    func key(
        _ vault: SQLiteKeyVault, _ person: String, stream: String = "demo", subject: String? = nil,
        policy: KeyPolicy = .standard
    ) async throws -> StoredKey {
        try await resolve(
            vault,
            [
                KeyRequest(
                    stream: stream, keyField: PlainBytes(Array(person.utf8)),
                    subject: subject.map { PlainBytes(Array($0.utf8)) },
                    policy: policy)
            ])[0].get()
    }
}

extension KeyOutcome {
    func get() throws -> StoredKey {
        switch self {
        case .key(let key, _): return key
        case .failed(let error): throw error
        }
    }

    var error: KeyVaultError? {
        if case .failed(let error) = self { error } else { nil }
    }
}

extension StoredKey {
    func isSameKey(as other: StoredKey) -> Bool {
        link == other.link && key.id == other.key.id && key.material.isEqual(to: other.key.material)
    }
}
