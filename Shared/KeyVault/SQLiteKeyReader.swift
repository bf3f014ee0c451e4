package import Crypto
package import Wire

/// Reads keys from the embedded vault's file, in any process that has the key-encryption key.
///
/// The file may still be missing (the gateway makes it with the first event): then no key is known, and each call looks
/// again.
/// - Isolation: belongs to the thread that made it; its methods block.
package final class SQLiteKeyReader: KeyReader {
    private let path: String
    private let kek: SecretBytes
    private var opened: KeyStore?

    /// A reader of the file at `path`.
    ///
    /// - Parameter kek: The key-encryption key, 32 bytes; taken over.
    /// - Throws: `.wrongKeyEncryptionKey` when the file was made under another; `.store`.
    package init(path: String, kek: consuming SecretBytes) throws(KeyVaultError) {
        self.path = path
        self.kek = kek
        _ = try store()
    }

    /// The keys of these links, in order; nil for unknown ones, and for all while there is no file.
    package func keys(for links: [KeyLink]) throws(KeyVaultError) -> [StoredKey?] {
        guard let store = try store() else { return links.map { _ in nil } }
        return try store.keys(for: links)
    }

    /// The next page of a source stream's keys, oldest first; empty at the end.
    package func keys(
        ofStream stream: String, after previous: StoredKey?, limit: Int
    ) throws(KeyVaultError) -> [StoredKey] {
        try store()?.keys(ofStream: stream, after: previous, limit: limit) ?? []
    }

    private func store() throws(KeyVaultError) -> KeyStore? {
        if opened == nil { opened = try KeyStore(reading: path, kek: kek) }
        return opened
    }
}
