// The file of keys. Format version 2:
//
//   vault        one row: what tells whether the right secrets are in use, and the log retention that keys are kept for
//   data_key     link (16) → stream, window, policy, expiry, wrapped key
//   current_key  (stream, person hash) → the newest key of that person, whose window may still be open
//   subject_key  (stream, subject hash, link): which keys hold fields of which data subject
//
// A wrapped key is AES-256 key wrap (RFC 3394) of 88 bytes, 96 bytes long:
//
//   link (16) | zero (4) | Tink key id (4, big-endian) | key (64)
//
// The link inside binds a wrapped key to its row: one that was moved to another row is refused.

import Bytes
import Crypto
import Privacy
import SQLite
import Time
import Wire

/// One connection to the file, on one thread.
final class KeyStore {
    static let format = DatabaseFormat(
        applicationID: 0x506B_6579,  // "Pkey"
        steps: [
            """
            CREATE TABLE vault (
                id INTEGER PRIMARY KEY CHECK (id = 1),
                kek_check BLOB NOT NULL,
                hash_check BLOB NOT NULL
            ) STRICT;
            CREATE TABLE data_key (
                link BLOB PRIMARY KEY NOT NULL CHECK (length(link) = 16),
                stream TEXT NOT NULL,
                created INTEGER NOT NULL,
                policy TEXT NOT NULL,
                expires INTEGER NOT NULL,
                keep_until INTEGER NOT NULL,
                wrapped BLOB NOT NULL CHECK (length(wrapped) = 96)
            ) STRICT, WITHOUT ROWID;
            CREATE INDEX data_key_by_stream ON data_key (stream, created, link);
            CREATE INDEX data_key_by_end ON data_key (keep_until);
            CREATE TABLE current_key (
                stream TEXT NOT NULL,
                person BLOB NOT NULL CHECK (length(person) = 32),
                link BLOB NOT NULL,
                created INTEGER NOT NULL,
                PRIMARY KEY (stream, person)
            ) STRICT, WITHOUT ROWID;
            CREATE INDEX current_key_by_age ON current_key (created);
            CREATE TABLE subject_key (
                stream TEXT NOT NULL,
                subject BLOB NOT NULL CHECK (length(subject) = 32),
                link BLOB NOT NULL,
                PRIMARY KEY (stream, subject, link)
            ) STRICT, WITHOUT ROWID;
            CREATE INDEX subject_key_by_link ON subject_key (link);
            """,
            "ALTER TABLE vault ADD COLUMN log_retention INTEGER NOT NULL DEFAULT -1",
        ])

    private static let kekCheck = Array("polder key vault: right KEK? yes".utf8)  // 32 bytes
    private static let linkCount = 16
    private static let plainCount = linkCount + 8 + AESSIV.keyByteCount

    let database: Database
    private let wrap: KeyWrap

    /// Opens the file for writing and makes it when it is missing.
    init(
        path: String, kek: consuming SecretBytes, hash: PersonHash, busyTimeout: Duration
    ) throws(KeyVaultError) {
        do throws(CryptoError) { wrap = try KeyWrap(owning: kek) } catch { throw .privacy(.crypto(error)) }
        var options = Database.Options(.create)
        options.secureDelete = true
        options.busyTimeout = busyTimeout
        options.autoCheckpointPages = 0  // the vault does it, and looks at the outcome
        database = try sqlite { () throws(SQLiteError) in
            let database = try Database(path, options)
            try database.migrate(to: Self.format)
            return database
        }
        try checkOrStoreSecrets(path, hash)
    }

    /// Opens the file for reading; nil when there is none yet.
    init?(reading path: String, kek: borrowing SecretBytes) throws(KeyVaultError) {
        do throws(CryptoError) { wrap = try KeyWrap(owning: kek.duplicate()) } catch { throw .privacy(.crypto(error)) }
        do throws(SQLiteError) {
            database = try Database(path, Database.Options(.read))
            guard try database.isCurrent(Self.format) else { return nil }
        } catch {
            if case .cannotOpen = error { return nil }
            throw .store(error)
        }
        guard try secretsAreStored() else { return nil }
        try checkKEK(path)
    }

    // MARK: Secrets

