internal import HTTP

/// Which lines of a container's log are wanted.
package struct PodLogRequest: Sendable {
    /// Where the pod is.
    package var namespace: String
    /// Its name.
    package var pod: String
    /// Nil: its only one.
    package var container: String?
    /// Goes on with what is written from now on.
    package var follow = false
    /// Of the container before the last restart.
    package var previous = false
    /// Puts its time before each line: RFC 3339 with nanoseconds, and a space.
    package var timestamps = false
    /// Only lines from the last so many seconds.
    package var sinceSeconds: Int?
    /// Only lines from a moment on, RFC 3339. Servers look at whole seconds.
    package var sinceTime: String?
    /// Only the last so many of the lines there are.
    package var tailLines: Int?
    /// Only so many bytes.
    package var limitBytes: Int?

    /// The whole log as it is now.
    package init(namespace: String, pod: String, container: String? = nil) {
        self.namespace = namespace
        self.pod = pod
        self.container = container
    }

    func request() throws(KubernetesError) -> Request {
        guard sinceSeconds == nil || sinceTime == nil else {
            throw .badRequest(field: "sinceTime", rule: "does not go with sinceSeconds")
        }
        let path = ResourcePath(.pods, namespace: namespace, name: pod, subresource: "log")
        var query = FormFields()
        if let container { query.add("container", container) }
        for (name, isSet) in [("follow", follow), ("previous", previous), ("timestamps", timestamps)] where isSet {
            query.add(name, "true")
        }
        if let sinceSeconds { query.add("sinceSeconds", "\(sinceSeconds)") }
        if let sinceTime { query.add("sinceTime", sinceTime) }
        if let tailLines { query.add("tailLines", "\(tailLines)") }
        if let limitBytes { query.add("limitBytes", "\(limitBytes)") }
        var request = Request(.get, try path.text())
        request.query = query.encoded
        return request
    }
}

extension KubernetesClient {
    /// Reads a log as the bytes that the server sends. While nobody asks for more, nobody reads it on the node either.
    ///
    /// - Throws: `.refused`: with 400 while the container has not begun. `.net`, `.badAccess`.
    package func log(_ wanted: PodLogRequest) async throws(KubernetesError) -> KubernetesAnswer {
        try await openGood(try wanted.request())
    }
}
