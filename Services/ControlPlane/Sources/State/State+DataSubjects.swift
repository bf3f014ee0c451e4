// What the state knows of people whose data the plane holds:
//
//   data_subjects ── data_subject_key_links (with subject): which keys seal data of the person, and until when they last
//
// A person's id is personal data itself: the file holds a keyed hash of it, to find it by, and the id sealed, to tell it to those
// who may know.

import Time

extension StateSchema {
    /// The tables of this file.
    static let dataSubjects = """
        CREATE TABLE data_subjects (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            pseudonym BLOB NOT NULL UNIQUE,
            sealed_id BLOB NOT NULL
        ) STRICT;
        CREATE TABLE data_subject_key_links (
            subject INTEGER NOT NULL REFERENCES data_subjects ON DELETE CASCADE,
            project_id TEXT NOT NULL,
            key_link TEXT NOT NULL,
            expires INTEGER NOT NULL,
            PRIMARY KEY (subject, project_id, key_link)
        ) STRICT, WITHOUT ROWID;
        """
}

/// A key that seals data of a person.
struct SubjectKeyLink: Sendable, Equatable {
    let keyLink: String
    let expires: Timestamp
}

/// Whose projects are looked at.
enum SubjectScope: Sendable {
    /// All of them.
    case everything
    /// Those that a user is a member of.
    case projects(ofUser: String)

    fileprivate var userID: String {
        switch self {
        case .everything: ""
        case .projects(let userID): userID
        }
    }
}

extension StateView {
    /// People, in the order in which they were first heard of.
    func dataSubjects(
        _ scope: SubjectScope, after number: Int64, limit: Int, opening secrets: StateSecrets
    ) throws(CallError) -> [(number: Int64, id: String)] {
        try all(
            """
            SELECT number, pseudonym, sealed_id FROM data_subjects WHERE number > ?1 AND (?2 = '' OR number IN (
                SELECT subject FROM data_subject_key_links WHERE subject = number AND project_id IN (
                    SELECT project_id FROM project_members WHERE user_id = ?2)))
                ORDER BY number LIMIT ?3
            """,
            .integer(number), .text(scope.userID), .integer(Int64(limit))
        ) { row throws(CallError) in
            (row.integer(0), try secrets.subjectID(row.bytes(2), pseudonym: row.bytes(1)))
        }
    }

    /// The keys that seal data of a person; none for somebody unknown.
    func keyLinks(_ scope: SubjectScope, ofSubject pseudonym: [UInt8]) throws(CallError) -> [SubjectKeyLink] {
        try all(
            """
            SELECT DISTINCT key_link, expires FROM data_subject_key_links JOIN data_subjects ON number = subject
                WHERE pseudonym = ?1
                AND (?2 = '' OR project_id IN (SELECT project_id FROM project_members WHERE user_id = ?2))
                ORDER BY expires, key_link
            """,
            .blob(pseudonym), .text(scope.userID)
        ) { row throws(CallError) in
            SubjectKeyLink(keyLink: row.text(0), expires: Timestamp(milliseconds: row.integer(1)))
        }
    }
}

extension StateChange {
    /// Notes that a key seals data of a person.
    ///
    /// - Returns: False when that was known.
    func add(
        _ link: SubjectKeyLink, ofSubject id: String, inProject projectID: String, sealing secrets: StateSecrets
    ) throws(CallError) -> Bool {
        let pseudonym = try secrets.pseudonym(of: id)
        if try !view.exists("SELECT 1 FROM data_subjects WHERE pseudonym = ?1", .blob(pseudonym)) {
            try run(
                "INSERT INTO data_subjects (pseudonym, sealed_id) VALUES (?1, ?2)", .blob(pseudonym),
                .blob(try secrets.sealSubjectID(id, pseudonym: pseudonym)))
        }
        let added = try run(
            """
            INSERT OR IGNORE INTO data_subject_key_links (subject, project_id, key_link, expires)
                SELECT number, ?2, ?3, ?4 FROM data_subjects WHERE pseudonym = ?1
            """,
            .blob(pseudonym), .text(projectID), .text(link.keyLink), .integer(link.expires.milliseconds))
        return added > 0
    }

    /// Forgets a person.
    ///
    /// - Returns: How many key links were known.
    func removeSubject(_ pseudonym: [UInt8]) throws(CallError) -> Int {
        let links = try view.count(
            """
            SELECT count(*) FROM data_subject_key_links JOIN data_subjects ON number = subject WHERE pseudonym = ?1
            """,
            .blob(pseudonym))
        try run("DELETE FROM data_subjects WHERE pseudonym = ?1", .blob(pseudonym))
        return links
    }
}

extension StateSecrets {
    /// Bound to the pseudonym, which is the row's other column.
    fileprivate func sealSubjectID(_ id: String, pseudonym: [UInt8]) throws(CallError) -> [UInt8] {
        try seal(id, for: Self.place(pseudonym))
    }

    fileprivate func subjectID(_ sealed: [UInt8], pseudonym: [UInt8]) throws(CallError) -> String {
        try open(sealed, for: Self.place(pseudonym))
    }

    private static func place(_ pseudonym: [UInt8]) -> String { "data_subjects/\(pseudonym)" }
}
