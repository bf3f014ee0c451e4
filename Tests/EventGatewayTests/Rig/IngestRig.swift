import Config
import Contracts
import Crypto
import EventGateway
import EventLog
import EventLoop
import HTTP
import KeyVault
import Observe
import PlaneConfig
import Privacy
import Synchronization
import System
import TestKit
import Testing
import Time
import Tokens
import Wire

/// The hot path without a network: a loop, a real log and a real vault in a temporary folder, a clock that the test moves,
/// and a door that keeps the answers.
final class IngestRig: @unchecked Sendable {  // `ingest` is set once in init and used on `loop` only
    static let issuerURL = "https://localhost:8543/auth/realms/streams"

    let folder: TemporaryFolder
    let state: String
    let clock: ManualClock
    let loop: EventLoop
    let book = AnswerBook()
    let registry = MetricRegistry()
    let log: any EventLog
    let vault: any KeyVault
    let plane: CompiledPlane
    let signing: SigningKeyStore
    let issuer: TokenIssuer
    private let nextStream = Atomic<UInt32>(1)
    private var ingest: IngestLoop?

    /// - Parameters:
    ///   - environment: Settings that differ from the usual ones.
    ///   - log: Stands in for the log in the folder.
    ///   - vault: Stands in for the vault in the folder.
    ///   - folder: A folder that another rig used before.
    init(
        _ environment: [String: String] = [:], log: (any EventLog)? = nil, vault: (any KeyVault)? = nil,
        folder: TemporaryFolder? = nil, clock: ManualClock = ManualClock()
    ) async throws {
        let folder = try folder ?? TemporaryFolder()
        self.folder = folder
        self.clock = clock
        let planeFolder = try PlaneFolder.write(into: folder)
        state = try folder.makeFolder("state")
        let source = try PlaneConfigSource(folder: planeFolder, state: state, component: "event-gateway")
        plane = try CompiledPlane(source.current, after: nil)
        loop = try EventLoop(name: "ingest-test")
        self.log = try log ?? SQLiteEventLog(folder: state, clock: clock)
        self.vault = try vault ?? Self.openVault(state)
        signing = try SigningKeyStore(
            folder: folder.file("signing"), algorithm: .es256,
            schedule: SigningKeySchedule(rotateAfter: .days(100), publishAhead: .hours(1), keepAfterUse: .hours(1)),
            now: clock.now())
        issuer = TokenIssuer(issuer: Self.issuerURL, keys: signing, lifetime: .hours(72))
        let around = IngestSurroundings(
            log: self.log, vault: self.vault, keySet: signing.published, clock: clock,
            telemetry: EventGatewayTelemetry(
                registry: registry, logger: Logger(service: "event-gateway", sink: NullLogSink(), clock: clock)),
            isReady: { true }, config: try Self.config(planeFolder, state, environment))
        let failure = await onLoop { [self] () -> ContractsError? in
            do throws(ContractsError) {
                ingest = try IngestLoop(on: loop, door: book, plane: plane, around: around)
                return nil
            } catch {
                return error
            }
        }
        if let failure { throw failure }
    }

    /// Ends loop, log and vault. Every test calls it.
    func close() {
        loop.stop()
        loop.join()
        log.close()
        vault.close()
    }

    static func openVault(_ state: String) throws -> SQLiteKeyVault {
        try Directory.create("\(state)/keys", mode: 0o700)
        try Directory.create("\(state)/secrets", mode: 0o700)
        let hash = try PersonHash(owning: try SecretFile.load("\(state)/secrets/subject-hash.key", creating: true))
        return try SQLiteKeyVault(
            path: "\(state)/keys/keys.db", kek: try SecretFile.load("\(state)/secrets/kek", creating: true), hash: hash)
    }

    static func config(
        _ plane: String, _ state: String, _ environment: [String: String]
    ) throws -> EventGatewayConfig {
        var reader = EnvReader(
            [
                "EVENT_GATEWAY_PLANE_FOLDER": plane, "EVENT_GATEWAY_STATE_FOLDER": state, "EVENT_GATEWAY_CA_FILE": "-",
                "EVENT_GATEWAY_ISSUER": issuerURL,
            ].merging(environment) { $1 })
        let config = EventGatewayConfig(reading: &reader)
        try #require(reader.mistakes.isEmpty)
        return config
    }

    /// A good token of a client.
    func token(_ client: String = "client-demo") throws -> String {
        try issuer.issue(clientID: client, now: clock.now()).text
    }

    /// Runs `body` on the loop.
    func onLoop<Result: Sendable>(_ body: @escaping @Sendable () -> Result) async -> Result {
        await withCheckedContinuation { continuation in loop.post { continuation.resume(returning: body()) } }
    }

    /// Runs `body` with the ingest loop, on the loop.
    func withIngest<Result: Sendable>(_ body: @escaping @Sendable (IngestLoop) -> Result) async -> Result {
        await onLoop { [self] in body(ingest!) }  // set in init, which has returned
    }