    private func secretsAreStored() throws(KeyVaultError) -> Bool {
        try sqlite { () throws(SQLiteError) in try database.integer("SELECT id FROM vault") } != nil
    }

    private func checkOrStoreSecrets(_ path: String, _ hash: PersonHash) throws(KeyVaultError) {
        let kekCheck = try crypto { () throws(CryptoError) in
            try wrap.wrap(SecretBytes(copying: Self.kekCheck))
        }
        let hashCheck = try personHash { () throws(PrivacyError) in
            try hash.hash(UnsafeRawBufferPointer(start: nil, count: 0), as: .keyField, in: "")
        }
        try sqlite { () throws(SQLiteError) in
            if try database.integer("SELECT id FROM vault") != nil { return }
            let insert = try database.cached(
                "INSERT INTO vault (id, kek_check, hash_check) VALUES (1, ?1, ?2) ON CONFLICT DO NOTHING")
            try insert.bind(kekCheck, at: 1)
            try insert.bind(hashCheck, at: 2)
            try insert.run()
        }
        try checkKEK(path)
        let stored = try sqlite { () throws(SQLiteError) in try self.blob("SELECT hash_check FROM vault") }
        guard constantTimeEqual(stored, hashCheck) else { throw .wrongHashKey(path: path) }
    }

    private func checkKEK(_ path: String) throws(KeyVaultError) {
        let stored = try sqlite { () throws(SQLiteError) in try self.blob("SELECT kek_check FROM vault") }
        do throws(CryptoError) {
            let opened = try wrap.unwrap(stored)
            guard opened.isEqual(to: SecretBytes(copying: Self.kekCheck)) else { throw .unwrapRefused }
        } catch {
            throw .wrongKeyEncryptionKey(path: path)
        }
    }

    private func blob(_ sql: String) throws(SQLiteError) -> [UInt8] {
        let statement = try database.cached(sql)
        guard try statement.step() else { return [] }
        defer { statement.reset() }
        return statement.bytes(0)
    }

    // MARK: How long keys are kept

    /// Counts on this log retention from now on, for the keys that exist too: their events stay longer, or go sooner.
    func keepKeys(forLogRetention retention: Duration) throws(SQLiteError) {
        let wanted = retention.milliseconds
        if try database.integer("SELECT log_retention FROM vault") == wanted { return }
        try database.transaction { () throws(SQLiteError) in
            let keys = try database.cached("UPDATE data_key SET keep_until = max(expires, created + ?1)")
            try keys.bind((KeyWindow.length + retention + Self.margin).milliseconds, at: 1)
            try keys.run()
            let vault = try database.cached("UPDATE vault SET log_retention = ?1")
            try vault.bind(wanted, at: 1)
            try vault.run()
        }
    }

    /// An event that was sealed in the window's last moment is committed a little later and stays in the log for its whole
    /// retention, which then takes a while to clean up; the margin covers both.
    static let margin: Duration = .hours(1)

    // MARK: Wrapped keys

    func wrapped(_ key: borrowing DataKey, _ link: KeyLink) throws(KeyVaultError) -> [UInt8] {
        var plain = SecretBytes(count: Self.plainCount)
        let id = key.id
        key.material.withBytes { material in
            plain.withMutableBytes { bytes in
                bytes.storeBytes(of: link.high.bigEndian, as: UInt64.self)
                bytes.storeBytes(of: link.low.bigEndian, toByteOffset: 8, as: UInt64.self)
                bytes.storeBytes(of: UInt64(id).bigEndian, toByteOffset: 16, as: UInt64.self)
                UnsafeMutableRawBufferPointer(rebasing: bytes[24...]).copyMemory(from: material)
            }
        }
        do throws(CryptoError) { return try wrap.wrap(plain) } catch { throw .privacy(.crypto(error)) }
    }

