internal import Bytes

/// One call of the cluster's API, understood: what it does, to what, and the only text in which it is sent on.
///
/// It is made of the path and query as they came, still percent-encoded. A call that could be read in two ways has no value of
/// this type; nothing is repaired. ``target`` is put together from what was understood, so the API server gets the call that
/// was judged, whatever the caller's spelling was.
package struct ClusterCall: Sendable, Equatable {
    /// What a stream carries (and what a rule's `kinds` say).
    package enum Kind: String, Sendable, CaseIterable {
        /// A request and its answer.
        case http
        /// Server-side apply.
        case apply
        /// Changes of a collection as they come.
        case watch
        /// A container's log.
        case logs
        /// A command in a container, or its terminal (`attach`).
        case exec
        /// Bytes to a port of a pod.
        case portforward
    }

    /// What the call does (kubernetes.io, "Authorization Overview").
    package enum Verb: String, Sendable, CaseIterable {
        case get, list, watch, create, update, patch, delete
        /// DELETE of a collection.
        case deletecollection
    }

    /// What it does by its path, method and query, whatever the stream called itself: an exec in a stream of kind `http` would
    /// otherwise be judged as a harmless GET.
    package let kind: Kind
    /// The method, upper case.
    package let method: String
    /// What it is about; nil for a question about the API itself (``isDiscovery``).
    package private(set) var resource: ResourceTarget?
    /// Every verb that must be allowed. Server-side apply makes objects that are not there, so it needs `patch` and `create`; a
    /// command, a terminal and a forwarded port count as `create` (as newer API servers have it).
    package let verbs: [Verb]
    /// The path and, behind a `?`, the query, to be sent as they are.
    package let target: String
    /// Whether it asks to try only (`dryRun=All`).
    package let isDryRun: Bool
    /// The object that a collection's call is narrowed to by its field selector; nil without.
    let selectedName: String?
    /// The words of a command that is to be run; empty for everything else.
    package let command: [String]
    /// The media type of the body, without parameters; nil without a body.
    let bodyType: String?

    /// True for the paths that tell what the API offers: `/version`, `/readyz`, `/api`, `/apis`, `/openapi/v3…`.
    package var isDiscovery: Bool { resource == nil }

    /// Understands a call.
    ///
    /// - Parameters:
    ///   - kind: What the stream says it is.
    ///   - path: The path as it came, percent-encoded, without the query.
    ///   - query: What stood behind the `?`, percent-encoded; empty for none.
    ///   - contentType: The `content-type` of the body, if it has one.
    /// - Throws: `.call` with the part and the rule that it breaks.
    package init(
        _ kind: Kind, method: String, path: String, query: String = "", contentType: String? = nil
    ) throws(AccessError) {
        let parsed = try CallPath(parsing: path)
        let query = try CallQuery(parsing: query)
        let bodyType = contentType.map { Self.mediaType($0) }
        let action: Action
        switch parsed {
        case .discovery:
            guard method == "GET" else { throw .call(part: .method, rule: "questions about the API are GET") }
            action = Action(.http, .discovery, [])
            resource = nil
        case .resource(let target):
            try Self.refuseWhatNobodyMayDo(target)
            action = try Action(method, target, query, bodyType)
            resource = target
        }
        try query.check(for: action.use)
        guard kind == action.kind || (kind == .http && [.watch, .logs, .apply].contains(action.kind)) else {
            throw .call(part: .kind, rule: "a stream of kind \(kind.rawValue) carries no \(action.kind.rawValue)")
        }
        self.kind = action.kind
        self.method = method
        self.bodyType = bodyType
        verbs = action.verbs
        isDryRun = query["dryRun"] != nil
        selectedName = [.list, .watch].contains(action.verbs.first) ? query.selectedName : nil
        command = query.pairs.filter { $0.name == "command" }.map(\.value)
        // The path has one spelling only, the query is written anew.
        target = query.pairs.isEmpty ? path : "\(path)?\(query.encoded)"
    }

    /// Names the object that a `create` of a collection makes, once its body was read (``ObjectCheck``).
    mutating func nameObject(_ name: String?) {
        if resource?.name == nil, verbs == [.create] { resource?.name = name }
    }

    /// Subresources that give more than any rule could say: a proxy reaches every port and the kubelet's own API, a token is
    /// an identity outside of this policy, a binding bypasses the scheduler.
    static func isNeverAllowed(group: String?, resource: String, subresource: String?) -> Bool {
        let isCore = group == nil || group == ""
        if subresource == "proxy" { return true }
        if isCore, resource == "serviceaccounts", subresource == "token" { return true }
        return isCore && (resource == "bindings" || resource == "pods" && subresource == "binding")
    }

    private static func refuseWhatNobodyMayDo(_ target: ResourceTarget) throws(AccessError) {
        if isNeverAllowed(group: target.group, resource: target.resource, subresource: target.subresource) {
            throw .call(part: .path, rule: "\(target.resourceText) is never served, whatever the policy says")
        }
    }

    /// The type without its parameters, lower case.
    private static func mediaType(_ text: String) -> String {
        let type = text.utf8.prefix { $0 != UInt8(ascii: ";") }.map(ASCII.lowercased)
        return type.withUnsafeBytes { String(decoding: ASCII.trimmed($0), as: UTF8.self) }
    }
}

