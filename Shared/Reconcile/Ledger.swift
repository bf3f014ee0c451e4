package import JSON
package import Time

/// Every resource that was ever wanted and is not deleted yet: what a reconciler may delete, and nothing else.
///
/// It is kept on disk by whoever reconciles, before a step is taken, so that a resource is never made and then forgotten.
///
///     {"version":1,"entries":[{"kind","name","annotations":{…},"absentSince":1790000000000}]}
package struct Ledger: Sendable, Equatable {
    /// What is known about a resource.
    package struct Entry: Sendable, Equatable {
        /// The annotations that it was wanted with last.
        package var annotations: [String: String]
        /// Since when it is not wanted; nil while it is.
        package var absentSince: Timestamp?
    }

    /// By resource.
    package private(set) var entries: [ResourceID: Entry] = [:]

    /// Nothing was wanted yet.
    package init() {}

    /// Takes note of what is wanted now.
    ///
    /// - Returns: Whether the ledger has changed and has to be kept.
    package mutating func adopt(_ desired: [ResourceID: Resource], now: Timestamp) -> Bool {
        var isChanged = false
        for (id, resource) in desired {
            let entry = Entry(annotations: resource.annotations, absentSince: nil)
            if entries[id] != entry {
                entries[id] = entry
                isChanged = true
            }
        }
        guard entries.count > desired.count else { return isChanged }
        for (id, entry) in entries where desired[id] == nil && entry.absentSince == nil {
            entries[id]?.absentSince = now
            isChanged = true
        }
        return isChanged
    }

    /// The resource is gone.
    mutating func forget(_ id: ResourceID) { entries[id] = nil }

    /// The form on disk.
    package var json: JSONValue {
        let sorted = entries.sorted {
            ($0.key.kind.description, $0.key.name) < ($1.key.kind.description, $1.key.name)
        }
        let list = sorted.map { id, entry -> JSONValue in
            var object: JSONObject = [
                "kind": .string(id.kind.description), "name": .string(id.name),
                "annotations": JSONValue(sorted: entry.annotations),
            ]
            object["absentSince"] = entry.absentSince.map { JSONValue($0.milliseconds) }
            return .object(object)
        }
        return ["version": 1, "entries": .array(list)]
    }

    /// Reads the form on disk.
    ///
    /// - Parameter kinds: Those that there can be.
    /// - Throws: `.damagedLedger` when it is not the form, `.unknownKind`.
    package init(json: JSONValue, kinds: [ResourceKind]) throws(ReconcileError) {
        guard json["version"]?.int64 == 1, let list = json["entries"]?.array else { throw .damagedLedger }
        for item in list {
            guard let kindName = item["kind"]?.string, let name = item["name"]?.string,
                let annotations = item["annotations"]?.object
            else { throw .damagedLedger }
            guard let kind = kinds.first(where: { $0.description == kindName }) else { throw .unknownKind(kindName) }
            var entry = Entry(annotations: [:], absentSince: nil)
            for member in annotations.members {
                guard let text = member.value.string else { throw .damagedLedger }
                entry.annotations[member.name] = text
            }
            entry.absentSince = item["absentSince"]?.int64.map { Timestamp(milliseconds: $0) }
            entries[ResourceID(kind, name)] = entry
        }
    }
}
