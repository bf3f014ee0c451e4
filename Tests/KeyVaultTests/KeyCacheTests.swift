import Crypto
import KeyVault
import Privacy
import TestKit
import Testing
import Time
import Wire

@Suite struct KeyCacheTests {
    @Test func `a cached key seals like a fresh one until its window ends`() async throws {
        let fixture = try VaultFixture()
        let key = try await fixture.key(try fixture.vault(), "ann")
        let cache = KeyCache(capacity: 4)
        #expect(cache.find("demo", "ann", nil, fixture.clock.now()) == nil)
        let fresh = try FieldCipher(key: key.key, link: key.link)
        try cache.insert("demo", "ann", nil, key)
        let found = try #require(cache.find("demo", "ann", nil, fixture.clock.now()))
        #expect(found.seal("hello") == fresh.seal("hello"))
        #expect(cache.find("demo", "ann", nil, key.window.end - .milliseconds(1)) != nil)
        #expect(cache.find("demo", "ann", nil, key.window.end) == nil)
    }

    @Test func `stream, key field and subject are told apart wherever their borders lie`() async throws {
        let fixture = try VaultFixture()
        let vault = try fixture.vault()
        let cache = KeyCache(capacity: 16)
        let cases: [(String, String, String?)] = [
            ("ab", "c", nil), ("a", "bc", nil), ("a", "b", "c"), ("ab", "", "c"), ("abc", "", nil), ("abc", "", ""),
            ("", "abc", nil), ("", "", "abc"),
        ]
        var links: [KeyLink] = []
        for (index, part) in cases.enumerated() {
            let key = try await fixture.key(vault, "person-\(index)")
            links.append(key.link)
            try cache.insert(part.0, part.1, part.2, key)
        }
        let now = fixture.clock.now()
        #expect(cases.map { cache.find($0.0, $0.1, $0.2, now)?.link } == links)
    }

    @Test func `a full cache spares what was used lately`() async throws {
        let fixture = try VaultFixture()
        let key = try await fixture.key(try fixture.vault(), "ann")
        let now = fixture.clock.now()
        let cache = KeyCache(capacity: 8)
        for index in 0..<8 { try cache.insert("s", "\(index)", nil, key) }
        try cache.insert("s", "8", nil, key)  // the hand went round once: everybody else counts as unused now
        #expect(cache.count == 8)
        let survivors = (0..<8).filter { cache.find("s", "\($0)", nil, now) != nil }
        #expect(survivors.count == 7)
        let favourite = survivors[3]
        for index in 100..<160 {
            #expect(cache.find("s", "\(favourite)", nil, now) != nil)
            try cache.insert("s", "\(index)", nil, key)
        }
        #expect(cache.find("s", "\(favourite)", nil, now) != nil)
        #expect(cache.count == 8)
    }

    @Test func `a small cache under random traffic never loses or confuses an entry that it still holds`() async throws
    {
        let fixture = try VaultFixture()
        let vault = try fixture.vault()
        var keys: [StoredKey] = []
        for person in 0..<64 { keys.append(try await fixture.key(vault, "person-\(person)")) }
        let now = fixture.clock.now()
        let cache = KeyCache(capacity: 24)
        var generator = SeededGenerator(seed: 3)
        for _ in 0..<5000 {
            let person = Int.random(in: 0..<64, using: &generator)
            if let found = cache.find("demo", "person-\(person)", nil, now) {
                #expect(found.link == keys[person].link)
            } else {
                try cache.insert("demo", "person-\(person)", nil, keys[person])
                #expect(cache.find("demo", "person-\(person)", nil, now)?.link == keys[person].link)
            }
            #expect(cache.count <= 24)
        }
    }

    @Test func `a new window's key takes the old one's place`() async throws {
        let fixture = try VaultFixture()
        let vault = try fixture.vault()
        let cache = KeyCache(capacity: 4)
        try cache.insert("demo", "ann", nil, try await fixture.key(vault, "ann"))
        fixture.clock.advance(by: .hours(24))
        let newer = try await fixture.key(vault, "ann")
        try cache.insert("demo", "ann", nil, newer)
        #expect(cache.count == 1)
        #expect(cache.find("demo", "ann", nil, fixture.clock.now())?.link == newer.link)
    }

    @Test func `a reader's cache finds ciphers by the link's text`() async throws {
        let fixture = try VaultFixture()
        let vault = try fixture.vault()
        let cache = LinkCache(capacity: 4)
        let ann = try await fixture.key(vault, "ann")
        let bob = try await fixture.key(vault, "bob")
        for key in [ann, bob] {
            var text = key.link.description
            _ = try text.withUTF8 { text in try cache.insert(UnsafeRawBufferPointer(text), key) }
        }
        var text = bob.link.description
        let found = text.withUTF8 { cache.find(UnsafeRawBufferPointer($0)) }
        #expect(found?.link == bob.link)
    }
}

extension KeyCache {
    fileprivate func find(_ stream: String, _ person: String, _ subject: String?, _ now: Timestamp) -> FieldCipher? {
        withParts(stream, person, subject) { find(stream: $0, keyField: $1, subject: $2, now: now) }
    }

    fileprivate func insert(_ stream: String, _ person: String, _ subject: String?, _ key: StoredKey) throws {
        _ = try withParts(stream, person, subject) { try insert(stream: $0, keyField: $1, subject: $2, key) }
    }

    private func withParts<Result>(
        _ stream: String, _ person: String, _ subject: String?,
        _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer, UnsafeRawBufferPointer?) throws -> Result
    ) rethrows -> Result {
        try Array(stream.utf8).withUnsafeBytes { stream in
            try Array(person.utf8).withUnsafeBytes { person in
                try Array((subject ?? "").utf8).withUnsafeBytes { bytes in
                    try body(stream, person, subject == nil ? nil : bytes)
                }
            }
        }
    }
}
