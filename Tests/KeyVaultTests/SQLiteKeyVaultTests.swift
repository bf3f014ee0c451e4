import Crypto
import EventLoop
import Faults
import KeyVault
import Privacy
import SQLite
import Synchronization
import TestKit
import Testing
import Time
import Wire

@Suite struct SQLiteKeyVaultTests {
    @Test func `a person keeps one key for 24 hours, then gets another`() async throws {
        let fixture = try VaultFixture()
        let vault = try fixture.vault()
        let first = try await fixture.key(vault, "ann")
        fixture.clock.advance(by: .hours(24) - .milliseconds(1))
        let second = try await fixture.key(vault, "ann")
        #expect(second.isSameKey(as: first))
        fixture.clock.advance(by: .milliseconds(1))
        let third = try await fixture.key(vault, "ann")
        #expect(third.link != first.link)
        #expect(!third.isSameKey(as: first))
        #expect(third.window.start == first.window.start + .hours(24))
    }

    @Test func `another person and another stream have other keys`() async throws {
        let fixture = try VaultFixture()
        let vault = try fixture.vault()
        let keys = [
            try await fixture.key(vault, "ann"), try await fixture.key(vault, "bob"),
            try await fixture.key(vault, "ann", stream: "shop"), try await fixture.key(vault, ""),
        ]
        #expect(Set(keys.map(\.link)).count == 4)
    }

    @Test func `one call that asks twice for a person gets one key, in the order asked`() async throws {
        let fixture = try VaultFixture()
        let vault = try fixture.vault()
        let people = ["ann", "bob", "ann", "cid", "bob"]
        let keys = try await fixture.resolve(
            vault, people.map { KeyRequest(stream: "demo", keyField: PlainBytes(Array($0.utf8))) }
        )
        .map { try $0.get() }
        #expect(keys[0].link == keys[2].link)
        #expect(keys[1].link == keys[4].link)
        #expect(Set(keys.map(\.link)).count == 3)
    }

    @Test func `keys survive a restart`() async throws {
        let fixture = try VaultFixture()
        let vault = try fixture.vault()
        let before = try await fixture.key(vault, "ann")
        vault.close()
        let after = try await fixture.key(try fixture.vault(), "ann")
        #expect(after.isSameKey(as: before))
        #expect(after.window == before.window)
        #expect(after.expires == before.expires)
    }

    @Test func `vaults that race on one file agree on one key per person`() async throws {
        let fixture = try VaultFixture()
        let vaults = try (0..<4).map { _ in try fixture.vault() }
        let people = (0..<40).map { "person-\($0)" }
        let links = await withTaskGroup(of: [[KeyLink?]].self) { group in
            for vault in vaults {
                for turn in 0..<3 {
                    group.addTask {
                        // Each racer meets the people in another order and in small calls.
                        var found: [[KeyLink?]] = people.map { _ in [] }
                        for step in 0..<people.count {
                            let index = (step * (turn * 2 + 3) + turn) % people.count
                            let outcome = await fixture.resolve(
                                vault, [KeyRequest(stream: "demo", keyField: PlainBytes(Array(people[index].utf8)))])
                            var link: KeyLink?
                            if case .key(let key, _) = outcome[0] { link = key.link }
                            found[index].append(link)
                        }
                        return found
                    }
                }
            }
            var all: [[KeyLink?]] = people.map { _ in [] }
            for await found in group { for index in people.indices { all[index] += found[index] } }
            return all
        }
        for found in links {
            #expect(!found.contains(nil))
            #expect(Set(found).count == 1)
        }
        #expect(Set(links.flatMap { $0 }).count == people.count)
    }

    @Test func `a key and its expiry follow the stream's policy`() async throws {
        let fixture = try VaultFixture()
        let vault = try fixture.vault()
        let policy = KeyPolicy(id: "0f0e0d0c-0b0a-4908-8706-050403020100", retention: .days(30))
        let key = try await fixture.key(vault, "ann", policy: policy)
        #expect(key.policyID == policy.id)
        #expect(key.expires == fixture.clock.now() + .days(30))
        let standard = try await fixture.key(vault, "bob")
        #expect(standard.policyID == "")
        #expect(standard.expires == fixture.clock.now() + .days(2556))
    }

