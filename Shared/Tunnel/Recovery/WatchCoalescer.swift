internal import JSON

// A watch whose reader is slower than its objects change: what waits is at most two lines for each object, the newest state, and before
// it the deletion of an older object of the same name.
//
//     waits            comes         waits then
//     –                any           that
//     ADDED, MODIFIED  MODIFIED      the same word, the newer object, in the same place: a busy object is not pushed back for ever
//     ADDED, MODIFIED  DELETED       DELETED, even if nobody heard of it
//     DELETED          ADDED         DELETED, ADDED
//     DELETED, ADDED   DELETED       DELETED
//
// So objects leave out of the order of their versions, and the version of the last object that a reader saw is no place to go on from:
// changes before it may still wait. Each line therefore carries `rv`, the newest version up to which nothing waits behind it.

/// The changes of a watch that wait for room on the stream.
package struct WatchCoalescer: Sendable {
    /// What a line says.
    package enum Kind: String, Sendable {
        case added = "ADDED"
        case modified = "MODIFIED"
        case deleted = "DELETED"
        /// Nothing changed up to `rv`.
        case bookmark = "BOOKMARK"
        /// What follows, up to SYNCED, is the whole list; what is not in it is gone.
        case relist = "RELIST"
        /// The list is complete.
        case synced = "SYNCED"
    }

    /// A line of the stream.
    package struct Line: Sendable, Equatable {
        /// What happened.
        package var kind: Kind
        /// Where a watch may go on that has seen this line and all before it; empty while that is unknown.
        package var version: String
        /// The object's JSON; empty for lines without one.
        package var object: [UInt8]

        /// NDJSON: `{"t":"ADDED","rv":"42","o":{…}}` and a line feed.
        package func bytes() -> [UInt8] {
            var writer = MemberWriter()
            writer.text("t", kind.rawValue)
            if !version.isEmpty { writer.text("rv", version) }
            if !object.isEmpty { writer.raw("o", object) }
            return writer.end() + [UInt8(ascii: "\n")]
        }
    }

    private struct Entry {
        var kind: Kind
        let key: String
        var object: [UInt8]
        /// The newest version before the first change that this entry stands for.
        let before: String
    }

    private struct Pending {
        var deleted: UInt64?
        var live: UInt64?
    }

    private var entries: [UInt64: Entry] = [:]
    private var order = Ring<UInt64>()
    private var nextEntry: UInt64 = 0
    private var keys: [String: Pending] = [:]
    private var latest: String
    private var bookmarkWaits = false
    /// Bytes of the objects that wait.
    package private(set) var bytes = 0

    /// Without changes.
    /// - Parameter version: Where the watch begins; empty for a list.
    package init(from version: String = "") { latest = version }

    /// True when no line waits.
    package var isEmpty: Bool { entries.isEmpty && !bookmarkWaits }
    /// Lines that wait.
    package var count: Int { entries.count }

    /// An object was added, modified or deleted.
    /// - Parameters:
    ///   - key: Namespace and name.
    ///   - version: Its `resourceVersion`.
    package mutating func changed(_ kind: Kind, key: String, version: String, object: [UInt8]) {
        var pending = keys[key] ?? Pending()
        switch kind {
        case .added, .modified:
            if let live = pending.live {
                replace(live, nil, object)
            } else {
                pending.live = append(kind, key, object)
            }
        case .deleted:
            switch (pending.deleted, pending.live) {
            case (nil, nil): pending.deleted = append(.deleted, key, object)
            case (let deleted?, nil): replace(deleted, nil, object)
            case (nil, let live?):
                replace(live, .deleted, object)
                pending = Pending(deleted: live, live: nil)
            case (let deleted?, let live?):
                replace(deleted, nil, object)
                remove(live)
                pending.live = nil
            }
        case .bookmark, .relist, .synced: preconditionFailure("marks have methods of their own")
        }
        keys[key] = pending
        latest = version
    }

    /// Nothing else has changed up to that version.
    package mutating func bookmark(_ version: String) {
        latest = version
        bookmarkWaits = true
    }

    /// The API server has forgotten the version: what waits is thrown away, the list follows.
    package mutating func relist() {
        entries = [:]
        order.removeAll()
        keys = [:]
        bytes = 0
        bookmarkWaits = false
        latest = ""
        _ = append(.relist, "", [])
    }

    /// The list is complete, and stands for that version.
    package mutating func synced(_ version: String) {
        _ = append(.synced, "", [])
        latest = version
    }

    /// The next line for the stream; nil when nothing waits.
    package mutating func next() -> Line? {
        while let number = order.popFirst() {
            guard let entry = entries.removeValue(forKey: number) else { continue }
            bytes -= entry.object.count
            if var pending = keys[entry.key] {
                if pending.deleted == number { pending.deleted = nil }
                if pending.live == number { pending.live = nil }
                keys[entry.key] = pending.deleted == nil && pending.live == nil ? nil : pending
            }
            return Line(kind: entry.kind, version: safeVersion(), object: entry.object)
        }
        guard bookmarkWaits else { return nil }
        bookmarkWaits = false
        return Line(kind: .bookmark, version: latest, object: [])
    }

    /// Up to there nothing waits.
    private mutating func safeVersion() -> String {
        while let number = order.first {
            if let entry = entries[number] { return entry.before }
            _ = order.popFirst()
        }
        bookmarkWaits = false  // the line says as much
        return latest
    }

    private mutating func append(_ kind: Kind, _ key: String, _ object: [UInt8]) -> UInt64 {
        nextEntry += 1
        entries[nextEntry] = Entry(kind: kind, key: key, object: object, before: latest)
        order.append(nextEntry)
        bytes += object.count
        return nextEntry
    }

    private mutating func replace(_ number: UInt64, _ kind: Kind?, _ object: [UInt8]) {
        bytes += object.count - (entries[number]?.object.count ?? 0)
        entries[number]?.object = object
        if let kind { entries[number]?.kind = kind }
    }

    private mutating func remove(_ number: UInt64) {
        bytes -= entries.removeValue(forKey: number)?.object.count ?? 0
    }
}
