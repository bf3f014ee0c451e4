internal import Bytes

/// What the path of a call names.
///
/// ```
/// /api/v1/[namespaces/NS/]RESOURCE[/NAME[/SUBRESOURCE]]
/// /apis/GROUP/VERSION/[namespaces/NS/]RESOURCE[/NAME[/SUBRESOURCE]]
/// /version  /readyz  /api  /apis  /openapi/v3  /openapi/v3/…
/// ```
///
/// There is exactly one spelling for each meaning. Whatever a proxy, a router or the API server might read in a second way is
/// refused: percent-encoding, empty and dot segments, a slash at the end, `;`, `\`, upper case where names have none, and
/// everything outside ASCII. So nothing has to be decoded, and the text that was judged is the text that is sent.
enum CallPath: Equatable {
    /// One of the paths that tell what the API offers.
    case discovery
    /// An object, a collection or a subresource.
    case resource(ResourceTarget)

    /// Longest path, bytes: three names of 253 bytes, three labels, and what stands between them.
    static let limit = 1024

    /// - Throws: `.call` with the first rule that the path breaks.
    init(parsing path: String) throws(AccessError) {
        let segments = try Self.segments(path)
        switch segments[0] {
        case "version", "readyz":
            guard segments.count == 1 else { throw Self.notListed }
            self = .discovery
        case "openapi":
            guard segments.count >= 2, segments[1] == "v3" else { throw Self.notListed }
            self = .discovery
        case "api":
            if segments.count == 1 {
                self = .discovery
                return
            }
            guard segments[1] == "v1" else { throw Self.refused("the core group has the version v1 only") }
            guard segments.count > 2 else { throw Self.notListed }
            self = .resource(try Self.target(group: "", version: "v1", segments[2...]))
        case "apis":
            if segments.count == 1 {
                self = .discovery
                return
            }
            guard segments.count > 3 else { throw Self.notListed }
            guard ResourceName.isSubdomain(segments[1]) else {
                throw Self.refused("a group is lower-case labels joined by dots")
            }
            guard ResourceName.isLabel(segments[2]) else { throw Self.refused("a version is a lower-case label") }
            self = .resource(try Self.target(group: segments[1], version: segments[2], segments[3...]))
        default: throw Self.notListed
        }
    }

    /// The segments, at least one, none empty.
    private static func segments(_ path: String) throws(AccessError) -> [String] {
        let bytes = path.utf8
        guard bytes.count <= limit else { throw refused("it is longer than \(limit) bytes") }
        guard bytes.first == UInt8(ascii: "/") else { throw refused("it begins with a slash") }
        for byte in bytes where byte != UInt8(ascii: "/") && !ResourceName.isSegmentByte(byte) {
            throw refused(rule(against: byte))
        }
        let segments = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        for segment in segments {
            if segment.isEmpty { throw refused("no segment is empty, and no slash stands at the end") }
            if segment == "." || segment == ".." { throw refused("no segment is a dot or two dots") }
        }
        return segments
    }

    private static func rule(against byte: UInt8) -> String {
        switch byte {
        case UInt8(ascii: "%"): "nothing in it is percent-encoded: no name of Kubernetes needs that"
        case UInt8(ascii: "?"), UInt8(ascii: "#"): "query and fragment do not belong to it"
        case 0x00..<0x20, 0x7F: "it has no control characters"
        case 0x80...: "it is plain ASCII"
        default: "it has letters, digits and -._~:@/ only"
        }
    }

    /// As the API server's request-info resolver reads what follows the version (kubernetes/apiserver,
    /// `pkg/endpoints/request/requestinfo.go`), without the forms that it keeps for old clients.
    private static func target(
        group: String, version: String, _ segments: ArraySlice<String>
    ) throws(AccessError) -> ResourceTarget {
        var rest = segments
        var namespace: String?
        if rest.first == "watch" || rest.first == "proxy" {
            throw refused("the old forms watch/… and proxy/… are not served")
        }
        if rest.first == "namespaces" {
            // The resolver takes `namespaces/NS/status` for a subresource of the namespace, in every group.
            let isNamespaceItself = rest.count < 3 || ["status", "finalize"].contains(rest[rest.startIndex + 2])
            if isNamespaceItself {
                guard group.isEmpty else { throw refused("namespaces belong to the core group") }
                if rest.count >= 2 { namespace = rest[rest.startIndex + 1] }
            } else {
                namespace = rest[rest.startIndex + 1]
                rest = rest.dropFirst(2)
                if ["namespaces", "watch", "proxy"].contains(rest.first) {
                    throw refused("no such resource is inside a namespace")
                }
            }
        }
        if let namespace, !ResourceName.isLabel(namespace) { throw refused("a namespace is a lower-case label") }
        let parts = Array(rest)
        guard parts.count <= 3 else { throw refused("nothing follows a subresource") }
        guard ResourceName.isLabel(parts[0]) else { throw refused("a resource is a lower-case label") }
        let name = parts.count > 1 ? parts[1] : nil
        if let name, !ResourceName.isObjectName(name) { throw refused("a name has at most 253 characters") }
        let subresource = parts.count > 2 ? parts[2] : nil
        if let subresource, !ResourceName.isLabel(subresource) {
            throw refused("a subresource is a lower-case label")
        }
        return ResourceTarget(
            group: group, version: version, resource: parts[0], subresource: subresource, namespace: namespace,
            name: name)
    }

    private static func refused(_ rule: String) -> AccessError { .call(part: .path, rule: rule) }

    private static let notListed = refused(
        "outside of resources only /version, /readyz, /api, /apis and /openapi/v3 are served")
}

/// What a call is about.
package struct ResourceTarget: Sendable, Equatable {
    /// The API group; empty for the core group.
    package let group: String
    /// The version, such as `v1`.
    package let version: String
    /// The resource, plural and lower case: `deployments`.
    package let resource: String
    /// What follows the name: `log`, `status`; nil when nothing does.
    package let subresource: String?
    /// The namespace; nil when the path names none: for objects outside of namespaces, and for all namespaces at once.
    /// Of a namespace itself it is its own name.
    package let namespace: String?
    /// The object's name; nil for a collection.
    package internal(set) var name: String?

    /// `pods/log`, as rules write it.
    package var resourceText: String { subresource.map { "\(resource)/\($0)" } ?? resource }

    /// The path that has this meaning.
    package var path: String {
        var parts = group.isEmpty ? ["", "api", version] : ["", "apis", group, version]
        if let namespace, resource != "namespaces" || !group.isEmpty { parts += ["namespaces", namespace] }
        parts += [resource, name, subresource].compactMap(\.self)
        return parts.joined(separator: "/")
    }
}
