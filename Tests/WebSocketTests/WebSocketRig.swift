import Bytes
import Config
import Crypto
import EventLog
import EventLoop
import HTTP
import JSON
import Net
import Observe
import PlaneConfig
import ServiceKit
import Synchronization
import System
import TLS
import TestKit
import Testing
import Time
import Tokens
import WebSocket
import Wire

/// The service in this process, on free ports, between a real issuer, a real plane folder and a real log.
final class WebSocketRig: Sendable {
    let folder: TemporaryFolder
    let loop: EventLoop
    let kit: Kit
    let service: WebSocketService
    let issuer: HTTPServer
    let log: SQLiteEventLog
    let logLines: MemoryLogSink
    private let keys: SigningKeyStore
    private let schemaID: Int32
    private let plane: PlaneConfigSource
    let client: HTTPClient
    static let issuerName = "https://localhost/auth/realms/streams"

    static let folderText = """
        kind: Stream
        spec:
          ref: {name: demo}
        ---
        kind: Stream
        spec:
          linkedStream: demo
          consentLevels: [0]
        """

    init(_ settings: [String: String] = [:]) async throws {
        folder = try TemporaryFolder()
        loop = try EventLoop(name: "rig")
        let clock = SystemClock()
        let now = clock.now()
        let authority = try CertificateAuthority.create(name: "Test CA", now: now.seconds, lifetime: 86_400)
        try folder.write("ca.pem", authority.certificatePEM)
        let issued = try authority.issue(service: "web-socket", now: now.seconds, lifetime: 3600)
        try folder.write("tls.pem", issued.certificatePEM)
        try folder.write("tls.key", issued.keyPEM.withBytes { Array($0) })
        let planeFolder = try folder.makeFolder("plane")
        try folder.write("plane/streams.yaml", text: Self.folderText)

        keys = try SigningKeyStore(
            folder: folder.file("auth"), algorithm: .es256,
            schedule: SigningKeySchedule(rotateAfter: .days(30), publishAhead: .zero, keepAfterUse: .hours(1)), now: now
        )
        let published = try #require(keys.published.snapshot().set?.document().bytes())
        let files = TLSFiles(certificate: folder.file("tls.pem"), key: folder.file("tls.key"))
        issuer = try await HTTPServer.start(
            on: [loop],
            listeners: [
                HTTPListener(try SocketAddress(ip: "127.0.0.1", port: 0), tls: try TLSServerContext(files))
            ]
        ) { request in
            request.path == "/certs" ? .json(.ok, published) : .text(.notFound, "")
        }

        log = try SQLiteEventLog(folder: folder.path, clock: clock)
        logLines = MemoryLogSink()
        kit = Kit(
            name: "web-socket", logger: Logger(service: "web-socket", sink: logLines, clock: clock),
            metrics: MetricRegistry(), clock: clock, loop: loop,
            tls: files)
        var environment = [
            "WEB_SOCKET_LISTEN": "127.0.0.1:0", "WEB_SOCKET_LISTEN_PLAIN": "127.0.0.1:0",
            "WEB_SOCKET_PLANE_FOLDER": planeFolder, "WEB_SOCKET_STATE_FOLDER": folder.path,
            "WEB_SOCKET_ISSUER": Self.issuerName, "WEB_SOCKET_CA_FILE": folder.file("ca.pem"),
            "WEB_SOCKET_JWKS_URL": "https://127.0.0.1:\(issuer.addresses[0].port)/certs",
        ]
        environment.merge(settings) { $1 }
        var reader = EnvReader(environment)
        let config = WebSocketConfig(reading: &reader)
        #expect(reader.mistakes.isEmpty)
        service = try await WebSocketService(config, kit)
        schemaID = try SchemaStore(state: folder.path).id(of: EventTextTests.schema)
        plane = try PlaneConfigSource(folder: planeFolder, state: folder.path, component: "rig")
        client = HTTPClient(on: loop, tls: try TLSClientContext(TLSFiles(authorities: folder.file("ca.pem"))))
        let kit = kit
        try await eventually("readiness") { kit.readiness.isReady }
    }

    deinit {
        client.shutDown()
        log.close()
        loop.stop()
    }

    func stop() async {
        await service.drain()
        await issuer.stop()
    }

    var url: String { "wss://localhost:\(service.addresses[0].port)" }
    var plainURL: String { "ws://localhost:\(service.addresses[1].port)" }

    func token(_ stream: String, lifetime: Duration = .hours(1)) throws -> String {
        try token(clientID: try #require(plane.current.stream(named: stream)).clientID, lifetime: lifetime)
    }

    func token(clientID: String, lifetime: Duration = .hours(1)) throws -> String {
        try TokenIssuer(issuer: Self.issuerName, keys: keys, lifetime: lifetime)
            .issue(clientID: clientID, now: SystemClock().now()).text
    }

    /// Appends events whose `text` is given; returns when they are durable.
    func append(_ texts: [String], to stream: String = "demo", schemaID: Int32? = nil) async throws {
        let values = try texts.map { text in
            EventRecord.header(schemaID: schemaID ?? self.schemaID) + (try EventTextTests.datum(Self.event(text)))
        }
        let topic = try #require(plane.current.stream(named: stream)).topic
        let result = await withCheckedContinuation { continuation in
            var batch = RecordBatch()
            for value in values {
                value.withUnsafeBytes { value in
                    Array("link".utf8).withUnsafeBytes { batch.append(key: $0, value: value, timestamp: 1) }
                }
            }
            log.append(batch, to: topic, on: loop) { continuation.resume(returning: $0) }
        }
        _ = try result.get()
    }

    static func event(_ text: String) -> String {
        #"{"strmMeta":{"eventContractRef":"a/b/1.0.0","consentLevels":[0]},"text":"\#(text)","score":1.5}"#
    }

    /// What a listener sees of an event.
    static func line(_ text: String) -> String {
        #"{"strmMeta": {"eventContractRef": "a/b/1.0.0", "billingId": null, "consentLevels": [0]}, "#
            + #""text": "\#(text)", "score": 1.5}"#
    }

    /// A metric's value, by its line in the exposition.
    func metric(_ name: String) -> Int {
        for line in kit.metrics.exposition().split(separator: "\n") where line.hasPrefix(name + " ") {
            return Int(line.dropFirst(name.count + 1)) ?? -1
        }
        return -1
    }

    /// Starts a listener, PyPI `websockets`, and waits until it is connected.
    func listener(_ url: String, token: String) async throws -> RunningTool {
        let tool = try RunningTool(
            try Strangers.python, ["-c", Self.listenerScript, url, folder.file("ca.pem")],
            environment: ["TOKEN": token])
        try await tool.waitForText("connected")
        return tool
    }

    private static let listenerScript = """
        import os, ssl, sys
        from websockets.sync.client import connect
        from websockets.exceptions import ConnectionClosed
        context = ssl.create_default_context(cafile=sys.argv[2]) if sys.argv[1].startswith("wss") else None
        headers = {"authorization": "Bearer " + os.environ["TOKEN"]}
        with connect(sys.argv[1], additional_headers=headers, ssl=context, proxy=None, open_timeout=60) as ws:
            print("connected", flush=True)
            try:
                while True:
                    message = ws.recv()
                    assert isinstance(message, str)
                    print(message, flush=True)
            except ConnectionClosed as end:
                print("closed", end.rcvd.code if end.rcvd else 1006, end.rcvd.reason if end.rcvd else "", flush=True)
        """
}
