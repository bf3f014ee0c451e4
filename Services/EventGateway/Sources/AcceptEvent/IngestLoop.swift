package import Contracts
internal import Bytes
internal import Config
package import EventLog
package import EventLoop
package import HTTP
package import KeyVault
internal import Net
internal import Observe
internal import Privacy
internal import ServiceKit
internal import System
package import Time
package import Tokens
internal import Wire

/// What all loops share.
package struct IngestSurroundings: Sendable {
    /// Where sealed events go.
    package let log: any EventLog
    /// Where keys come from.
    package let vault: any KeyVault
    /// The issuer's keys.
    package let keySet: SharedKeySet
    /// Tells the time of acceptance and the windows of keys.
    package let clock: any WallClock
    /// Lines and metrics.
    package let telemetry: EventGatewayTelemetry
    /// Whether anything becomes durable.
    package let health: StoreHealth
    /// Whether the process takes events now.
    package let isReady: @Sendable () -> Bool
    /// The settings.
    package let config: EventGatewayConfig

    /// From its parts.
    package init(
        log: any EventLog, vault: any KeyVault, keySet: SharedKeySet, clock: any WallClock,
        telemetry: EventGatewayTelemetry, health: StoreHealth = StoreHealth(), isReady: @escaping @Sendable () -> Bool,
        config: EventGatewayConfig
    ) {
        self.log = log
        self.vault = vault
        self.keySet = keySet
        self.clock = clock
        self.telemetry = telemetry
        self.health = health
        self.isReady = isReady
        self.config = config
    }
}

