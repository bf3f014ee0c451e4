package import HTTP

/// Where requests go: connections are shared by everything that goes to the same endpoint.
package enum HTTPEndpoint: Sendable, Hashable {
    /// A host and port, in TLS or plain.
    case tcp(host: String, port: Int, isSecure: Bool)
    /// A Unix socket, plain.
    case unix(path: String)

    /// Scheme, host and port of a URL.
    package init(_ url: URLParts) {
        self = .tcp(host: url.host, port: url.port, isSecure: url.scheme.isSecure)
    }

    /// What `host` says.
    package var authority: String {
        switch self {
        case .tcp(let host, let port, let isSecure):
            URLParts(scheme: isSecure ? .https : .http, host: host, port: port).authority
        case .unix: "localhost"
        }
    }
}

/// How an ``HTTPClient`` behaves.
package struct HTTPClientOptions: Sendable {
    /// Time for a whole exchange, from the call to the last byte of the answer, when the call names none.
    package var deadline: Duration = .seconds(10)
    /// Most bytes of a response's body.
    package var bodyLimit = 1024 * 1024
    /// Connections to one endpoint: HTTP/2 uses one until it takes no more streams, HTTP/1.1 one for each exchange under way.
    package var connectionsPerEndpoint = 8
    /// Exchanges that may wait for a connection to one endpoint; beyond, they fail at once.
    package var waitingPerEndpoint = 1024
    /// How long an unused connection is kept.
    package var idleTimeout: Duration = .seconds(30)
    /// While exchanges are under way on an HTTP/2 connection and nothing was heard of the server for this long, it is pinged; when this
    /// long again nothing is heard, the connection ends. Nil: an exchange that misses its deadline is what tells.
    package var keepAlive: Duration?
    /// Which endpoints are reached through a proxy.
    package var proxies = ProxyRules.none
    /// The name that the server's certificate must be for; nil: the one that is dialled.
    package var serverName: String?
    /// Speak HTTP/2 without asking on plain connections (RFC 9113 §3.3). In TLS, ALPN decides.
    package var priorKnowledge = false

    /// The defaults.
    package init() {}
}
