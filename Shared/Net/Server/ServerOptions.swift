package import HTTP
package import HTTP2
package import System
package import TLS
internal import Time

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

/// Something about a server that somebody may want to log or count. Never about a single good request.
package enum ServerEvent: Sendable, Equatable {
    /// New connections use the new certificate files.
    case certificatesReloaded
    /// The certificate files changed and cannot be used; the old ones stay in use.
    case certificatesRefused(TLSError)
    /// A connection was refused or cut off by us, and why.
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
    /// Connections of one loop. For one more, others make room: see `ServerLoop`. When none can, the new one is closed.
    package var connectionsPerLoop = 10_000
    /// Handshakes under way at the same time on one loop: an unfinished one costs twice the memory of a connection.
    package var handshakesPerLoop = 512
    /// Requests in a row whose token was refused (401), on one connection; with the last of them it ends.
    package var refusedTokensInARow = 16
    /// Bytes of requests, heads and bodies, that the connections of one loop may hold in memory; more are answered 503. The last
    /// quarter is kept for connections that have sent a good request before.
    package var bufferedBytesPerLoop = 128 << 20
    /// Requests at the same time on one HTTP/2 connection.
    package var concurrentStreams: UInt32 = 256
    /// From accept to the end of the handshake and the first byte of a request, and from the first byte of a head to its last.
    package var headTime = Duration.seconds(10)
    /// From the head of a request to the end of its body.
    package var bodyTime = Duration.seconds(30)
    /// A connection without a request under way is closed after this time. With one, a silent peer is pinged then (libnghttp2's session
    /// only), and cut off when it stays silent for as long again.
    package var idleTime = Duration.seconds(300)
    /// A peer that takes none of what we send for this long is cut off.
    package var stallTime = Duration.seconds(30)
    /// Who speaks HTTP/2.
    package var http2 = HTTP2Implementation.nghttp2
    /// Told on the loop, or on the thread that starts the server. Must be quick.
    package var observe: @Sendable (ServerEvent) -> Void = { _ in }

    /// The defaults of every listener.
    package init() {}

    /// How often connections are looked at: a fraction of the shortest time, so that no limit is overrun by much.
    var sweepInterval: Duration {
        min(.seconds(1), max(.milliseconds(20), min(headTime, bodyTime, idleTime, stallTime) / 4))
    }

    /// How many looks a time is.
    func sweeps(_ time: Duration) -> UInt32 {
        UInt32(clamping: max(1, time.nanoseconds / max(1, sweepInterval.nanoseconds)))
    }
}
