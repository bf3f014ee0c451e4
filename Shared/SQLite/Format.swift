/// What kind of store a file holds, and in which version. SQLite keeps both numbers in the file's header.
///
/// `PRAGMA application_id` says whose file it is, `PRAGMA user_version` how far its tables have been migrated. Step n
/// of `steps` brings a file from version n to n + 1; steps are only ever added.
package struct DatabaseFormat: Sendable {
    /// Four bytes that tell this store from every other SQLite file.
    package let applicationID: Int32
    /// SQL of each migration, oldest first.
    package let steps: [String]
    /// The version that this program writes.
    package var version: Int32 { Int32(steps.count) }

    /// A format with these migrations.
    package init(applicationID: Int32, steps: [String]) {
        self.applicationID = applicationID
        self.steps = steps
    }
}

extension Database {
    /// Brings the file to this format, all steps in one transaction; a file that is there already is only read.
    ///
    /// - Throws: `.newerFormat` and `.foreignFile` before anything is changed.
    package func migrate(to format: DatabaseFormat) throws(SQLiteError) {
        if try isCurrent(format) { return }
        try transaction { () throws(SQLiteError) in
            if try isCurrent(format) { return }  // another process was faster
            let from = try integer("PRAGMA user_version") ?? 0
            for step in format.steps.dropFirst(Int(from)) { try execute(step) }
            try execute("PRAGMA application_id = \(format.applicationID)")
            try execute("PRAGMA user_version = \(format.version)")
        }
    }

    /// Both numbers and how many tables there are, of one moment: another connection may be making the file.
    private func storedFormat() throws(SQLiteError) -> (application: Int32, version: Int32, tables: Int64) {
        let statement = try cached(
            """
            SELECT (SELECT application_id FROM pragma_application_id), (SELECT user_version FROM pragma_user_version),
                (SELECT count(*) FROM sqlite_schema)
            """)
        defer { statement.reset() }
        guard try statement.step() else { return (0, 0, 0) }
        return (
            Int32(truncatingIfNeeded: statement.int64(0)), Int32(truncatingIfNeeded: statement.int64(1)),
            statement.int64(2)
        )
    }

    /// Refuses a file that this program cannot read; for readers, which never migrate.
    ///
    /// - Returns: False when the file is empty or older than `format`.
    package func isCurrent(_ format: DatabaseFormat) throws(SQLiteError) -> Bool {
        let (application, version, tables) = try storedFormat()
        if application == 0, version == 0, tables == 0 { return false }
        guard application == format.applicationID else {
            throw .foreignFile(path: path, applicationID: application, expected: format.applicationID)
        }
        guard version <= format.version else {
            throw .newerFormat(path: path, found: version, supported: format.version)
        }
        return version == format.version
    }
}
