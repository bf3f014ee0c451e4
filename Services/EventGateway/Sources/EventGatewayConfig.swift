package import Config
package import ServiceKit
internal import Time

/// Every setting of the event gateway.
package struct EventGatewayConfig: ServiceConfig {
    /// Where the admin listener listens by default.
    package static let adminListen = "127.0.0.1:9101"
    /// Largest body that is read; the public contract says 1 MiB.
    package static let maximumBody = 1 << 20  // bytes

    /// The public listener: TLS, HTTP/2 and HTTP/1.1.
    package let listen: HostPort
    /// The plain listener: h2c with prior knowledge and HTTP/1.1. Nil when there is none.
    package let listenPlain: HostPort?
    /// Where the plane is described.
    package let plane: PlaneSourceConfig
    /// The state folder of the plane: event log, keys, secrets, last good copies.
    package let stateFolder: String
    /// The key-encryption key, when it is provisioned; nil is the state folder's own, made on the first start.
    package let keyEncryptionKeyFile: String?
    /// Whose tokens are accepted.
    package let issuer: IssuerConfig
    /// Threads that serve connections.
    package let loops: Int
    /// Keys held ready, for each loop.
    package let keyCache: Int
    /// Verified tokens remembered, for each loop.
    package let tokenCache: Int
    /// Events accepted and not yet answered, for each loop.
    package let maximumInFlight: Int
    /// Their bytes, for each loop.
    package let maximumInFlightBytes: ByteCount
    /// Bytes of requests that have not arrived completely, for each loop.
    package let maximumBuffered: ByteCount
    /// How long an event may have to wait for its commit.
    package let patience: Duration
    /// Connections open at the same time, for each loop.
    package let maximumConnections: Int
    /// How long a peer may take until its handshake, first byte or head is complete.
    package let headTime: Duration
    /// How long a body may take.
    package let bodyTime: Duration
    /// How long a connection without a request may stay open.
    package let idleTime: Duration
    /// How long a peer may leave our answers unread.
    package let stallTime: Duration
    /// How long an event is kept in the log.
    package let retention: Duration
    /// How often accepted events are counted.
    package let countInterval: Duration

    /// Reads every setting.
    package init(reading env: inout EnvReader) {
        listen = env.read(
            "EVENT_GATEWAY_LISTEN", default: "0.0.0.0:8443", "Address of the public listener: TLS, h2 and http/1.1.")
        listenPlain = env.readIfPresent(
            "EVENT_GATEWAY_LISTEN_PLAIN", example: "127.0.0.1:8080",
            "Address of a listener without TLS (h2c with prior knowledge, http/1.1), for clients on this machine.")
        plane = PlaneSourceConfig(reading: &env, prefix: "EVENT_GATEWAY")
        stateFolder = env.require(
            "EVENT_GATEWAY_STATE_FOLDER", example: "/var/lib/polder",
            "State folder of the plane: topics, keys, secrets, last good configuration.")
        keyEncryptionKeyFile = env.readIfPresent(
            "EVENT_GATEWAY_KEK_FILE", example: "/run/secrets/kek",
            "Key-encryption key, 32 bytes. Without it `secrets/kek` of the state folder, which is made on the first start."
        )
        issuer = IssuerConfig(reading: &env, prefix: "EVENT_GATEWAY")
        loops = env.read("EVENT_GATEWAY_LOOPS", default: "1", in: 1...64, "Threads that serve connections.")
        keyCache = env.read(
            "EVENT_GATEWAY_KEY_CACHE", default: "16384", in: 16...1_000_000,
            "Keys held ready for sealing, for each loop.")
        tokenCache = env.read(
            "EVENT_GATEWAY_TOKEN_CACHE", default: "1024", in: 1...100_000, "Verified tokens remembered, for each loop.")
        maximumInFlight = env.read(
            "EVENT_GATEWAY_IN_FLIGHT_EVENTS", default: "32768", in: 1...10_000_000,
            "Events accepted and not yet durable, for each loop; beyond it, 503.")
        maximumInFlightBytes = env.read(
            "EVENT_GATEWAY_IN_FLIGHT_BYTES", default: "32MiB",
            in: ByteCount(bytes: 1 << 20)...ByteCount(bytes: 1 << 40),
            "Their bytes, for each loop; beyond it, 503.")
        maximumBuffered = env.read(
            "EVENT_GATEWAY_BUFFERED_BYTES", default: "12MiB",
            in: ByteCount(bytes: 2 << 20)...ByteCount(bytes: 1 << 40),
            "Bytes of requests that are still arriving, for each loop; beyond it, 503.")
        patience = env.read(
            "EVENT_GATEWAY_PATIENCE", default: "1s", in: .milliseconds(10) ... .minutes(1),
            "How long an event may have to wait for the disk; those that would wait longer get 503 at once.")
        maximumConnections = env.read(
            "EVENT_GATEWAY_CONNECTIONS", default: "4096", in: 1...1_000_000, "Open connections, for each loop.")
        headTime = env.read(
            "EVENT_GATEWAY_HEAD_TIME", default: "10s", in: .milliseconds(100) ... .minutes(10),
            "A peer that has not finished its handshake, or the head of its request, by then is cut off.")
        bodyTime = env.read(
            "EVENT_GATEWAY_BODY_TIME", default: "30s", in: .milliseconds(100) ... .minutes(10),
            "A request whose body is not complete by then is refused with 408.")
        idleTime = env.read(
            "EVENT_GATEWAY_IDLE_TIME", default: "5m", in: .milliseconds(100) ... .hours(24),
            "A connection without a request is closed after this time.")
        stallTime = env.read(
            "EVENT_GATEWAY_STALL_TIME", default: "30s", in: .milliseconds(100) ... .minutes(10),
            "A peer that takes none of our answers for this long is cut off.")
        retention = env.read(
            "EVENT_GATEWAY_RETENTION", default: "7d", in: .minutes(1) ... .days(3650),
            "How long an event is kept in the log.")
        countInterval = env.read(
            "EVENT_GATEWAY_COUNT_INTERVAL", default: "10s", in: .milliseconds(100) ... .hours(1),
            "How often accepted events are counted: a record in topic `billing` for each stream that took some.")
        env.checkAddress("EVENT_GATEWAY_LISTEN", listen)
        env.checkPlainListener("EVENT_GATEWAY_LISTEN_PLAIN", listenPlain)
    }
}
