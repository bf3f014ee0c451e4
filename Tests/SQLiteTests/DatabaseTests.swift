import Faults
import Foundation
import SQLite
import Testing

/// A folder that goes with the test.
final class Scratch {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "polder-sqlite-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { _ = unlinkTree(path) }

    func file(_ name: String = "test.db") -> String { path + "/" + name }
}

private func unlinkTree(_ path: String) -> Bool {
    do {
        try FileManager.default.removeItem(atPath: path)
        return true
    } catch { return false }
}

/// Whether the kernel drops a file's pages when it is asked to.
private func canForget() -> Bool {
    let path = NSTemporaryDirectory() + "polder-forget-" + UUID().uuidString
    let file = open(path, O_RDWR | O_CREAT, 0o600)
    defer {
        close(file)
        unlink(path)
    }
    let bytes = [UInt8](repeating: 1, count: 1 << 16)
    guard write(file, bytes, bytes.count) == bytes.count, fsync(file) == 0,
        posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED) == 0
    else { return false }
    return residentPart(path) < 0.5
}

/// Which part of a file is in the kernel's cache.
private func residentPart(_ path: String) -> Double {
    let file = open(path, O_RDONLY)
    defer { close(file) }
    let size = Int(lseek(file, 0, SEEK_END))
    let view = mmap(nil, size, PROT_READ, MAP_SHARED, file, 0)
    defer { munmap(view, size) }
    var pages = [UInt8](repeating: 0, count: (size + 4095) / 4096)
    guard mincore(view, size, &pages) == 0 else { return 1 }
    return Double(pages.filter { $0 & 1 == 1 }.count) / Double(pages.count)
}

@Suite struct DatabaseTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    @Test func `values of every kind come back`() throws {
        let database = try Database(scratch.file(), .init(.create))
        try database.execute("CREATE TABLE t (i INTEGER, t TEXT, b BLOB, e BLOB, n BLOB)")
        let insert = try database.prepare("INSERT INTO t VALUES (?, ?, ?, ?, ?)")
        try insert.bind(Int64.min, at: 1)
        try insert.bind("süß\u{0}x", at: 2)
        try insert.bind([0, 255, 7], at: 3)
        try insert.bind([], at: 4)
        try insert.bindNull(at: 5)
        try insert.run()

