import Crypto
import KeyVault
import TestKit
import Testing

@Suite struct SecretFileTests {
    @Test func `a missing secret is made once, for its owner only`() throws {
        let folder = try TemporaryFolder()
        let first = try SecretFile.load(folder.file("kek"), creating: true)
        let second = try SecretFile.load(folder.file("kek"), creating: true)
        let same = first.isEqual(to: second)
        #expect(same)
        #expect(first.count == 32)
        #expect(try folder.names() == ["kek"])
        #expect(try folder.mode(of: "kek") == 0o600)
    }

    @Test func `racing makers read what one of them wrote`() async throws {
        let folder = try TemporaryFolder()
        let secrets = try await withThrowingTaskGroup(of: [UInt8].self) { group in
            for _ in 0..<16 {
                group.addTask {
                    try SecretFile.load(folder.file("kek"), creating: true).withBytes { [UInt8]($0) }
                }
            }
            return try await group.reduce(into: Set<[UInt8]>()) { $0.insert($1) }
        }
        #expect(secrets.count == 1)
    }

    @Test func `a missing secret that must be provisioned is an error`() throws {
        let folder = try TemporaryFolder()
        #expect(throws: KeyVaultError.self) { _ = try SecretFile.load(folder.file("kek"), creating: false) }
        #expect(try folder.names().isEmpty)
    }

    @Test(arguments: [0, 31, 33])
    func `a secret of another length is refused`(_ count: Int) throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("kek", [UInt8](repeating: 7, count: count))
        #expect(throws: KeyVaultError.unusableSecret(path: path, reason: "must hold exactly 32 bytes")) {
            _ = try SecretFile.load(path, creating: true)
        }
    }

    @Test func `a secret that everybody may read is refused`() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("kek", [UInt8](repeating: 7, count: 32), mode: 0o644)
        #expect(throws: KeyVaultError.unusableSecret(path: path, reason: "everybody may read it; chmod 600 it")) {
            _ = try SecretFile.load(path, creating: true)
        }
    }
}
