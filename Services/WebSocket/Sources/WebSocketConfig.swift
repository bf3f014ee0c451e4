package import Config
package import ServiceKit
internal import Time

/// Every setting of the web-socket service.
package struct WebSocketConfig: ServiceConfig {
    /// Where the admin listener listens by default.
    package static let adminListen = "127.0.0.1:9102"

    /// The public listener: TLS.
    package let listen: HostPort
    /// The plain listener. Nil when there is none.
    package let listenPlain: HostPort?
    /// Where the plane is described.
    package let plane: PlaneSourceConfig
    /// The state folder of the plane.
    package let stateFolder: String
    /// Whose tokens are accepted.
    package let issuer: IssuerConfig
    /// Listeners at the same time.
    package let maximumListeners: Int
    /// Events that wait for a slow listener; beyond, the oldest go.
    package let queueEvents: Int
    /// Their bytes.
    package let queueBytes: ByteCount
    /// How often a ping is sent.
    package let pingInterval: Duration

    /// Reads and declares every setting.
    package init(reading env: inout EnvReader) {
        listen = env.read(
            "WEB_SOCKET_LISTEN", default: "0.0.0.0:8444", "Address of the public listener: TLS, http/1.1.")
        listenPlain = env.readIfPresent(
            "WEB_SOCKET_LISTEN_PLAIN", example: "127.0.0.1:8082",
            "Address of a listener without TLS, for clients on this machine; loopback only.")
        plane = PlaneSourceConfig(reading: &env, prefix: "WEB_SOCKET")
        stateFolder = env.require(
            "WEB_SOCKET_STATE_FOLDER", example: "/var/lib/polder",
            "State folder of the plane: topics, schemas, last good configuration.")
        issuer = IssuerConfig(reading: &env, prefix: "WEB_SOCKET")
        maximumListeners = env.read(
            "WEB_SOCKET_LISTENERS", default: "256", in: 1...10_000, "Listeners at the same time; beyond, 503.")
        queueEvents = env.read(
            "WEB_SOCKET_QUEUE_EVENTS", default: "1024", in: 1...1_000_000,
            "Events that wait for a slow listener; beyond, the oldest are dropped and counted.")
        queueBytes = env.read(
            "WEB_SOCKET_QUEUE_BYTES", default: "1MiB", in: ByteCount(bytes: 1 << 10)...ByteCount(bytes: 1 << 30),
            "Their bytes, as text; beyond, the oldest are dropped and counted.")
        pingInterval = env.read(
            "WEB_SOCKET_PING_INTERVAL", default: "30s", in: .milliseconds(10) ... .hours(1),
            "How often a listener is pinged; one that stays silent until the next ping is cut off.")
        env.checkAddress("WEB_SOCKET_LISTEN", listen)
        env.checkPlainListener("WEB_SOCKET_LISTEN_PLAIN", listenPlain)
    }
}
