private import CSQLite

/// One compiled statement. Bind, step, read columns, reset.
///
/// Parameters count from 1, columns from 0, as in SQLite. Whoever steps a statement resets it: until then it holds its
/// transaction open.
/// - Isolation: lives on the thread of its `Database`.
package final class Statement {
    private let connection: Connection
    private let handle: OpaquePointer
    private let action: String

    init(_ connection: Connection, _ sql: String) throws(SQLiteError) {
        var compiled: OpaquePointer?
        let code = sqlite3_prepare_v3(connection.handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &compiled, nil)
        action = String(sql.prefix { $0 != "(" && $0 != "\n" }.prefix(48))
        try connection.check(code, action)
        guard let compiled else { throw .misuse(during: action, code: SQLITE_MISUSE, message: "empty statement") }
        handle = compiled
        self.connection = connection
    }

    deinit { sqlite3_finalize(handle) }

    // MARK: Binding

    /// Binds an integer. - Throws: `.misuse` when there is no such parameter.
    package func bind(_ value: Int64, at index: Int32) throws(SQLiteError) {
        try connection.check(sqlite3_bind_int64(handle, index, value), action)
    }

    /// Binds `NULL`. - Throws: `.misuse` when there is no such parameter.
    package func bindNull(at index: Int32) throws(SQLiteError) {
        try connection.check(sqlite3_bind_null(handle, index), action)
    }

    /// Binds a text; SQLite keeps a copy. - Throws: `.misuse` when there is no such parameter.
    package func bind(_ text: String, at index: Int32) throws(SQLiteError) {
        var text = text
        let code = text.withUTF8 { raw in
            raw.withMemoryRebound(to: CChar.self) { chars in
                chars.isEmpty
                    ? sqlite3_bind_text(handle, index, "", 0, Statement.copied)
                    : sqlite3_bind_text(handle, index, chars.baseAddress, Int32(chars.count), Statement.copied)
            }
        }
        try connection.check(code, action)
    }

    /// Binds a blob; SQLite keeps a copy. - Throws: `.misuse` when there is no such parameter.
    package func bind(_ bytes: [UInt8], at index: Int32) throws(SQLiteError) {
        let code = bytes.withUnsafeBytes { bindBlob($0, index, Statement.copied) }
        try connection.check(code, action)
    }

    /// Binds a blob; SQLite keeps a copy. - Throws: `.misuse` when there is no such parameter.
    package func bind(_ bytes: UnsafeRawBufferPointer, at index: Int32) throws(SQLiteError) {
        try connection.check(bindBlob(bytes, index, Statement.copied), action)
    }

    /// Binds a blob without copying it.
    ///
    /// - Parameter bytes: Must stay where they are, unchanged, until the next bind of this parameter or `clear()`.
    /// - Throws: `.misuse` when there is no such parameter, `.full`-like errors never.
    package func bind(borrowing bytes: UnsafeRawBufferPointer, at index: Int32) throws(SQLiteError) {
        try connection.check(bindBlob(bytes, index, nil), action)
    }

    private func bindBlob(
        _ bytes: UnsafeRawBufferPointer, _ index: Int32, _ destructor: sqlite3_destructor_type?
    ) -> Int32 {
        // A nil pointer would bind NULL; an empty blob is not NULL.
        guard let base = bytes.baseAddress, !bytes.isEmpty else { return sqlite3_bind_zeroblob(handle, index, 0) }
        return sqlite3_bind_blob64(handle, index, base, UInt64(bytes.count), destructor)
    }

    // SQLITE_TRANSIENT is a cast macro that Swift does not import.
    private static let copied = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

    // MARK: Running

    /// Goes to the next row.
    ///
    /// - Returns: False when there is no further row; the statement is then reset.
    /// - Throws: What went wrong; the statement is then reset.
    package func step() throws(SQLiteError) -> Bool {
        let code = sqlite3_step(handle)
        if code == SQLITE_ROW { return true }
        sqlite3_reset(handle)
        if code == SQLITE_DONE { return false }
        throw connection.error(code, action)
    }

    /// Runs the statement to its end and resets it; rows are passed over.
    package func run() throws(SQLiteError) {
        while try step() {}
    }

    /// Ends reading; parameters stay bound.
    package func reset() { sqlite3_reset(handle) }

    /// Ends reading and forgets all parameters, borrowed ones too.
    package func clear() {
        sqlite3_reset(handle)
        sqlite3_clear_bindings(handle)
    }

    // MARK: Columns of the current row

    /// Whether the column is `NULL`.
    package func isNull(_ column: Int32) -> Bool { sqlite3_column_type(handle, column) == SQLITE_NULL }

    /// The column as an integer; 0 when it is `NULL`.
    package func int64(_ column: Int32) -> Int64 { sqlite3_column_int64(handle, column) }

    /// The column as text; empty when it is `NULL`.
    package func text(_ column: Int32) -> String {
        guard let text = sqlite3_column_text(handle, column) else { return "" }
        let raw = UnsafeBufferPointer(start: text, count: Int(sqlite3_column_bytes(handle, column)))
        return String(decoding: raw, as: UTF8.self)
    }

    /// A copy of the column's bytes; empty when it is `NULL`.
    package func bytes(_ column: Int32) -> [UInt8] { [UInt8](blob(column)) }

    /// The column's bytes where SQLite holds them, without a copy.
    ///
    /// Valid until the next `step`, `reset`, `clear` or text access to the same column.
    package func blob(_ column: Int32) -> UnsafeRawBufferPointer {
        guard let base = sqlite3_column_blob(handle, column) else {
            return UnsafeRawBufferPointer(start: nil, count: 0)
        }
        return UnsafeRawBufferPointer(start: base, count: Int(sqlite3_column_bytes(handle, column)))
    }
}