    func unwrapped(_ wrapped: UnsafeRawBufferPointer, _ link: KeyLink) throws(KeyVaultError) -> DataKey {
        do throws(CryptoError) {
            let plain = try wrap.unwrap(wrapped)
            guard plain.count == Self.plainCount else { throw .unwrapRefused }
            let (high, low, id) = plain.withBytes { bytes in
                (
                    UInt64(bigEndian: bytes.load(as: UInt64.self)),
                    UInt64(bigEndian: bytes.load(fromByteOffset: 8, as: UInt64.self)),
                    UInt64(bigEndian: bytes.load(fromByteOffset: 16, as: UInt64.self))
                )
            }
            guard high == link.high, low == link.low, id <= UInt64(UInt32.max) else { throw .unwrapRefused }
            let material = plain.withBytes { SecretBytes(copying: UnsafeRawBufferPointer(rebasing: $0[24...])) }
            do throws(PrivacyError) {
                return try DataKey(id: UInt32(id), owning: material)
            } catch {
                throw CryptoError.unwrapRefused
            }
        } catch {
            throw .damagedKey(link)
        }
    }

    // MARK: Reading

    /// A row of `data_key` whose columns are link, created, policy, expires, wrapped.
    private static let columns = "link, created, policy, expires, wrapped"

    private func storedKey(_ row: Statement) throws(KeyVaultError) -> StoredKey {
        let link = KeyLink(blob: row.blob(0))
        let key = try unwrapped(row.blob(4), link)
        return StoredKey(
            key: key, link: link, window: KeyWindow(start: Timestamp(milliseconds: row.int64(1))),
            policyID: row.text(2), expires: Timestamp(milliseconds: row.int64(3)))
    }

    func key(for link: KeyLink) throws(KeyVaultError) -> StoredKey? {
        let row = try sqlite { () throws(SQLiteError) -> Statement? in
            let statement = try database.cached("SELECT \(Self.columns) FROM data_key WHERE link = ?1")
            try statement.bind(link.blob, at: 1)
            return try statement.step() ? statement : nil
        }
        guard let row else { return nil }
        defer { row.reset() }
        return try storedKey(row)
    }

    /// The keys of these links. Several are read in one transaction, which saves taking SQLite's read lock for each.
    func keys(for links: [KeyLink]) throws(KeyVaultError) -> [StoredKey?] {
        if links.count == 1 { return [try key(for: links[0])] }
        var keys: [StoredKey?] = []
        keys.reserveCapacity(links.count)
        try sqlite { () throws(SQLiteError) in try database.cached("BEGIN").run() }
        // A read transaction that cannot be ended by COMMIT is ended by ROLLBACK; nothing was written either way.
        defer { database.rollBack() }
        for link in links { keys.append(try key(for: link)) }
        return keys
    }

    func keys(
        ofStream stream: String, after previous: StoredKey?, limit: Int
    ) throws(KeyVaultError) -> [StoredKey] {
        let statement = try sqlite { () throws(SQLiteError) in
            let statement = try database.cached(
                """
                SELECT \(Self.columns) FROM data_key
                WHERE stream = ?1 AND (created, link) > (?2, ?3) ORDER BY created, link LIMIT ?4
                """)
            try statement.bind(stream, at: 1)
            try statement.bind(previous?.window.start.milliseconds ?? .min, at: 2)
            try statement.bind(previous?.link.blob ?? [], at: 3)
            try statement.bind(Int64(limit), at: 4)
            return statement
        }
        defer { statement.reset() }
        var page: [StoredKey] = []
        while try sqlite({ () throws(SQLiteError) in try statement.step() }) {
            page.append(try storedKey(statement))
        }
        return page
    }

    /// The newest key of a person, whatever its age.
    func newest(_ stream: String, _ person: [UInt8]) throws(SQLiteError) -> (link: KeyLink, window: KeyWindow)? {
        let statement = try database.cached("SELECT link, created FROM current_key WHERE stream = ?1 AND person = ?2")
        try statement.bind(stream, at: 1)
        try statement.bind(person, at: 2)
        guard try statement.step() else { return nil }
        defer { statement.reset() }
        return (
            KeyLink(blob: statement.blob(0)), KeyWindow(start: Timestamp(milliseconds: statement.int64(1)))
        )
    }

    func hasSubject(_ stream: String, _ subject: [UInt8], _ link: KeyLink) throws(SQLiteError) -> Bool {
        let statement = try database.cached(
            "SELECT 1 FROM subject_key WHERE stream = ?1 AND subject = ?2 AND link = ?3")
        try statement.bind(stream, at: 1)
        try statement.bind(subject, at: 2)
        try statement.bind(link.blob, at: 3)
        defer { statement.reset() }
        return try statement.step()
    }