    @Test func `a key lives until its expiry, and never less than the last event that it sealed`() async throws {
        let fixture = try VaultFixture()
        let vault = try fixture.vault { $0.logRetention = .days(7) }
        let start = fixture.clock.now()
        let short = try await fixture.key(vault, "ann", policy: KeyPolicy(id: "", retention: .days(1)))
        let long = try await fixture.key(vault, "bob", policy: KeyPolicy(id: "", retention: .days(30)))
        let reader = try fixture.reader()
        #expect(try vault.purge(now: start + .days(8) + .hours(1) - .milliseconds(1)) == 0)
        #expect(try vault.purge(now: start + .days(8) + .hours(1)) == 1)
        #expect(try reader.key(for: short.link) == nil)
        #expect(try reader.key(for: long.link)?.isSameKey(as: long) == true)
        #expect(try vault.purge(now: start + .days(30)) == 1)
        #expect(try reader.key(for: long.link) == nil)
        let counts = try fixture.counts()
        #expect(counts == ["data_key": 0, "current_key": 0, "subject_key": 0])
    }

    @Test func `purging one old key keeps the person's newer one`() async throws {
        let fixture = try VaultFixture()
        let vault = try fixture.vault()
        let policy = KeyPolicy(id: "", retention: .days(1))
        _ = try await fixture.key(vault, "ann", subject: "Ann", policy: policy)
        fixture.clock.advance(by: .days(7))
        let newer = try await fixture.key(vault, "ann", subject: "Ann", policy: policy)
        #expect(try vault.purge(now: fixture.clock.now() + .days(1) + .hours(1)) == 1)
        #expect(try await fixture.key(vault, "ann", subject: "Ann", policy: policy).isSameKey(as: newer))
        #expect(try fixture.counts() == ["data_key": 1, "current_key": 1, "subject_key": 1])
    }

    @Test func `a raised log retention counts for the keys that exist, and so does a lowered one`() async throws {
        let fixture = try VaultFixture()
        let start = fixture.clock.now()
        let first = try fixture.vault { $0.logRetention = .days(7) }
        _ = try await fixture.key(first, "ann", policy: KeyPolicy(id: "", retention: .days(1)))
        first.close()
        let raised = try fixture.vault { $0.logRetention = .days(30) }
        #expect(try raised.purge(now: start + .days(30)) == 0)
        raised.close()
        let lowered = try fixture.vault { $0.logRetention = .days(2) }
        #expect(try lowered.purge(now: start + .days(3)) == 0)
        #expect(try lowered.purge(now: start + .days(3) + .hours(1)) == 1)
    }

    @Test func `each pair of data subject and key has a row, new pairs on an old key too`() async throws {
        let fixture = try VaultFixture()
        let vault = try fixture.vault()
        let first = try await fixture.key(vault, "session-1", subject: "ann")
        let second = try await fixture.key(vault, "session-1", subject: "bob")
        #expect(first.link == second.link)
        _ = try await fixture.key(vault, "session-1", subject: "bob")
        _ = try await fixture.key(vault, "session-2", subject: "ann")
        _ = try await fixture.key(vault, "session-3")
        #expect(try fixture.counts() == ["data_key": 3, "current_key": 3, "subject_key": 3])
    }

    @Test func `neither people, nor keys, nor the wrapping key are readable in the file`() async throws {
        let fixture = try VaultFixture()
        let vault = try fixture.vault()
        let key = try await fixture.key(vault, "canary-key-field-value", subject: "canary-subject-value")
        vault.close()
        let secrets = [
            Array("canary-key-field-value".utf8), Array("canary-subject-value".utf8),
            key.key.material.withBytes { [UInt8]($0[0..<16]) }, key.key.material.withBytes { [UInt8]($0[32..<48]) },
            try fixture.kek().withBytes { [UInt8]($0) },
        ]
        for name in try fixture.folder.names() where name.hasPrefix("keys.db") {
            let content = try fixture.folder.read(name)
            for secret in secrets { #expect(!content.contains(sequence: secret)) }
        }
    }

    @Test func `a file made under another key-encryption key is refused, by writers and readers`() async throws {
        let fixture = try VaultFixture()
        let vault = try fixture.vault()
        _ = try await fixture.key(vault, "ann")
        vault.close()
        try fixture.folder.write("kek", [UInt8](repeating: 1, count: 32))
        #expect(throws: KeyVaultError.wrongKeyEncryptionKey(path: fixture.path)) { _ = try fixture.vault() }
        #expect(throws: KeyVaultError.wrongKeyEncryptionKey(path: fixture.path)) { _ = try fixture.reader() }
    }

    @Test func `a file made under another hash key is refused`() async throws {
        let fixture = try VaultFixture()
        try fixture.vault().close()
        try fixture.folder.write("hash.key", [UInt8](repeating: 1, count: 32))
        #expect(throws: KeyVaultError.wrongHashKey(path: fixture.path)) { _ = try fixture.vault() }
    }

    @Test func `a wrapped key that was moved to another row does not open`() async throws {
        let fixture = try VaultFixture()
        let vault = try fixture.vault()
        let ann = try await fixture.key(vault, "ann")
        let bob = try await fixture.key(vault, "bob")
        vault.close()
        let database = try Database(fixture.path, Database.Options(.write))
        try database.execute("CREATE TEMP TABLE copy AS SELECT link, wrapped FROM data_key")
        try database.execute(
            "UPDATE data_key SET wrapped = (SELECT wrapped FROM temp.copy WHERE copy.link <> data_key.link)")
        let reader = try fixture.reader()
        #expect(throws: KeyVaultError.damagedKey(ann.link)) { _ = try reader.key(for: ann.link) }
        #expect(throws: KeyVaultError.damagedKey(bob.link)) { _ = try reader.key(for: bob.link) }
    }

    @Test func `a file of a newer format is refused and left alone`() throws {
        let fixture = try VaultFixture()
        try fixture.vault().close()
        do {
            let database = try Database(fixture.path, Database.Options(.write))
            try database.execute("PRAGMA user_version = 99")
        }
        #expect(throws: KeyVaultError.store(.newerFormat(path: fixture.path, found: 99, supported: 2))) {
            _ = try fixture.vault()
        }
    }

