import Config
import Crypto
import EventGateway
import EventLog
import EventLoop
import HTTP
import JSON
import Net
import Observe
import PlaneConfig
import ServiceKit
import System
import TLS
import TestKit
import Testing
import Time
import Tokens
import Wire

/// A whole gateway in this process: real listeners on free ports, a certificate of a local authority, an issuer that serves its
/// key set over TLS, SQLite in a temporary folder.
final class GatewayRig: Sendable {
    let folder: TemporaryFolder
    let planeFolder: String
    let state: String
    let lines = MemoryLogSink()
    let kit: Kit
    let gateway: EventGateway
    let signing: SigningKeyStore
    let issuer: TokenIssuer
    private let issuerServer: HTTPServer
    private let issuerLoop: EventLoop

    /// - Parameters:
    ///   - environment: Settings that differ from the usual ones.
    ///   - algorithm: How the issuer signs.
    ///   - folder: One that another rig used before.
    init(
        _ environment: [String: String] = [:], algorithm: SignatureAlgorithm = .rs256, folder: TemporaryFolder? = nil
    ) async throws {
        let folder = try folder ?? TemporaryFolder()
        self.folder = folder
        state = try folder.makeFolder("state")
        planeFolder = try PlaneFolder.write(into: folder)
        let clock = SystemClock()
        let authority = try CertificateAuthority.create(
            name: "Test authority", now: clock.now().seconds, lifetime: 86_400)
        try folder.write("ca.pem", authority.certificatePEM)
        let leaf = try authority.issue(service: "event-gateway", now: clock.now().seconds, lifetime: 86_400)
        try folder.write("leaf.pem", leaf.certificatePEM)
        try folder.write("leaf.key", leaf.keyPEM.withBytes { [UInt8]($0) })

        let signing = try SigningKeyStore(
            folder: folder.file("signing"), algorithm: algorithm,
            schedule: SigningKeySchedule(rotateAfter: .days(100), publishAhead: .hours(1), keepAfterUse: .hours(1)),
            now: clock.now())
        self.signing = signing
        issuerLoop = try EventLoop(name: "issuer")
        let tls = try TLSServerContext(
            TLSFiles(certificate: folder.file("leaf.pem"), key: folder.file("leaf.key")))
        issuerServer = try await HTTPServer.start(
            on: [issuerLoop], listeners: [HTTPListener(try SocketAddress(ip: "127.0.0.1", port: 0), tls: tls)]
        ) { _ in
            let set = signing.published.snapshot().set
            return .json(.ok, set?.document().bytes() ?? [])
        }
        let issuerURL = "https://localhost:\(issuerServer.addresses[0].port)/auth/realms/streams"
        issuer = TokenIssuer(issuer: issuerURL, keys: signing, lifetime: .hours(1))

        let metrics = MetricRegistry()
        kit = Kit(
            name: "event-gateway", logger: Logger(service: "event-gateway", sink: lines, clock: clock),
            metrics: metrics,
            clock: clock, loop: try EventLoop(name: "kit"),
            tls: TLSFiles(certificate: folder.file("leaf.pem"), key: folder.file("leaf.key")))
        var reader = EnvReader(
            [
                "EVENT_GATEWAY_LISTEN": "127.0.0.1:0", "EVENT_GATEWAY_LISTEN_PLAIN": "127.0.0.1:0",
                "EVENT_GATEWAY_PLANE_FOLDER": planeFolder, "EVENT_GATEWAY_STATE_FOLDER": state,
                "EVENT_GATEWAY_CA_FILE": folder.file("ca.pem"), "EVENT_GATEWAY_ISSUER": issuerURL,
                "EVENT_GATEWAY_JWKS_URL": "\(issuerURL)/protocol/openid-connect/certs",
                // Tests count the writes and syncs of their events.
                "EVENT_GATEWAY_COUNT_INTERVAL": "1h",
            ].merging(environment) { $1 })
        let config = EventGatewayConfig(reading: &reader)
        try #require(reader.mistakes.isEmpty)
        gateway = try await EventGateway(config, kit)
        let kit = kit
        try await eventually("the gateway is ready") { kit.readiness.isReady }
    }

    /// Stops everything. Every test calls it.
    func close() async {
        await gateway.drain()
        await issuerServer.stop()
        for loop in [issuerLoop, kit.loop] {
            loop.stop()
            loop.join()
        }
    }

    /// `https://localhost:port`
    var secure: String { "https://localhost:\(gateway.addresses[0].port)" }
    /// `http://localhost:port`
    var plain: String { "http://localhost:\(gateway.addresses[1].port)" }

    /// A good token of a client.
    func token(_ client: String = "client-demo") throws -> String {
        try issuer.issue(clientID: client, now: kit.clock.now()).text
    }

    /// Sends an event with curl.
    func send(
        _ body: [UInt8], client: String = "client-demo", schema: String? = "strmprivacy/example/1.5.0",
        headers: [String] = [], to base: String? = nil, over version: CurlProtocol = .http2
    ) async throws -> CurlAnswer {
        var fields = ["authorization: Bearer \(try token(client))"] + headers
        if let schema { fields.append("strm-schema-ref: \(schema)") }
        return try await curl(
            "\(base ?? secure)/event", headers: fields, body: body, over: version, authority: folder.file("ca.pem"))
    }

    /// Sends any other request with curl.
    func request(_ method: String, _ path: String, over version: CurlProtocol = .http2) async throws -> CurlAnswer {
        try await curl(secure + path, method: method, over: version, authority: folder.file("ca.pem"))
    }

    /// The records in a stream's topic, by a second log on the same folder.
    func stored(_ stream: String = "demo") throws -> [StoredRecord] {
        let planes = try PlaneConfigSource(folder: planeFolder, state: state, component: "test")
        let topic = try #require(planes.current.stream(named: stream)).topic
        let log = try SQLiteEventLog(folder: state, clock: kit.clock)
        defer { log.close() }
        return try StoredRecord.all(of: topic, in: log)
    }

    /// What `/metrics` would say.
    var metrics: String { kit.metrics.exposition() }
}
