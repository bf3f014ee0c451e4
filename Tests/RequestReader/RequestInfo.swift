/// How a Kubernetes API server reads a request target: a second implementation, of Go's `net/url` and `net/http` and of the
/// server's request-info resolver (kubernetes/apiserver, `pkg/endpoints/request/requestinfo.go`), which shares nothing with ours.
/// It is as generous as they are, and generous in the ways of proxies that may stand before them.
package struct RequestInfo: Equatable {
    /// What it does, in the words of RBAC.
    package private(set) var verb = ""
    /// The API group; empty for the core group.
    package private(set) var group = ""
    /// The resource.
    package private(set) var resource = ""
    /// The subresource; empty for none.
    package private(set) var subresource = ""
    /// The namespace; empty for none.
    package private(set) var namespace = ""
    /// The name; empty for none.
    package private(set) var name = ""
    /// Not a resource: the path as the server sees it.
    package private(set) var plainPath: String?

    /// What somebody between the caller and the server may do to a path before it is read.
    package enum Habit: CaseIterable, Sendable {
        /// As Go's server: decode once, keep everything else.
        case plain
        /// Decode, then remove dot segments and double slashes (`path.Clean`; most routers).
        case clean
        /// Decode twice, then clean (a proxy that normalises before it passes on).
        case twice
        /// Cut path parameters (`;x=1`), then clean (servlet containers).
        case parameters
        /// Backslashes are slashes, then clean.
        case backslashes
        /// Letters without case, then clean.
        case caseless
        /// Cut at a NUL (C strings), then clean.
        case terminated
    }

    /// Nil when the server would answer 400.
    package init?(method: String, target: [UInt8], _ habit: Habit) {
        let mark = target.firstIndex(of: 0x3F) ?? target.endIndex
        guard target.first == 0x2F, var path = Self.unescape(Array(target[..<mark])) else { return nil }
        let query = mark < target.endIndex ? Array(target[(mark + 1)...]) : []
        switch habit {
        case .plain: break
        case .clean: path = Self.clean(path)
        case .twice: path = Self.clean(Self.unescape(path) ?? path)
        case .parameters:
            let segments = path.split(separator: 0x2F, omittingEmptySubsequences: false)
            path = Self.clean(Array(segments.map { $0.prefix { $0 != 0x3B } }.joined(separator: [0x2F])))
        case .backslashes: path = Self.clean(path.map { $0 == 0x5C ? 0x2F : $0 })
        case .caseless: path = Self.clean(path.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 })
        case .terminated: path = Self.clean(Array(path.prefix { $0 != 0 }))
        }
        resolve(method, path, query)
    }

    private mutating func resolve(_ method: String, _ path: [UInt8], _ query: [UInt8]) {
        verb = method.lowercased()
        // strings.Trim(path, "/"), strings.Split
        var trimmed = path[...]
        while trimmed.first == 0x2F { trimmed = trimmed.dropFirst() }
        while trimmed.last == 0x2F { trimmed = trimmed.dropLast() }
        var parts = trimmed.split(separator: 0x2F, omittingEmptySubsequences: false).map {
            String(decoding: $0, as: UTF8.self)
        }
        plainPath = String(decoding: path, as: UTF8.self)
        guard parts.count >= 3, parts[0] == "api" || parts[0] == "apis" else { return }
        let prefix = parts.removeFirst()
        if prefix == "apis" {
            guard parts.count >= 3 else { return }
            group = parts.removeFirst()
        }
        plainPath = nil
        parts.removeFirst()  // the version
        if ["proxy", "watch"].contains(parts[0]) {
            guard parts.count >= 2 else {
                plainPath = String(decoding: path, as: UTF8.self)
                return
            }
            verb = parts.removeFirst()
        } else {
            verb =
                ["POST": "create", "GET": "get", "HEAD": "get", "PUT": "update", "PATCH": "patch", "DELETE": "delete"][
                    method] ?? ""
        }
        if parts[0] == "namespaces" {
            if parts.count > 1 {
                namespace = parts[1]
                if parts.count > 2, !["status", "finalize"].contains(parts[2]) { parts = Array(parts[2...]) }
            }
        }
        if parts.count >= 3, verb != "proxy" { subresource = parts[2] }
        if parts.count >= 2 { name = parts[1] }
        resource = parts[0]
        if name.isEmpty, verb == "get" {
            verb = Self.watches(query) ? "watch" : "list"
        } else if name.isEmpty, verb == "delete" {
            verb = "deletecollection"
        }
    }

    /// Whether any reader would call it a watch that should: Go takes the first value, another server perhaps the last.
    private static func watches(_ query: [UInt8]) -> Bool {
        for pair in query.split(whereSeparator: { $0 == 0x26 || $0 == 0x3B }) {
            let mark = pair.firstIndex(of: 0x3D) ?? pair.endIndex
            guard let name = unescape(pair[..<mark].map { $0 == 0x2B ? 0x20 : $0 }),
                String(decoding: name, as: UTF8.self).lowercased() == "watch"
            else { continue }
            let value = mark < pair.endIndex ? unescape(Array(pair[(mark + 1)...])) ?? [] : []
            let text = String(decoding: value, as: UTF8.self).lowercased()
            if text != "0", text != "false" { return true }
        }
        return false
    }

    private static func unescape(_ text: [UInt8]) -> [UInt8]? {
        var out: [UInt8] = []
        var index = 0
        while index < text.count {
            if text[index] == 0x25 {
                guard index + 2 < text.count,
                    let value = UInt8(String(decoding: text[(index + 1)...(index + 2)], as: UTF8.self), radix: 16),
                    text[index + 1] != 0x2B, text[index + 1] != 0x2D
                else { return nil }
                out.append(value)
                index += 3
            } else {
                out.append(text[index])
                index += 1
            }
        }
        return out
    }

    /// Go's `path.Clean` of an absolute path.
    private static func clean(_ path: [UInt8]) -> [UInt8] {
        var kept: [ArraySlice<UInt8>] = []
        for segment in path.split(separator: 0x2F) {
            if segment.elementsEqual([0x2E]) { continue }
            if segment.elementsEqual([0x2E, 0x2E]) {
                _ = kept.popLast()
            } else {
                kept.append(segment)
            }
        }
        return [0x2F] + Array(kept.joined(separator: [0x2F]))
    }
}
