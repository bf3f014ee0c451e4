package import JSON

/// The objects of a collection as the events of a ``Watch`` tell them. A value: no server, no clock.
///
/// While a list arrives the objects from before stay, so that a reader never sees an empty cluster; those that were not in the list go
/// when it is complete.
package struct ObjectCache: Sendable {
    /// Which object.
    package struct Key: Sendable, Hashable, Comparable {
        /// Empty for what has none.
        package var namespace: String
        /// Unique in the namespace.
        package var name: String

        /// From its parts.
        package init(namespace: String, name: String) {
            self.namespace = namespace
            self.name = name
        }

        /// By namespace, then by name.
        package static func < (left: Key, right: Key) -> Bool {
            (left.namespace, left.name) < (right.namespace, right.name)
        }
    }

    /// What an event changed for a reader.
    package enum Change: Sendable, Equatable {
        /// It was not there before.
        case added(Key)
        /// It was there, with another version. Or it is another object under the same name.
        case updated(Key, before: JSONValue)
        /// It is not there any more.
        case removed(Key, before: JSONValue)
    }

    /// All objects.
    package private(set) var objects: [Key: JSONValue] = [:]
    /// The version that all of it is of; nil before the first list is complete.
    package private(set) var version: String?
    /// True between `relist` and `synced`.
    package private(set) var isListing = false
    private var unconfirmed: Set<Key> = []  // not seen since the list began

    /// Nothing is known.
    package init() {}

    /// True once a list was complete: what is not here does not exist.
    package var isComplete: Bool { version != nil }

    /// Takes an event in.
    ///
    /// - Returns: What is different now; nothing for an object that came again as it was.
    package mutating func apply(_ event: WatchEvent) -> [Change] {
        switch event {
        case .relist:
            isListing = true
            unconfirmed = Set(objects.keys)
            return []
        case .added(let object), .modified(let object): return put(object)
        case .deleted(let object):
            guard let key = Self.key(object) else { return [] }
            if !isListing { version = Self.version(object) ?? version }
            unconfirmed.remove(key)
            return objects.removeValue(forKey: key).map { [.removed(key, before: $0)] } ?? []
        case .bookmark(let version):
            if !isListing { self.version = version }
            return []
        case .synced(let version):
            self.version = version
            isListing = false
            let gone = unconfirmed.sorted()
            unconfirmed = []
            return gone.compactMap { key in objects.removeValue(forKey: key).map { .removed(key, before: $0) } }
        }
    }

    private mutating func put(_ object: JSONValue) -> [Change] {
        guard let key = Self.key(object) else { return [] }
        unconfirmed.remove(key)
        if !isListing { version = Self.version(object) ?? version }
        guard let before = objects.updateValue(object, forKey: key) else { return [.added(key)] }
        return Self.version(before) == Self.version(object) ? [] : [.updated(key, before: before)]
    }

    private static func key(_ object: JSONValue) -> Key? {
        guard let metadata = object["metadata"], let name = metadata["name"]?.string else { return nil }
        return Key(namespace: metadata["namespace"]?.string ?? "", name: name)
    }

    private static func version(_ object: JSONValue) -> String? { object["metadata"]?["resourceVersion"]?.string }
}