    // MARK: Writing; inside a transaction

    func insert(
        _ stream: String, _ person: [UInt8], _ key: StoredKey, _ wrapped: [UInt8], keepUntil: Timestamp
    ) throws(SQLiteError) {
        let row = try database.cached(
            """
            INSERT INTO data_key (link, stream, created, policy, expires, keep_until, wrapped)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
            """)
        try row.bind(key.link.blob, at: 1)
        try row.bind(stream, at: 2)
        try row.bind(key.window.start.milliseconds, at: 3)
        try row.bind(key.policyID, at: 4)
        try row.bind(key.expires.milliseconds, at: 5)
        try row.bind(keepUntil.milliseconds, at: 6)
        try row.bind(wrapped, at: 7)
        try row.run()
        let current = try database.cached(
            """
            INSERT INTO current_key (stream, person, link, created) VALUES (?1, ?2, ?3, ?4)
            ON CONFLICT (stream, person) DO UPDATE SET link = excluded.link, created = excluded.created
            """)
        try current.bind(stream, at: 1)
        try current.bind(person, at: 2)
        try current.bind(key.link.blob, at: 3)
        try current.bind(key.window.start.milliseconds, at: 4)
        try current.run()
    }

    func insertSubject(_ stream: String, _ subject: [UInt8], _ link: KeyLink) throws(SQLiteError) {
        let row = try database.cached(
            "INSERT INTO subject_key (stream, subject, link) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING")
        try row.bind(stream, at: 1)
        try row.bind(subject, at: 2)
        try row.bind(link.blob, at: 3)
        try row.run()
    }

    /// Removes up to `limit` keys whose time is over, with everything that names them.
    func purge(now: Timestamp, limit: Int) throws(SQLiteError) -> Int {
        try database.transaction { () throws(SQLiteError) in
            // A person's entry outlives its key by nothing: without an open window it serves nobody.
            let current = try database.cached(
                "DELETE FROM current_key WHERE created <= ?1 AND link IN "
                    + "(SELECT link FROM data_key WHERE keep_until <= ?2 ORDER BY keep_until LIMIT ?3)")
            try current.bind((now - KeyWindow.length).milliseconds, at: 1)
            try current.bind(now.milliseconds, at: 2)
            try current.bind(Int64(limit), at: 3)
            try current.run()
            for sql in [
                "DELETE FROM subject_key WHERE link IN "
                    + "(SELECT link FROM data_key WHERE keep_until <= ?1 ORDER BY keep_until LIMIT ?2)",
                "DELETE FROM data_key WHERE link IN "
                    + "(SELECT link FROM data_key WHERE keep_until <= ?1 ORDER BY keep_until LIMIT ?2)",
            ] {
                let row = try database.cached(sql)
                try row.bind(now.milliseconds, at: 1)
                try row.bind(Int64(limit), at: 2)
                try row.run()
            }
            return database.changes
        }
    }
}

extension KeyLink {
    /// The sixteen bytes of the UUID.
    var blob: [UInt8] {
        withUnsafeBytes(of: high.bigEndian, Array.init) + withUnsafeBytes(of: low.bigEndian, Array.init)
    }

    /// The link in a column that a CHECK keeps at 16 bytes.
    init(blob: UnsafeRawBufferPointer) {
        precondition(blob.count == 16, "the table holds only links of 16 bytes")
        self.init(
            high: UInt64(bigEndian: blob.loadUnaligned(as: UInt64.self)),
            low: UInt64(bigEndian: blob.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
    }
}

// Errors of the floors below, in this module's words.

func sqlite<Result>(_ body: () throws(SQLiteError) -> Result) throws(KeyVaultError) -> Result {
    do throws(SQLiteError) { return try body() } catch { throw .store(error) }
}

func crypto<Result: ~Copyable>(_ body: () throws(CryptoError) -> Result) throws(KeyVaultError) -> Result {
    do throws(CryptoError) { return try body() } catch { throw .privacy(.crypto(error)) }
}

func personHash<Result>(_ body: () throws(PrivacyError) -> Result) throws(KeyVaultError) -> Result {
    do throws(PrivacyError) { return try body() } catch { throw .privacy(error) }
}
