package import JSON

/// What a watch tells, in the order in which it happened.
///
///     relist  added… synced  (added | modified | deleted | bookmark)…  relist  added… synced  …
package enum WatchEvent: Sendable, Equatable {
    /// All objects follow: those that do not follow before `synced` are gone.
    case relist
    /// An object is there. Between `relist` and `synced` it may have been there before, and have changed.
    case added(JSONValue)
    /// An object has changed.
    case modified(JSONValue)
    /// An object is gone; its last state.
    case deleted(JSONValue)
    /// Nothing happened up to this version.
    case bookmark(version: String)
    /// The list is complete; it is of this version.
    case synced(version: String)
}

/// One line of a watch's answer.
enum WatchLine: Equatable {
    case event(WatchEvent, version: String)
    /// The stream ends with a reason.
    case failed(KubernetesStatus)

    /// - Throws: `.unreadable`.
    init(parsing line: [UInt8]) throws(KubernetesError) {
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONValue.parse(line)
        } catch {
            throw .unreadable("\(error)")
        }
        guard let kind = value["type"]?.string, let object = value["object"], object.object != nil else {
            throw .unreadable("an event of a watch needs a type and an object")
        }
        if kind == "ERROR" {
            self = .failed(
                KubernetesStatus(object)
                    ?? KubernetesStatus(code: 500, reason: "", message: "a watch failed for no reason"))
            return
        }
        guard let version = object["metadata"]?["resourceVersion"]?.string, !version.isEmpty else {
            throw .unreadable("an event of a watch without a resource version")
        }
        switch kind {
        case "ADDED": self = .event(.added(object), version: version)
        case "MODIFIED": self = .event(.modified(object), version: version)
        case "DELETED": self = .event(.deleted(object), version: version)
        case "BOOKMARK": self = .event(.bookmark(version: version), version: version)
        case _: throw .unreadable("an event of a watch has a type that nobody knows")
        }
    }
}