/// One loop's part of the gateway: everything between the door and the 204.
///
/// ```
///   requestArrived ─► token ─► stream ─► schema ─► event ─► key in cache ─────────────► seal ─► batch
///                                                    └─ else: waits ─► vault ─► key ─────┘        │
///   tickEnded ─► questions to the vault, batches to the log ◄─────────────────────────────────────┘
///   log answers ─► 204 or 503 for each event of the batch
/// ```
///
/// - Isolation: belongs to one loop; every method is called on it.
package final class IngestLoop: RequestHandler, TickHook, @unchecked Sendable {  // touched on `loop` only
    let loop: EventLoop
    let door: any Answerer
    let around: IngestSurroundings

    private(set) var plane: CompiledPlane
    private var clients: ClientTable
    private var planeNumber = 0  // grows with each plane: tells remembered places of clients stale
    private let tokens: TokenVerifier
    @exclusivity(unchecked) private var memos: [ConnectionMemo] = []  // by connection slot
    private var lastSchema: CompiledSchema?
    private var lastSchemaName = UnsafeMutableRawBufferPointer.allocate(byteCount: 0, alignment: 1)

    // Unchecked is what every event goes through: an access to it is a call that ends before the next begins, and that calls nobody
    // back. To check that at run time costs as much as to seal a field.

    /// The event that is being read.
    let event: IncomingEvent
    /// Its record, until it stands in the batch.
    @exclusivity(unchecked) var record = OutputBuffer(capacity: 4096)
    let sealing = FieldWorkspace()
    /// The fields of the event that are sealed; grows to the largest event.
    @exclusivity(unchecked) var fields = UnsafeMutableBufferPointer<FieldToSeal>.allocate(capacity: 32)
    let keys: KeyCache
    var queue = KeyQueue<KeyQuestion, WaitingEvent>()
    /// How fast the vault answers.
    var keyPace: CommitPace
    @exclusivity(unchecked) var flight: InFlight
    @exclusivity(unchecked) var nonces: NonceSource
    var listed: [TopicWriter] = []  // writers with a batch to look at when the tick ends

    /// Monotonic nanoseconds of this tick; 0 until something needs it.
    var now: Int64 = 0
    /// Wall-clock time of this tick.
    private(set) var wallNow = Timestamp.epoch
    @exclusivity(unchecked) private var tally = Tally()

    /// What happened and has not been told to the metrics yet, and what has been told.
    private struct Tally {
        var keyHits = 0
        var keyMisses = 0
        var keyCount = 0
        var inFlight = 0
        /// Tokens that the connection remembered, over all time.
        var tokenHits = 0
        var toldTokenHits = 0
        var toldTokenMisses = 0
        var tokenCount = 0
    }

    /// What is known about the token of a connection.
    private struct ConnectionMemo {
        var generation: UInt32 = 0
        var epoch: UInt32 = 0
        var token: VerifiedToken?
    }

    /// Starts serving `plane` on `loop`.
    ///
    /// - Throws: `.outOfMemory`.
    package init(
        on loop: EventLoop, door: any Answerer, plane: CompiledPlane, around: IngestSurroundings
    ) throws(ContractsError) {
        self.loop = loop
        self.door = door
        self.around = around
        self.plane = plane
        event = try IncomingEvent(catalog: plane.catalog)
        clients = ClientTable(patience: around.config.patience)
        clients.adopt(plane)
        keyPace = CommitPace(limit: around.config.patience)
        tokens = TokenVerifier(
            issuer: around.config.issuer.name, keys: around.keySet, skew: around.config.issuer.clockSkew,
            capacity: around.config.tokenCache)
        keys = KeyCache(capacity: around.config.keyCache)
        flight = InFlight(
            maximumEvents: around.config.maximumInFlight, maximumBytes: around.config.maximumInFlightBytes.bytes)
        var generator = SystemRandomNumberGenerator()
        nonces = NonceSource(seed: generator.next())
        loop.addTickHook(self)
    }

    deinit {
        fields.deallocate()
        lastSchemaName.deallocate()
    }

    /// Serves another version of the configuration from now on. Batches, keys and tokens are kept.
    package func planeChanged(_ plane: CompiledPlane) {
        self.plane = plane
        if event.catalog !== plane.catalog {
            event.catalog = plane.catalog
            lastSchema = nil
        }
        clients.adopt(plane)
        planeNumber += 1
    }

    /// Events accepted and not yet answered.
    package var inFlight: Int { flight.events }

    // MARK: A request

    /// From the door: answers at once, or keeps what it needs and answers later.
    package func requestArrived(_ stream: StreamID, head: borrowing RequestHead, body: UnsafeRawBufferPointer) {
        if now == 0 { readClocks() }
        do throws(Refusal) {
            switch Route(method: head.method, path: head.path) {
            case .event: try eventArrived(stream, head, body)
            case .ready:
                guard around.isReady() else { throw .notReady }
                door.respond(stream, .full(Response(.ok)))
            case .notFound: throw .noSuchPath
            case .wrongMethod(let allow): throw .wrongMethod(allow: allow.description)
            }
        } catch {
            let schema = head.value(of: .strmSchemaRef).flatMap { plane.catalog.schema($0) }
            refuse(stream, error, realm: Self.realm(head), schema: schema?.refText)
        }
    }

    /// From the door, when the body is still on its way: nobody fills memory with the bodies of requests that may not come in.
    package func headArrived(_ stream: StreamID, head: borrowing RequestHead) -> Response? {
        if now == 0 { readClocks() }
        do throws(Refusal) {
            switch Route(method: head.method, path: head.path) {
            case .event: _ = try client(stream, head.authorization)
            case .ready: break
            case .notFound: throw .noSuchPath
            case .wrongMethod(let allow): throw .wrongMethod(allow: allow.description)
            }
            return nil
        } catch {
            around.telemetry.refused(error, schema: nil)
            return error.response(realm: Self.realm(head))
        }
    }

    private func eventArrived(
        _ stream: StreamID, _ head: borrowing RequestHead, _ body: UnsafeRawBufferPointer
    ) throws(Refusal) {
        let source = try client(stream, head.authorization)
        if let gate = source.gate, let wait = gate.admit(now: now) {
            throw .rateExceeded(stream: source.name, wait: wait)
        }
        let schema = try schema(head)
        if let refusal = event.read(body, BodyForm(head), schema) { throw .event(refusal) }
        let cipher = keys.find(
            stream: source.tag, keyField: event.keyValue, subject: event.subjectValue, now: wallNow)
        // Refused before anything is kept of it: what was accepted is to be durable in time.
        guard source.writer.admits(now: now), cipher != nil || admitsQuestion, flight.admit(size: body.count) else {
            throw .overloaded
        }
        let arrived = Arrival(
            stream: stream, source: source, meter: meter(source, schema), time: now, bytes: body.count)
        if let cipher {
            tally.keyHits &+= 1
            append(arrived, cipher)
        } else {
            tally.keyMisses &+= 1
            wait(arrived)
        }
    }

    /// Whether a question to the vault would be answered in time.
    private var admitsQuestion: Bool {
        keyPace.admits(collected: queue.freshCount * Self.questionWeight, now: now)
    }

    // MARK: Who sends

    @inline(__always)
    private func client(_ stream: StreamID, _ authorization: TokenReference) throws(Refusal) -> SourceStream {
        let slot = Int(stream.slot)
        let token: VerifiedToken
        if slot < memos.count, memos[slot].generation == stream.generation, memos[slot].epoch == authorization.epoch,
            let known = memos[slot].token, tokens.isStillValid(known, now: wallNow)
        {
            tally.tokenHits &+= 1
            token = known
        } else {
            token = try verify(stream, authorization)
        }
        if token.slot &>> 32 != planeNumber { try findClient(token) }
        let place = token.slot & 0xFFFF_FFFF
        guard let source = clients.source(at: place) else { throw clients.refusal(at: place) }
        return source
    }

    private func verify(_ stream: StreamID, _ authorization: TokenReference) throws(Refusal) -> VerifiedToken {
        let slot = Int(stream.slot)
        while memos.count <= slot { memos.append(ConnectionMemo()) }
        memos[slot] = ConnectionMemo()
        do throws(TokenError) {
            let field = authorization.bytes
            let token = try tokens.verify(authorization: field.isEmpty ? nil : field, now: wallNow)
            memos[slot] = ConnectionMemo(generation: stream.generation, epoch: authorization.epoch, token: token)
            return token
        } catch {
            throw .token(error)
        }
    }

    /// Finds the client of a token in the plane in force, and keeps its place with the token.
    private func findClient(_ token: VerifiedToken) throws(Refusal) {
        guard let place = clients.place(of: token.clientID) else { throw .clientUnknown }
        token.slot = planeNumber << 32 | place
    }

    // MARK: What is sent

    /// The schema that the header names. The last one is remembered: hardly any loop sees two in a row that differ.
    @inline(__always)
    private func schema(_ head: borrowing RequestHead) throws(Refusal) -> CompiledSchema {
        guard let ref = head.value(of: .strmSchemaRef) else { throw .schemaRefMissing }
        if let lastSchema, ASCII.equal(UnsafeRawBufferPointer(lastSchemaName), ref) { return lastSchema }
        return try findSchema(ref)
    }

    private func findSchema(_ ref: UnsafeRawBufferPointer) throws(Refusal) -> CompiledSchema {
        guard let schema = plane.catalog.schema(ref) else {
            guard ref.count <= 250, let name = ContractRef(String(decoding: ref, as: UTF8.self)) else {
                throw .schemaRefMalformed(length: ref.count)
            }
            throw .schemaUnknown(schema: name.description)
        }
        lastSchema = schema
        lastSchemaName.deallocate()
        lastSchemaName = .allocate(byteCount: ref.count, alignment: 8)
        lastSchemaName.copyMemory(from: ref)
        return schema
    }

    private func meter(_ source: SourceStream, _ schema: CompiledSchema) -> SchemaMeter {
        source.meter(schema) {
            let name = schema.refText
            return SchemaMeter(
                schema: name, accepted: around.telemetry.accepted(schema: name),
                bytes: around.telemetry.bytes(schema: name, topic: source.writer.topic))
        }
    }

    // MARK: Refusals

    /// Answers a request that was not accepted.
    private func refuse(_ stream: StreamID, _ refusal: Refusal, realm: String, schema: String?) {
        around.telemetry.refused(refusal, schema: schema)
        door.respond(stream, .full(refusal.response(realm: realm)))
    }

    /// Answers an event that was accepted and could not be finished.
    func refuse(_ arrival: Arrival, _ refusal: Refusal) {
        refuse(arrival.stream, refusal, realm: "", schema: arrival.meter.schema)
        flight.settle(events: 1, bytes: arrival.bytes)
    }

    /// The URL of the request, as a challenge names it; built only for a 401.
    private static func realm(_ head: borrowing RequestHead) -> String {
        let host = head.value(of: .host).map { String(decoding: $0.prefix(260), as: UTF8.self) } ?? "localhost"
        return "https://\(host)/event"
    }

    // MARK: The end of a tick

    /// Gives the counts of a tick to the metrics.
    func publish() {
        let telemetry = around.telemetry
        if flight.events != tally.inFlight {
            telemetry.inFlight.add(flight.events - tally.inFlight)
            tally.inFlight = flight.events
        }
        if tally.keyHits + tally.keyMisses > 0 {
            telemetry.keys.hits.add(tally.keyHits)
            telemetry.keys.misses.add(tally.keyMisses)
            (tally.keyHits, tally.keyMisses) = (0, 0)
        }
        if keys.count != tally.keyCount {
            telemetry.keys.size.add(keys.count - tally.keyCount)
            tally.keyCount = keys.count
        }
        let (hits, misses) = (tokens.hitCount + tally.tokenHits, tokens.missCount)
        if hits != tally.toldTokenHits || misses != tally.toldTokenMisses {
            telemetry.tokens.hits.add(hits - tally.toldTokenHits)
            telemetry.tokens.misses.add(misses - tally.toldTokenMisses)
            telemetry.tokens.size.add(tokens.cachedCount - tally.tokenCount)
            (tally.toldTokenHits, tally.toldTokenMisses, tally.tokenCount) = (hits, misses, tokens.cachedCount)
        }
    }

    // MARK: Clocks

    func readClocks() {
        now = MonotonicTime.now().nanoseconds
        wallNow = around.clock.now()
    }
}