        let select = try database.prepare("SELECT * FROM t")
        #expect(try select.step())
        #expect(select.int64(0) == .min)
        #expect(select.text(1) == "süß\u{0}x")
        #expect(select.bytes(2) == [0, 255, 7])
        #expect(select.bytes(3) == [] && !select.isNull(3))
        #expect(select.isNull(4))
        #expect(try !select.step())
    }

    @Test func `a borrowed blob is stored as it was`() throws {
        let database = try Database(scratch.file(), .init(.create))
        try database.execute("CREATE TABLE t (b BLOB)")
        let body = [UInt8](repeating: 0xAB, count: 100_000)
        let insert = try database.prepare("INSERT INTO t VALUES (?)")
        try body.withUnsafeBytes { raw in
            try insert.bind(borrowing: raw, at: 1)
            try insert.run()
            insert.clear()
        }
        let select = try database.prepare("SELECT b FROM t")
        #expect(try select.step())
        #expect(select.blob(0).elementsEqual(body))
        select.reset()
    }

    @Test func `a transaction that throws leaves nothing`() throws {
        let database = try Database(scratch.file(), .init(.create))
        try database.execute("CREATE TABLE t (i INTEGER PRIMARY KEY)")
        #expect(throws: SQLiteError.constraint(during: "INSERT INTO t VALUES ")) {
            try database.transaction { () throws(SQLiteError) in
                let insert = try database.cached("INSERT INTO t VALUES (1)")
                try insert.run()
                try insert.run()
            }
        }
        #expect(try database.integer("SELECT count(*) FROM t") == 0)
        try database.transaction { () throws(SQLiteError) in try database.execute("INSERT INTO t VALUES (1)") }
        #expect(try database.integer("SELECT count(*) FROM t") == 1)
    }

    @Test func `a second writer waits no longer than its timeout`() throws {
        let first = try Database(scratch.file(), .init(.create))
        var options = Database.Options(.write)
        options.busyTimeout = .milliseconds(20)
        let second = try Database(scratch.file(), options)
        try first.begin()
        #expect(throws: SQLiteError.busy(during: "BEGIN IMMEDIATE")) { try second.begin() }
        first.rollBack()
        try second.begin()
        second.rollBack()
    }

    @Test func `a new file is in WAL mode and belongs to its owner alone`() throws {
        let database = try Database(scratch.file(), .init(.create))
        try database.execute("CREATE TABLE t (i)")
        for name in ["test.db", "test.db-wal", "test.db-shm"] {
            let attributes = try FileManager.default.attributesOfItem(atPath: scratch.file(name))
            #expect(attributes[.posixPermissions] as? Int == 0o600, "\(name)")
        }
    }

    @Test func `a missing file is not made by a reader or a plain writer`() throws {
        let path = scratch.file("absent.db")
        #expect(throws: SQLiteError.cannotOpen(path: path)) { _ = try Database(path, .init(.read)) }
        #expect(throws: SQLiteError.cannotOpen(path: path)) { _ = try Database(path, .init(.write)) }
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test func `a reader sees nothing of what a writer left half done when it died`() throws {
        let writer = Process()
        writer.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        writer.arguments = [
            "python3", "-c",
            """
            import os, sqlite3, sys
            database = sqlite3.connect(sys.argv[1], isolation_level=None)
            database.executescript("CREATE TABLE t (i); INSERT INTO t VALUES (1); PRAGMA cache_size = 1; BEGIN")
            database.executemany("INSERT INTO t VALUES (?)", [("x" * 500,)] * 500)
            os._exit(0)
            """, scratch.file(),
        ]
        try writer.run()
        writer.waitUntilExit()
        #expect(try Data(contentsOf: URL(fileURLWithPath: scratch.file("test.db-journal"))).count > 512)
        #expect(try Database(scratch.file(), .init(.read)).integer("SELECT count(*) FROM t") == 1)
    }

    @Test func `a file that is no database is called damaged`() throws {
        try Data(repeating: 0x41, count: 8192).write(to: URL(fileURLWithPath: scratch.file()))
        #expect {
            _ = try Database(scratch.file(), .init(.write))
        } throws: { error in
            if case .corrupt = error as? SQLiteError { true } else { false }
        }
    }

    @Test func `a full disk is reported as full and passes`() throws {
        let database = try Database(scratch.file(), .init(.create))
        try database.execute("CREATE TABLE t (b BLOB); PRAGMA max_page_count = 20")
        let insert = try database.prepare("INSERT INTO t VALUES (zeroblob(?))")
        try insert.bind(1_000_000, at: 1)
        #expect(throws: SQLiteError.full(during: "INSERT INTO t VALUES ")) { try insert.run() }
        try insert.bind(10, at: 1)
        try insert.run()
        #expect(SQLiteError.full(during: "x").retry == .afterBackoff)
    }

    @Test func `a checkpoint moves the pages and truncates the WAL`() throws {
        var options = Database.Options(.create)
        options.autoCheckpointPages = 0
        let database = try Database(scratch.file(), options)
        try database.execute("CREATE TABLE t (b BLOB); INSERT INTO t VALUES (zeroblob(100000))")
        let passive = try database.checkpoint(.passive)
        #expect(passive.walPages > 20 && passive.movedPages == passive.walPages)
        try database.checkpoint(.truncate)
        let attributes = try FileManager.default.attributesOfItem(atPath: scratch.file("test.db-wal"))
        #expect(attributes[.size] as? Int == 0)
    }

    /// A file system in memory keeps what it has: there the kernel cannot forget.
    @Test(.enabled(if: canForget(), "the temporary folder lies in memory"))
    func `a file that grew leaves the kernel's cache but for its end, and reads as before`() throws {
        var options = Database.Options(.create)
        options.pageSize = 16 << 10
        let database = try Database(scratch.file(), options)
        try database.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, b BLOB)")
        try database.checkpoint(.passive)
        database.releaseFileCache(keeping: 1 << 20)
        for _ in 0..<64 { try database.execute("INSERT INTO t (b) VALUES (zeroblob(100000))") }
        try database.checkpoint(.passive)
        #expect(residentPart(scratch.file()) > 0.9)
        database.releaseFileCache(keeping: 1 << 20)
        #expect(residentPart(scratch.file()) < 0.5)
        #expect(try database.integer("SELECT sum(length(b)) FROM t") == 6_400_000)
    }

    @Test func `statements may outlive their database object`() throws {
        var database: Database? = try Database(scratch.file(), .init(.create))
        let statement = try #require(try database?.prepare("SELECT 7"))
        database = nil
        #expect(try statement.step())
        #expect(statement.int64(0) == 7)
        statement.reset()
    }
}

