internal import HTTP
package import JSON

/// How a server-side apply is done (kubernetes.io/docs/reference/using-api/server-side-apply).
package struct ApplyOptions: Sendable {
    static let contentType = "application/apply-patch+yaml"

    /// Whose fields these are from now on; at most 128 characters.
    package var manager: String
    /// Takes fields away from others. Without it their fields are a conflict.
    package var force = false
    /// Checks, and changes nothing.
    package var dryRun = false

    /// Without force.
    package init(manager: String) { self.manager = manager }
}

/// How a patch says what shall change.
package enum PatchForm: String, Sendable {
    /// RFC 7386.
    case merge = "application/merge-patch+json"
    /// RFC 6902.
    case json = "application/json-patch+json"
    /// Kubernetes' own, for built-in types only.
    case strategic = "application/strategic-merge-patch+json"
}

/// What becomes of what belongs to a deleted object.
package enum Propagation: String, Sendable {
    /// It goes later.
    case background = "Background"
    /// It goes before.
    case foreground = "Foreground"
    /// It stays.
    case orphan = "Orphan"
}

extension KubernetesClient {
    /// Reads an object.
    ///
    /// - Throws: As `object`; all of these do.
    package func get(_ path: ResourcePath) async throws(KubernetesError) -> JSONValue {
        try await object(Request(.get, try path.text()))
    }

    /// Reads an object; nil when there is none.
    package func find(_ path: ResourcePath) async throws(KubernetesError) -> JSONValue? {
        do throws(KubernetesError) {
            return try await get(path)
        } catch {
            if case .refused(let status) = error, status.isNotFound { return nil }
            throw error
        }
    }

    /// Makes an object; its collection's path.
    package func create(_ object: JSONValue, in path: ResourcePath) async throws(KubernetesError) -> JSONValue {
        try await send(.post, path, object, "application/json", [("fieldManager", options.name)])
    }

    /// Replaces an object. With `metadata.resourceVersion` in it, only that version.
    package func update(_ object: JSONValue, at path: ResourcePath) async throws(KubernetesError) -> JSONValue {
        try await send(.put, path, object, "application/json", [("fieldManager", options.name)])
    }

    /// Changes a part of an object.
    package func patch(
        _ path: ResourcePath, _ form: PatchForm, _ change: JSONValue
    ) async throws(KubernetesError) -> JSONValue {
        try await send(.patch, path, change, form.rawValue, [("fieldManager", options.name)])
    }

    /// Server-side apply: says all that this manager wants of an object, which is made when it is missing.
    ///
    /// - Parameter intent: With `apiVersion`, `kind` and `metadata.name`, without `managedFields`.
    /// - Throws: `.applyConflict` when others own what would change.
    package func apply(
        _ intent: JSONValue, at path: ResourcePath, _ how: ApplyOptions
    ) async throws(KubernetesError) -> JSONValue {
        guard 1...128 ~= how.manager.unicodeScalars.count else {
            throw .badRequest(field: "manager", rule: "has 1 to 128 characters")
        }
        var query = [("fieldManager", how.manager), ("force", how.force ? "true" : "false")]
        if how.dryRun { query.append(("dryRun", "All")) }
        return try await send(.patch, path, intent, ApplyOptions.contentType, query)
    }

    /// Deletes an object.
    ///
    /// - Parameters:
    ///   - uid: Only when it is still this one.
    ///   - graceSeconds: Nil: as the object says.
    package func delete(
        _ path: ResourcePath, uid: String? = nil, propagation: Propagation = .background, graceSeconds: Int? = nil
    ) async throws(KubernetesError) {
        var wish: JSONObject = [
            "kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": .string(propagation.rawValue),
        ]
        if let uid { wish["preconditions"] = ["uid": .string(uid)] }
        if let graceSeconds { wish["gracePeriodSeconds"] = JSONValue(graceSeconds) }
        _ = try await send(.delete, path, .object(wish), "application/json", [])
    }

    private func send(
        _ method: Method, _ path: ResourcePath, _ body: JSONValue, _ type: String, _ query: [(String, String)]
    ) async throws(KubernetesError) -> JSONValue {
        var request = Request(method, try path.text(), headers: ["content-type": type, "accept": "application/json"])
        var fields = FormFields()
        for (name, value) in query { fields.add(name, value) }
        request.query = fields.encoded
        request.body = body.bytes()
        return try await object(request)
    }
}
