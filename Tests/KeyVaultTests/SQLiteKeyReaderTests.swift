import Crypto
import KeyVault
import Privacy
import TestKit
import Testing
import Wire

@Suite struct SQLiteKeyReaderTests {
    @Test func `a batch of links finds the known ones, in order`() async throws {
        let fixture = try VaultFixture()
        let vault = try fixture.vault()
        let ann = try await fixture.key(vault, "ann")
        let bob = try await fixture.key(vault, "bob")
        let unknown = KeyLink(high: 1, low: 2)
        let found = try fixture.reader().keys(for: [bob.link, unknown, ann.link, bob.link])
        #expect(found.map { $0?.link } == [bob.link, nil, ann.link, bob.link])
        #expect(found[0]?.isSameKey(as: bob) == true)
    }

    @Test func `before the vault exists no key is known, and later it is`() async throws {
        let fixture = try VaultFixture()
        let reader = try fixture.reader()
        #expect(try reader.key(for: KeyLink(high: 1, low: 2)) == nil)
        let ann = try await fixture.key(try fixture.vault(), "ann")
        #expect(try reader.key(for: ann.link)?.isSameKey(as: ann) == true)
    }

    @Test func `a reader sees a key as soon as the vault has answered`() async throws {
        let fixture = try VaultFixture()
        let vault = try fixture.vault()
        let reader = try fixture.reader()
        for person in 0..<50 {
            let key = try await fixture.key(vault, "person-\(person)")
            #expect(try reader.key(for: key.link)?.isSameKey(as: key) == true)
        }
    }

    @Test func `an export pages through one stream's keys, oldest first, each once`() async throws {
        let fixture = try VaultFixture()
        let vault = try fixture.vault()
        var expected: [KeyLink] = []
        for person in 0..<23 {
            // Some keys share a moment: their order is then that of their links.
            if person % 3 == 0 { fixture.clock.advance(by: .milliseconds(1)) }
            expected.append(try await fixture.key(vault, "person-\(person)").link)
            _ = try await fixture.key(vault, "person-\(person)", stream: "shop")
        }
        let reader = try fixture.reader()
        var exported: [StoredKey] = []
        while true {
            let page = try reader.keys(ofStream: "demo", after: exported.last, limit: 5)
            if page.isEmpty { break }
            exported += page
        }
        #expect(exported.count == 23)
        #expect(Set(exported.map(\.link)) == Set(expected))
        #expect(zip(exported, exported.dropFirst()).allSatisfy { $0.window.start <= $1.window.start })
    }
}
