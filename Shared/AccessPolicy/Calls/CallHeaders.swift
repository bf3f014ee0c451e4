internal import Bytes
package import HTTP

/// Which header fields of a call reach the API server, and which of its answer's leave the plane.
package enum CallHeaders {
    /// Fields of a call that are sent on as they are. All others are dropped: credentials (the agent has its own), cookies,
    /// what names the caller's way (`forwarded`, `x-forwarded-for`), what belongs to one connection.
    private static let passed: Set<String> = [
        "content-type", "user-agent", "traceparent", "tracestate", "kubectl-command", "kubectl-session",
        "if-none-match",
    ]

    /// Fields of an answer that leave the plane. `content-length` and `etag` go where the filter changes the body.
    private static let answered: Set<String> = [
        "content-type", "warning", "retry-after", "audit-id", "date", "cache-control", "last-modified", "vary", "etag",
        "x-kubernetes-pf-flowschema-uid", "x-kubernetes-pf-prioritylevel-uid",
    ]

    /// The fields to send with a call.
    ///
    /// `accept` is narrowed to JSON, because nothing else can be filtered, and `accept-encoding` is never sent: the answer comes
    /// uncompressed.
    ///
    /// - Throws: `.call` when the caller wants to be somebody else (`impersonate-…`, `x-remote-…`): that is an attack, and dropping
    ///   it silently would answer a question that was not asked.
    package static func forCluster(_ headers: Headers, of call: ClusterCall) throws(AccessError) -> Headers {
        var result = Headers()
        for field in headers.fields {
            for prefix in ["impersonate-", "x-remote-"] where field.name.hasPrefix(prefix) {
                throw .call(part: .header, rule: "\(shownName(field.name)): nobody speaks for somebody else here")
            }
            guard passed.contains(field.name) else { continue }
            let isText = Array(field.value.utf8).withUnsafeBytes { ASCII.isFieldText($0) }
            guard isText, field.value.utf8.count <= 4096 else {
                throw .call(part: .header, rule: "\(field.name): at most 4096 bytes, no control characters")
            }
            if result[field.name] != nil {
                throw .call(part: .header, rule: "\(field.name) comes once")
            }
            result.add(field.name, field.value)
        }
        result.add("accept", accept(headers.all("accept"), of: call))
        return result
    }

    /// The JSON forms among what the caller accepts, in its order; plain JSON when there are none.
    private static func accept(_ values: [String], of call: ClusterCall) -> String {
        if call.kind == .logs { return "*/*" }
        var kept: [String] = []
        for value in values where value.utf8.count <= 4096 {
            for element in value.split(separator: ",") {
                let parts = element.split(separator: ";").map { String($0.filter { $0 != " " && $0 != "\t" }) }
                // Questions about the API hold no object: kubectl reads the OpenAPI documents as protobuf.
                let isOpenAPI =
                    call.isDiscovery && (parts.first ?? "").hasPrefix("application/com.github.proto-openapi.")
                guard parts.first == "application/json" || isOpenAPI,
                    parts.allSatisfy({ $0.utf8.allSatisfy { ASCII.isToken($0) || "/=@".utf8.contains($0) } })
                else { continue }
                kept.append(parts.joined(separator: ";"))
            }
        }
        return kept.isEmpty ? "application/json" : kept.joined(separator: ",")
    }

    /// The fields of an answer that leave the plane.
    ///
    /// - Parameter isChanged: The body goes through a filter: its length and its entity tag are not those of the cluster.
    package static func forCaller(_ headers: Headers, isChanged: Bool) -> Headers {
        var result = Headers()
        for field in headers.fields {
            if answered.contains(field.name), !(isChanged && field.name == "etag") {
                result.add(field.name, field.value)
            } else if field.name == "content-length", !isChanged {
                result.add(field.name, field.value)
            }
        }
        return result
    }
}