/// What method, path and query come to.
private struct Action {
    let kind: ClusterCall.Kind
    let use: CallQuery.Use
    let verbs: [ClusterCall.Verb]

    init(_ kind: ClusterCall.Kind, _ use: CallQuery.Use, _ verbs: [ClusterCall.Verb]) {
        self.kind = kind
        self.use = use
        self.verbs = verbs
    }

    init(_ method: String, _ target: ResourceTarget, _ query: CallQuery, _ bodyType: String?) throws(AccessError) {
        if target.group.isEmpty, target.resource == "pods", let subresource = target.subresource {
            switch subresource {
            case "log":
                guard method == "GET" else { throw Self.refused(method, "a log is read") }
                self.init(.logs, .logs, [.get])
                return
            case "exec", "attach", "portforward":
                // GET opens a web-socket, POST was SPDY's way; the policy sees no difference.
                guard method == "GET" || method == "POST" else { throw Self.refused(method, "such a stream is opened") }
                self.init(
                    subresource == "portforward" ? .portforward : .exec,
                    subresource == "portforward" ? .portForward : .exec, [.create])
                return
            default: break
            }
        }
        switch (method, target.name != nil) {
        case ("GET", true): self.init(.http, .get, [.get])
        case ("GET", false):
            // An odd value is refused later; until then it counts as a watch.
            let watches = query["watch"].map { $0 != "0" && $0 != "false" } ?? false
            self.init(watches ? .watch : .http, .list, [watches ? .watch : .list])
        case ("POST", false): self.init(.http, .write, [.create])
        case ("POST", true):
            guard target.subresource != nil else { throw Self.refused(method, "an object is made in its collection") }
            self.init(.http, .write, [.create])
        case ("PUT", true): self.init(.http, .write, [.update])
        case ("PATCH", true):
            let isApply = bodyType == PatchType.apply
            guard let bodyType, PatchType.all.contains(bodyType) else {
                throw .call(
                    part: .header,
                    rule: "the content-type of a PATCH is one of \(PatchType.all.joined(separator: ", "))")
            }
            self.init(isApply ? .apply : .http, isApply ? .applyPatch : .patch, isApply ? [.patch, .create] : [.patch])
        case ("DELETE", true):
            guard target.subresource == nil else { throw Self.refused(method, "an object is deleted") }
            self.init(.http, .delete, [.delete])
        case ("DELETE", false): self.init(.http, .deleteCollection, [.deletecollection])
        default:
            throw Self.refused(method, "GET, POST, PUT, PATCH and DELETE are served, where the path has room for them")
        }
    }

    private static func refused(_ method: String, _ rule: String) -> AccessError {
        .call(part: .method, rule: "\(shownName(method, limit: 16)): \(rule)")
    }
}

/// The media types of a PATCH (kubernetes.io, "Updates to existing resources").
enum PatchType {
    static let apply = "application/apply-patch+yaml"
    static let all = [
        "application/json-patch+json", "application/merge-patch+json", "application/strategic-merge-patch+json", apply,
    ]
}
