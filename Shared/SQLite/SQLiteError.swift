package import Faults

/// What can go wrong with a database file. No case carries a value that was stored or bound.
package enum SQLiteError: Fault, Equatable {
    /// Another connection held its lock for longer than the busy timeout.
    case busy(during: String)
    /// The disk, the quota or the file-size limit is exhausted. The transaction was rolled back.
    case full(during: String)
    /// The file, or the file system below it, does not allow writing.
    case readOnly(during: String)
    /// A page is not what SQLite wrote, or the file is no database at all.
    case corrupt(during: String)
    /// The kernel reported a read or write failure; `extended` is SQLite's extended result code.
    case ioError(during: String, extended: Int32)
    /// `fsync` failed: what the disk holds is unknown from now on. Close the database; do not write to it again.
    case syncFailed(during: String)
    /// There is no such file, or it may not be opened.
    case cannotOpen(path: String)
    /// A `UNIQUE`, `NOT NULL`, `CHECK` or `FOREIGN KEY` rule refused the row.
    case constraint(during: String)
    /// SQLite could not allocate memory.
    case outOfMemory(during: String)
    /// The file belongs to another kind of store.
    case foreignFile(path: String, applicationID: Int32, expected: Int32)
    /// The file was written by a newer Polder; nothing was touched.
    case newerFormat(path: String, found: Int32, supported: Int32)
    /// The statement is wrong: a bug of ours. `message` is SQLite's, which names tables and columns, never values.
    case misuse(during: String, code: Int32, message: String)

    /// The machine's trouble is upstream; a wrong file or statement is ours.
    package var blame: Blame {
        switch self {
        case .busy, .full, .readOnly, .ioError, .syncFailed, .cannotOpen, .outOfMemory: .upstream
        case .corrupt, .constraint, .foreignFile, .newerFormat, .misuse: .us
        }
    }

    /// Whether the same call may succeed later.
    package var retry: Retry {
        switch self {
        case .busy, .full, .readOnly, .ioError, .cannotOpen, .outOfMemory: .afterBackoff
        case .syncFailed, .corrupt, .constraint, .foreignFile, .newerFormat, .misuse: .never
        }
    }
}

extension SQLiteError: CustomStringConvertible {
    /// One sentence for a log or a terminal, with what to do where there is something to do.
    package var description: String {
        switch self {
        case .busy(let action): "\(action): another process holds the database for too long"
        case .full(let action): "\(action): the disk is full; free some space, no restart is needed"
        case .readOnly(let action): "\(action): the database may not be written; check its owner and the mount"
        case .corrupt(let action): "\(action): the database is damaged; restore it from a backup"
        case .ioError(let action, let code): "\(action): the disk failed (SQLite code \(code))"
        case .syncFailed(let action): "\(action): the disk did not confirm the write; restart after checking the disk"
        case .cannotOpen(let path): "cannot open the database \(path)"
        case .constraint(let action): "\(action): refused by a rule of the table"
        case .outOfMemory(let action): "\(action): out of memory"
        case .foreignFile(let path, let found, let expected):
            "\(path) is another kind of database (application id \(found), expected \(expected)); "
                + "move it away or point the setting elsewhere"
        case .newerFormat(let path, let found, let supported):
            "\(path) has format \(found), this version reads up to \(supported); "
                + "start the version that wrote it, or restore the copy made before the upgrade"
        case .misuse(let action, let code, let message): "\(action): \(message) (SQLite code \(code))"
        }
    }
}
