package import Privacy
package import Time

/// The ciphers that a gateway's loop used lately, found by stream, key field and data subject.
///
/// The data subject is part of what is looked up, so that a hit also means that its pair with the key is stored.
/// - Isolation: one per loop.
package final class KeyCache {
    private let table: CipherTable

    /// - Parameter capacity: The most ciphers kept, about 1 kB each.
    package init(capacity: Int = 16_384) {
        table = CipherTable(capacity: capacity, seed: randomSeed())
    }

    /// The ready cipher of this person, unless its window ended before `now`. Allocates nothing.
    package func find(
        stream: UnsafeRawBufferPointer, keyField: UnsafeRawBufferPointer, subject: UnsafeRawBufferPointer?,
        now: Timestamp
    ) -> FieldCipher? {
        table.find(TableKey(first: stream, second: keyField, third: subject), now: now)
    }

    /// Makes the cipher of a key that the vault gave, and keeps it until its window ends or its place is needed.
    /// - Throws: `.crypto` when OpenSSL has no memory left.
    @discardableResult
    package func insert(
        stream: UnsafeRawBufferPointer, keyField: UnsafeRawBufferPointer, subject: UnsafeRawBufferPointer?,
        _ stored: StoredKey
    ) throws(PrivacyError) -> FieldCipher {
        let cipher = try FieldCipher(key: stored.key, link: stored.link)
        table.insert(TableKey(first: stream, second: keyField, third: subject), cipher, end: stored.window.end)
        return cipher
    }

    /// Ciphers kept.
    package var count: Int { table.count }
}

/// The ciphers that a reader used lately, found by the text of the key link.
///
/// - Isolation: one per thread.
package final class LinkCache {
    private let table: CipherTable

    /// - Parameter capacity: The most ciphers kept, about 1 kB each.
    package init(capacity: Int = 16_384) {
        table = CipherTable(capacity: capacity, seed: randomSeed())
    }

    /// The ready cipher of this link (36 bytes of text, as in a record's key). Allocates nothing.
    package func find(_ link: UnsafeRawBufferPointer) -> FieldCipher? {
        table.find(key(link), now: .epoch)
    }

    /// Makes and keeps the cipher of a key.
    /// - Throws: `.crypto` when OpenSSL has no memory left.
    @discardableResult
    package func insert(_ link: UnsafeRawBufferPointer, _ stored: StoredKey) throws(PrivacyError) -> FieldCipher {
        let cipher = try FieldCipher(key: stored.key, link: stored.link)
        table.insert(key(link), cipher, end: .distantFuture)
        return cipher
    }

    /// Ciphers kept.
    package var count: Int { table.count }

    private func key(_ link: UnsafeRawBufferPointer) -> TableKey {
        TableKey(first: link, second: UnsafeRawBufferPointer(start: nil, count: 0), third: nil)
    }
}

private func randomSeed() -> UInt64 {
    var generator = SystemRandomNumberGenerator()
    return generator.next()
}