@Suite struct DatabaseFormatTests {
    let scratch: Scratch
    let format = DatabaseFormat(applicationID: 0x504C_0001, steps: ["CREATE TABLE a (i)", "CREATE TABLE b (i)"])

    init() throws { scratch = try Scratch() }

    @Test func `a new file gets every step, an old one the missing ones`() throws {
        let old = DatabaseFormat(applicationID: format.applicationID, steps: ["CREATE TABLE a (i)"])
        try Database(scratch.file(), .init(.create)).migrate(to: old)
        let database = try Database(scratch.file(), .init(.write))
        #expect(try !database.isCurrent(format))
        try database.migrate(to: format)
        try database.migrate(to: format)
        #expect(try database.isCurrent(format))
        #expect(try database.integer("SELECT count(*) FROM sqlite_schema") == 2)
    }

    @Test func `a newer format is refused, untouched, and the message says what to do`() throws {
        try Database(scratch.file(), .init(.create)).migrate(to: format)
        let database = try Database(scratch.file(), .init(.write))
        let old = DatabaseFormat(applicationID: format.applicationID, steps: ["CREATE TABLE a (i)"])
        let expected = SQLiteError.newerFormat(path: scratch.file(), found: 2, supported: 1)
        #expect(throws: expected) { try database.migrate(to: old) }
        #expect(expected.description.contains("start the version that wrote it"))
        #expect(try database.isCurrent(format))
    }

    @Test func `another program's database is refused`() throws {
        let path = scratch.file()
        try Database(path, .init(.create)).execute("CREATE TABLE theirs (i); PRAGMA application_id = 5")
        let database = try Database(path, .init(.write))
        let expected = SQLiteError.foreignFile(path: path, applicationID: 5, expected: format.applicationID)
        #expect(throws: expected) { try database.migrate(to: format) }
    }

    @Test func `a step that fails leaves the old version`() throws {
        let broken = DatabaseFormat(applicationID: 7, steps: ["CREATE TABLE a (i)", "CREATE TABLE a (i)"])
        let database = try Database(scratch.file(), .init(.create))
        #expect(throws: SQLiteError.self) { try database.migrate(to: broken) }
        #expect(try database.integer("PRAGMA user_version") == 0)
        #expect(try database.integer("SELECT count(*) FROM sqlite_schema") == 0)
    }

    @Test func `whoever looks while a new file is being made sees it empty or complete`() throws {
        for round in 0..<40 {
            let path = scratch.file("race-\(round).db")
            let format = format
            let reader = try Database(path, .init(.create))
            #expect(try !reader.isCurrent(format))
            let maker = Thread {
                do { try Database(path, .init(.write)).migrate(to: format) } catch { Issue.record(error) }
            }
            maker.start()
            while try !reader.isCurrent(format) {}
        }
    }
}
