import KeyVault
import TestKit
import Testing

@Suite struct PlaneSecretsTests {
    @Test func `both secrets are made on the first start`() throws {
        let folder = try TemporaryFolder()
        _ = try PlaneSecrets.keyEncryptionKey(folder.path, provisioned: nil, creating: true)
        _ = try PlaneSecrets.hashKey(folder.path, creating: true)
        #expect(try folder.names(in: "secrets") == ["kek", "subject-hash.key"])
        #expect(try folder.mode(of: "secrets/kek") == 0o600)
    }

    @Test func `a secret that has been lost is never replaced`() throws {
        let folder = try TemporaryFolder()
        try folder.makeFolder("keys")
        try folder.write("keys/keys.db", text: "keys of people")
        let kek = folder.file("secrets/kek")
        let vault = folder.file("keys/keys.db")
        let lost = "missing; restore it from a backup: without it nothing in \(vault) can be read"
        #expect(throws: KeyVaultError.unusableSecret(path: kek, reason: lost)) {
            _ = try PlaneSecrets.keyEncryptionKey(folder.path, provisioned: nil, creating: true)
        }
        #expect(throws: KeyVaultError.unusableSecret(path: folder.file("secrets/subject-hash.key"), reason: lost)) {
            _ = try PlaneSecrets.hashKey(folder.path, creating: true)
        }
        #expect(!folder.has("secrets"))
    }

    @Test func `a lost key store is not made anew while topics hold events`() throws {
        let folder = try TemporaryFolder()
        try folder.makeFolder("topics")
        _ = try PlaneSecrets.hashKey(folder.path, creating: true)
        _ = try PlaneSecrets.keyEncryptionKey(folder.path, provisioned: nil, creating: true)
        try folder.makeFolder("topics/stream-demo")
        try folder.makeFolder("topics/billing")
        try folder.write("topics/billing/log.db", text: "counts")
        _ = try PlaneSecrets.hashKey(folder.path, creating: true)
        try folder.write("topics/stream-demo/log.db", text: "events")
        let error = #expect(throws: KeyVaultError.self) { _ = try PlaneSecrets.hashKey(folder.path, creating: true) }
        #expect(error?.isMisplacedSecret == true)
        #expect(error?.description.hasPrefix("\(folder.file("keys/keys.db")): is missing") == true)
        #expect(error?.description.contains("move that folder away") == true)
        try folder.makeFolder("keys")
        try folder.write("keys/keys.db", text: "keys of people")
        _ = try PlaneSecrets.hashKey(folder.path, creating: true)
    }

    @Test func `one that is provisioned is never made, and needs none in the state folder`() throws {
        let folder = try TemporaryFolder()
        let path = folder.file("provisioned")
        #expect(throws: KeyVaultError.self) {
            _ = try PlaneSecrets.keyEncryptionKey(folder.path, provisioned: path, creating: true)
        }
        try folder.write("provisioned", [UInt8](repeating: 7, count: 32))
        _ = try PlaneSecrets.keyEncryptionKey(folder.path, provisioned: path, creating: true)
        #expect(try folder.names() == ["provisioned"])
    }
}
