package import HTTP
package import HTTP2
package import System
package import TLS

/// An address to listen on. HTTP/2 and HTTP/1.1 share it: ALPN tells them apart in TLS, the first bytes without.
package struct HTTPListener: Sendable {
    /// Where. Port 0 lets the kernel choose.
    package var address: SocketAddress
    /// Certificates and rules; nil for plain text, which belongs on the loopback only.
    package var tls: TLSServerContext?

    /// With TLS, or plain when `tls` is nil.
    package init(_ address: SocketAddress, tls: TLSServerContext?) {
        self.address = address
        self.tls = tls
    }
}

/// Why the server cut off a connection that its peer would have kept.
package enum ConnectionEndReason: Sendable, Equatable {
    /// HTTP/2 says why.
    case http2(HTTP2EndReason)
    /// The secure connection was not agreed upon in time.
    case slowHandshake
    /// The first bytes, or a request's head, did not arrive in time.
    case slowHead
    /// A request's body did not arrive in time.
    case slowBody
    /// The peer took none of what was sent to it for too long.
    case notReading
    /// HTTP/1.1 that breaks the grammar or a limit.
    case badRequest
    /// The requests in memory are as large as they may be.
    case memoryFull

    /// One word for a metric's label.
    package var label: String {
        switch self {
        case .http2(let reason): "http2_\(reason.rawValue)"
        case .slowHandshake: "slow_handshake"
        case .slowHead: "slow_head"
        case .slowBody: "slow_body"
        case .notReading: "not_reading"
        case .badRequest: "bad_request"
        case .memoryFull: "memory_full"
        }
    }
}

/// Something about a server that somebody may want to log or count. Never about a single good request.
package enum ServerEvent: Sendable, Equatable {
    /// New connections use the new certificate files.
    case certificatesReloaded
    /// The certificate files changed and cannot be used; the old ones stay in use.
    case certificatesRefused(TLSError)
    /// A connection ended before it was secure.
    case handshakeFailed(TLSError)
    /// A connection was closed at once: there are as many as allowed, and none is idle.
    case connectionRefused
    /// An idle connection was closed to make room for a new one.
    case idleConnectionDropped
    /// A connection was ended that its peer would have kept.
    case connectionEnded(ConnectionEndReason)
    /// A connection could not be taken; the listener pauses for a moment.
    case acceptFailed(SystemError)
}

/// What peers may make large or slow, and how large and slow.
package struct HTTPServerOptions: Sendable {
    /// Lines, heads and bodies.
    package var limits: HTTPLimits = {
        var limits = HTTPLimits()
        limits.headBytes = 64 << 10
        return limits
    }()
    /// Connections of one loop. For one more, the longest idle connection is closed; when none is idle, the new one.
    package var connectionsPerLoop = 10_000
    /// Bytes of requests, heads and bodies, that the connections of one loop may hold in memory; more are answered 503.
    package var bufferedBytesPerLoop = 128 << 20
    /// Requests at the same time on one HTTP/2 connection.
    package var concurrentStreams: UInt32 = 256
    /// From accept to the end of the handshake and the first byte of a request, and from the first byte of a head to its last.
    package var headTime = Duration.seconds(10)
    /// From the head of a request to the end of its body.
    package var bodyTime = Duration.seconds(30)
    /// A connection without a request under way is closed after this time.
    package var idleTime = Duration.seconds(300)
    /// A peer that takes none of what we send for this long is cut off.
    package var stallTime = Duration.seconds(30)
    /// Told on the loop, or on the thread that starts the server. Must be quick.
    package var observe: @Sendable (ServerEvent) -> Void = { _ in }

    /// The defaults of every listener.
    package init() {}

    /// How often connections are looked at: a fraction of the shortest time, so that no limit is overrun by much.
    var sweepInterval: Duration {
        min(.seconds(1), max(.milliseconds(20), min(headTime, bodyTime, idleTime, stallTime) / 4))
    }
}
