internal import Bytes

/// Finds what answers a request: method and path, segments in braces are parameters.
///
/// ```
/// router.add(.get, "/auth/realms/{realm}/jwks") { … }
/// ```
///
/// A literal segment wins over a parameter. Paths are matched as sent; parameters come percent-decoded.
package struct Router<Handler> {
    /// What was found.
    package enum Match {
        /// The handler, and the parameters by name.
        case found(Handler, parameters: [String: String])
        /// The path exists, with these methods only: 405 with `allow`.
        case methodNotAllowed(allowed: [Method])
        /// 404.
        case notFound
    }

    fileprivate struct Route {
        let method: Method
        let segments: [Segment]
        let handler: Handler
    }

    fileprivate enum Segment: Equatable, Sendable {
        case literal(Substring)
        case parameter(Substring)
    }

    private var routes: [Route] = []

    /// No routes.
    package init() {}

    /// Adds a route.
    /// - Precondition: the pattern begins with `/`.
    package mutating func add(_ method: Method, _ pattern: String, _ handler: Handler) {
        precondition(pattern.hasPrefix("/"), "a route's pattern begins with a slash")
        let segments = Self.split(pattern).map { segment in
            segment.hasPrefix("{") && segment.hasSuffix("}")
                ? Segment.parameter(segment.dropFirst().dropLast()) : .literal(segment)
        }
        routes.append(Route(method: method, segments: segments, handler: handler))
    }

    /// Looks up a request; HEAD falls back to GET.
    package func match(_ method: Method, _ path: String) -> Match {
        let parts = Self.split(path)
        var allowed: [Method] = []
        var best: (route: Route, parameters: [String: String])?
        for route in routes {
            guard let parameters = Self.fit(route.segments, parts) else { continue }
            if route.method == method || (method == .head && route.method == .get && best == nil) {
                if let best, best.parameters.count <= parameters.count { continue }
                best = (route, parameters)
            } else if !allowed.contains(route.method) {
                allowed.append(route.method)
            }
        }
        // RFC 9110 §9.1: HEAD is wherever GET is.
        if allowed.contains(.get), !allowed.contains(.head) { allowed.append(.head) }
        if let best { return .found(best.route.handler, parameters: best.parameters) }
        return allowed.isEmpty ? .notFound : .methodNotAllowed(allowed: allowed)
    }

    private static func split(_ path: String) -> [Substring] {
        path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
    }

    private static func fit(_ segments: [Segment], _ parts: [Substring]) -> [String: String]? {
        guard segments.count == parts.count else { return nil }
        var parameters: [String: String] = [:]
        for (segment, part) in zip(segments, parts) {
            switch segment {
            case .literal(let text):
                guard text.isIdentical(to: part) else { return nil }
            case .parameter(let name):
                guard !part.isEmpty else { return nil }
                parameters[String(name)] = String(
                    decoding: PercentEncoding.decodeLeniently(part.utf8), as: UTF8.self)
            }
        }
        return parameters
    }
}

extension Router: Sendable where Handler: Sendable {}
extension Router.Route: Sendable where Handler: Sendable {}
extension Router.Match: Sendable where Handler: Sendable {}