    @Test func `a store that is locked for too long fails the request, and works again afterwards`() async throws {
        let fixture = try VaultFixture()
        let vault = try fixture.vault { $0.busyTimeout = .milliseconds(20) }
        let other = try Database(fixture.path, Database.Options(.write))
        try other.begin()
        let outcome = await fixture.resolve(vault, [KeyRequest(stream: "demo", keyField: PlainBytes([1]))])
        guard case .failed(.store(.busy)) = outcome[0] else {
            Issue.record("\(outcome)")
            return
        }
        #expect(outcome[0].error?.retry == .afterBackoff)
        other.rollBack()
        _ = try await fixture.key(vault, "ann")
    }

    @Test func `a write that the store refuses fails the call and stores nothing of it`() async throws {
        let fixture = try VaultFixture()
        try fixture.vault().close()
        let database = try Database(fixture.path, Database.Options(.write))
        try database.execute(
            "CREATE TRIGGER refuse BEFORE INSERT ON subject_key BEGIN SELECT RAISE(ABORT, 'refused'); END")
        let vault = try fixture.vault()
        let outcome = await fixture.resolve(
            vault,
            [
                KeyRequest(stream: "demo", keyField: PlainBytes([1]), subject: PlainBytes([2])),
                KeyRequest(stream: "demo", keyField: PlainBytes([3])),
            ])
        #expect(outcome.allSatisfy { $0.error != nil })
        #expect(try fixture.counts() == ["data_key": 0, "current_key": 0, "subject_key": 0])
    }

    @Test func `a closed vault answers with closed`() async throws {
        let fixture = try VaultFixture()
        let vault = try fixture.vault()
        vault.close()
        let outcome = await fixture.resolve(vault, [KeyRequest(stream: "demo", keyField: PlainBytes([1]))])
        #expect(outcome[0].error == .closed)
        #expect(throws: KeyVaultError.closed) { try vault.purge(now: fixture.clock.now()) }
    }

    @Test func `more requests than may wait are refused at once`() async throws {
        let fixture = try VaultFixture()
        let vault = try fixture.vault { $0.queueLimit = 2 }
        let three = (0..<3).map { KeyRequest(stream: "demo", keyField: PlainBytes([UInt8($0)])) }
        #expect(await fixture.resolve(vault, three).allSatisfy { $0.error == .overloaded })
        #expect(await fixture.resolve(vault, Array(three[0..<2])).allSatisfy { $0.error == nil })
    }
}

extension VaultFixture {
    /// Rows of each table.
    func counts() throws -> [String: Int64] {
        let database = try Database(path, Database.Options(.read))
        var counts: [String: Int64] = [:]
        for table in ["data_key", "current_key", "subject_key"] {
            counts[table] = try database.integer("SELECT count(*) FROM \(table)")
        }
        return counts
    }
}

extension [UInt8] {
    func contains(sequence: [UInt8]) -> Bool {
        guard count >= sequence.count else { return false }
        return (0...(count - sequence.count)).contains { self[$0..<($0 + sequence.count)].elementsEqual(sequence) }
    }
}