    /// Sends one request and waits for its answer.
    ///
    /// - Parameter fields: Header fields beside `authorization`; `strm-schema-ref` is the one of the demo unless given.
    func send(
        _ body: [UInt8], client: String = "client-demo", authorization: String? = nil,
        fields: [(String, String)] = [("strm-schema-ref", "strmprivacy/example/1.5.0")], method: String = "POST",
        path: String = "/event", connection: UInt32 = 0
    ) async throws -> GatewayAnswer {
        let number = nextStream.wrappingAdd(1, ordering: .relaxed).oldValue
        let stream = StreamID(slot: connection, generation: 1, number: number)
        let authorization = try authorization ?? "Bearer \(token(client))"
        loop.post { [self] in arrive(stream, body, authorization, fields, method, path) }
        return try await book.answer(to: stream)
    }

    /// Sends many requests in one tick and waits for all answers.
    func sendTogether(_ bodies: [[UInt8]], client: String = "client-demo") async throws -> [GatewayAnswer] {
        let authorization = "Bearer \(try token(client))"
        let streams = bodies.indices.map { _ in
            StreamID(slot: 0, generation: 1, number: nextStream.wrappingAdd(1, ordering: .relaxed).oldValue)
        }
        loop.post { [self] in
            for (stream, body) in zip(streams, bodies) {
                arrive(
                    stream, body, authorization, [("strm-schema-ref", "strmprivacy/example/1.5.0")], "POST", "/event")
            }
        }
        var answers: [GatewayAnswer] = []
        for stream in streams { answers.append(try await book.answer(to: stream)) }
        return answers
    }

    private func arrive(
        _ stream: StreamID, _ body: [UInt8], _ authorization: String, _ fields: [(String, String)], _ method: String,
        _ path: String
    ) {
        var text: [UInt8] = []
        func put(_ part: String) -> ByteRange {
            defer { text += Array(part.utf8) }
            return ByteRange(offset: text.count, count: part.utf8.count)
        }
        let ranges = fields.map { (put($0.0), put($0.1)) }
        let (methodRange, pathRange) = (put(method), put(path))
        let token = Array(authorization.utf8)
        text.withUnsafeBytes { text in
            var head = HeadFields()
            head.method = methodRange
            head.path = pathRange
            for (name, value) in ranges { _ = head.add(name: name, value: value, in: text.baseAddress!) }
            token.withUnsafeBytes { token in
                // The epoch changes with every request: this rig's connections remember nothing.
                let reference = TokenReference(bytes: token, sameAsPrevious: false, epoch: stream.number)
                body.withUnsafeBytes { body in
                    ingest!.requestArrived(
                        stream, head: head.head(over: text.baseAddress!, authorization: reference), body: body)
                }
            }
        }
    }

    /// All records of a stream's topic, read from the log in the folder.
    func stored(_ stream: String = "demo") throws -> [StoredRecord] {
        let topic = try #require(plane.snapshot.stream(named: stream)).topic
        return try StoredRecord.all(of: topic, in: log)
    }

    /// What `/metrics` would say.
    var metrics: String { registry.exposition() }
}

/// One record as it lies in the log.
struct StoredRecord {
    let key: String
    let value: [UInt8]
    let timestamp: Int64

    static func all(of topic: TopicName, in log: any EventLog) throws -> [StoredRecord] {
        let reader = try log.reader(of: topic, from: .earliest)
        var records: [StoredRecord] = []
        while case .records(let batch) = try reader.next(waitUpTo: .zero) {
            batch.forEach { _, record in
                records.append(
                    StoredRecord(
                        key: String(decoding: record.key, as: UTF8.self), value: [UInt8](record.value),
                        timestamp: record.timestamp))
            }
        }
        return records
    }
}

/// An answer of the gateway, as the door got it.
struct GatewayAnswer: Sendable {
    let status: Int
    let body: String
    let headers: Headers
}

/// A door that writes the answers down.
final class AnswerBook: Answerer, @unchecked Sendable {  // the mutex guards everything
    private let answers = Mutex<[StreamID: GatewayAnswer]>([:])

    func respond(_ stream: StreamID, _ answer: Answer) {
        let plain =
            switch answer {
            case .constant204: GatewayAnswer(status: 204, body: "", headers: [:])
            case .full(let response):
                GatewayAnswer(
                    status: response.status.code, body: String(decoding: response.body, as: UTF8.self),
                    headers: response.headers)
            }
        answers.withLock { answers in
            #expect(answers[stream] == nil, "a request is answered once")
            answers[stream] = plain
        }
    }

    func respondNoContent(to streams: [StreamID]) {
        for stream in streams { respond(stream, .constant204) }
    }

    /// Waits for the answer to a request.
    func answer(to stream: StreamID) async throws -> GatewayAnswer {
        try await eventually("an answer to \(stream)") { self.answers.withLock { $0[stream] } != nil }
        return try #require(answers.withLock { $0[stream] })
    }
}
