private import CSQLite
private import Glibc

/// Owner of one `sqlite3 *`: closed when the database and its last statement are gone.
///
/// The only funnel from result codes to `SQLiteError`.
final class Connection {
    let handle: OpaquePointer
    let path: String

    /// Waits for locks up to `patience`. SQLite's own waiting doubles its pauses up to a tenth of a second; a commit that meets
    /// a checkpoint of two milliseconds should not sleep for ten.
    init(path: String, flags: Int32, patience: Duration) throws(SQLiteError) {
        var opened: OpaquePointer?
        let code = sqlite3_open_v2(path, &opened, flags, nil)
        guard code == SQLITE_OK, let opened else {
            if let opened { sqlite3_close_v2(opened) }
            throw code == SQLITE_NOMEM ? .outOfMemory(during: "open") : .cannotOpen(path: path)
        }
        handle = opened
        self.path = path
        self.patience = patience
        sqlite3_extended_result_codes(opened, 1)
        sqlite3_busy_handler(
            handle,
            { context, attempt in
                // Only inside calls on this connection, whose owner holds it.
                guard let context else { return 0 }
                return Unmanaged<Connection>.fromOpaque(context).takeUnretainedValue().pause(attempt) ? 1 : 0
            }, Unmanaged.passUnretained(self).toOpaque())
    }

    private let patience: Duration
    private var waitingSince = ContinuousClock.now

    private func pause(_ attempt: Int32) -> Bool {
        if attempt == 0 { waitingSince = .now }
        guard ContinuousClock.now - waitingSince < patience else { return false }
        usleep(attempt < 40 ? 250 : attempt < 100 ? 1000 : 5000)
        return true
    }

    // `close_v2` waits for statements that still live; all of them hold this object, so none does.
    deinit { sqlite3_close_v2(handle) }

    /// - Throws: Unless `code` says that all is well.
    @inline(__always)
    func check(_ code: Int32, _ action: String) throws(SQLiteError) {
        if code != SQLITE_OK { throw error(code, action) }
    }

    func error(_ code: Int32, _ action: String) -> SQLiteError {
        switch code {
        case SQLITE_IOERR | (4 << 8), SQLITE_IOERR | (5 << 8): return .syncFailed(during: action)
        default: break
        }
        return switch code & 0xff {
        case SQLITE_BUSY, SQLITE_LOCKED: .busy(during: action)
        case SQLITE_FULL: .full(during: action)
        case SQLITE_READONLY, SQLITE_PERM, SQLITE_AUTH: .readOnly(during: action)
        case SQLITE_CORRUPT, SQLITE_NOTADB: .corrupt(during: action)
        case SQLITE_IOERR: .ioError(during: action, extended: code)
        case SQLITE_CANTOPEN: .cannotOpen(path: path)
        case SQLITE_CONSTRAINT: .constraint(during: action)
        case SQLITE_NOMEM: .outOfMemory(during: action)
        default: .misuse(during: action, code: code, message: String(cString: sqlite3_errmsg(handle)))
        }
    }
}
