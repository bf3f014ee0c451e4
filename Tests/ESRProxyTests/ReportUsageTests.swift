import API
import ESRProxy
import EventLog
import EventLoop
import GRPC
import Net
import Observe
import Synchronization
import System
import TestKit
import Testing
import Time
import Wire

@Suite struct ReportUsageTests {
    @Test func `counts are reported once, in the words of the interface, and the position moves behind them`()
        async throws
    {
        let rig = try await UsageRig()
        try rig.append(stream: "demo", counts: [3, 4])
        let reporter = try rig.start()
        try await eventually("both are there") { rig.counted == ["demo": 7] }
        try await eventually("the position is stored") { try rig.position == 2 }
        let request = try #require(rig.requests.first)
        #expect(request.stream == "demo" && request.projectID == UsageRig.project && request.eventCount == 3)
        #expect(request.eventArrivalTime?.moment == rig.beginning + .seconds(1))
        #expect(rig.requests.count == 2)
        try rig.append(stream: "demo", counts: [5])
        try await eventually("the next one is there") { rig.counted == ["demo": 12] }
        await rig.stop(reporter)
    }

    @Test func `a stream of a plane folder is counted in the control plane's own project`() async throws {
        let rig = try await UsageRig()
        try rig.append(stream: "demo", counts: [3], project: "")
        let reporter = try rig.start()
        try await eventually("it is there") { rig.requests.map(\.projectID) == [UsageRig.folderProject] }
        await rig.stop(reporter)
    }

    @Test func `counts wait while the control plane is away, and retention with them`() async throws {
        let rig = try await UsageRig()
        await rig.goAway()
        let reporter = try rig.start()
        try await eventually("retention is held") { try rig.position == 0 }
        try rig.append(stream: "demo", counts: [3, 4, 5])
        try await eventually("it has tried") { rig.metrics.contains("esr_proxy_failures_total") }
        try await eventually("the lag is told") { rig.metrics.contains("esr_proxy_lag_records 3") }
        #expect(try rig.position == 0)
        try await rig.comeBack()
        try await eventually("all are there") { rig.counted == ["demo": 12] }
        try await eventually("nothing is left") { rig.metrics.contains("esr_proxy_lag_records 0") }
        await rig.stop(reporter)
    }

    @Test func `a count that is refused is passed over, a caller that is refused waits`() async throws {
        let rig = try await UsageRig()
        rig.refuse { $0.stream == "gone" ? GRPCStatus(.notFound, "no such stream") : nil }
        try rig.append(stream: "gone", counts: [3])
        try rig.append(stream: "demo", counts: [4])
        let reporter = try rig.start()
        try await eventually("the position is behind both") { try rig.position == 2 }
        #expect(rig.counted == ["demo": 4])
        #expect(rig.lines.lines.contains { "\($0)".contains("refused a count") })
        rig.refuse { _ in GRPCStatus(.unauthenticated, "who are you") }
        try rig.append(stream: "demo", counts: [5])
        try await eventually("it has tried") {
            rig.metrics.contains(#"esr_proxy_failures_total{status="UNAUTHENTICATED"}"#)
        }
        #expect(try rig.position == 2)
        rig.refuse { _ in nil }
        try await eventually("it is there") { rig.counted == ["demo": 9] }
        await rig.stop(reporter)
    }

    @Test func `what is no usage record is passed over`() async throws {
        let rig = try await UsageRig()
        try rig.append(value: "nonsense")
        try rig.append(stream: "demo", counts: [4])
        let reporter = try rig.start()
        try await eventually("the good one is there") { rig.counted == ["demo": 4] }
        try await eventually("the position is behind both") { try rig.position == 2 }
        #expect(rig.metrics.contains(#"esr_proxy_records_total{result="unreadable"} 1"#))
        await rig.stop(reporter)
    }

    /// Answers that get lost, reporters that are stopped at any moment, a second one beside, a control plane that comes and goes.
    @Test(arguments: 0..<4)
    func `every count is there once, whatever happens`(seed: UInt64) async throws {
        let rig = try await UsageRig()
        var random = SeededGenerator(seed: seed)
        let dice = Mutex(SeededGenerator(seed: seed &+ 100))
        // One answer in four is lost: before the count is stored, or after.
        rig.refuse { _ in
            dice.withLock { Int.random(in: 0..<8, using: &$0) } == 0 ? GRPCStatus(.unavailable, "lost") : nil
        }
        rig.loseAnswers { dice.withLock { Int.random(in: 0..<8, using: &$0) } == 0 }
        var expected: [String: Int] = [:]
        for round in 0..<8 {
            for stream in ["demo", "other", "third"] {
                let counts = (0..<Int.random(in: 0...20, using: &random)).map { _ in
                    Int.random(in: 1...9, using: &random)
                }
                try rig.append(stream: stream, counts: counts)
                expected[stream, default: 0] += counts.reduce(0, +)
            }
            let reporters = [try rig.start()] + (round % 3 == 0 ? [try rig.start()] : [])
            if round % 4 == 1 { await rig.goAway() }
            for _ in 0..<Int.random(in: 0...200, using: &random) { await Task.yield() }
            if round % 4 == 1 { try await rig.comeBack() }
            for reporter in reporters { await rig.stop(reporter, keepingLog: true) }
        }
        let last = try rig.start()
        try await eventually("all are there") { rig.counted == expected.filter { $0.value > 0 } }
        try await eventually("the position is at the end") {
            try rig.position == rig.log.ends(of: .billing)?.next.offset
        }
        #expect(rig.counted == expected.filter { $0.value > 0 })
        await rig.stop(last)
    }
}

/// Topic `billing` in a folder, and a control plane that keeps one count for each project, stream and arrival time.
private final class UsageRig: Sendable {
    static let project = "3f0f5a0e-1a7c-4b1e-9c53-0f4a53f3f001"
    static let folderProject = "3f0f5a0e-1a7c-4b1e-9c53-0f4a53f3f002"

    private struct Key: Hashable {
        var project: String
        var stream: String
        var time: Int64
    }

    private struct State {
        var counts: [Key: Int] = [:]
        var requests: [StoreUsageEventRequest] = []
        var refusal: @Sendable (StoreUsageEventRequest) -> GRPCStatus? = { _ in nil }
        var losesAnswer: @Sendable () -> Bool = { false }
        var server: HTTPServer?
        var port: UInt16 = 0
        var next: Int64 = 0  // seconds behind `beginning`
        var offset: Int64 = 0
    }

    let beginning = Timestamp(seconds: 1_790_000_000)
    let folder: TemporaryFolder
    let log: SQLiteEventLog
    let lines = MemoryLogSink()
    private let registry = MetricRegistry()
    private let loop: EventLoop
    private let serverLoop: EventLoop
    private let state = Mutex(State())

    init() async throws {
        folder = try TemporaryFolder()
        log = try SQLiteEventLog(folder: folder.path)
        loop = try EventLoop(name: "usage")
        serverLoop = try EventLoop(name: "fake")
        try await comeBack()
    }

    var requests: [StoreUsageEventRequest] { state.withLock { $0.requests } }
    var metrics: String { registry.exposition() }

    /// Events by stream, as the control plane has them.
    var counted: [String: Int] {
        state.withLock { state in
            state.counts.reduce(into: [:]) { $0[$1.key.stream, default: 0] += $1.value }
        }
    }

    var position: Int64? {
        get throws {
            try log.position(of: try #require(ConsumerName(UsageRecord.reporter)), in: .billing)?.offset
        }
    }

    func refuse(_ refusal: @escaping @Sendable (StoreUsageEventRequest) -> GRPCStatus?) {
        state.withLock { $0.refusal = refusal }
    }

    func loseAnswers(_ decide: @escaping @Sendable () -> Bool) { state.withLock { $0.losesAnswer = decide } }

    // MARK: Records

    func append(stream: String, counts: [Int], project: String = UsageRig.project) throws {
        for count in counts {
            let record = state.withLock { state in
                state.next += 1
                defer { state.offset += Int64(count) }
                return UsageRecord(
                    stream: stream, streamID: "1867d5ad-f1fb-4faa-af98-f863a4f9e3e4", projectID: project,
                    fromOffset: state.offset, toOffset: state.offset + Int64(count),
                    arrivalTime: beginning + .seconds(state.next))
            }
            try append(value: String(decoding: record.value, as: UTF8.self))
        }
    }

    func append(value: String) throws {
        var batch = RecordBatch()
        Array("key".utf8).withUnsafeBytes { key in
            Array(value.utf8).withUnsafeBytes { batch.append(key: key, value: $0, timestamp: 1) }
        }
        let outcome = Monitor<Result<Position, EventLogError>?>(nil)
        log.append(batch, to: .billing, on: loop) { result in outcome.change { $0 = result } }
        guard let result = outcome.wait(upTo: .seconds(60), { $0 }) else { throw TestKitError.deadlinePassed("append") }
        _ = try result.get()
    }

    // MARK: The control plane

    func comeBack() async throws {
        var routes = GRPCRoutes<Void>(authenticating: { _ in })
        routes.add(UsageService.storeUsageEvent) { [self] _, request throws(GRPCStatus) in try store(request) }
        var table = GRPCRouteTable()
        table.add(routes)
        let address = try SocketAddress(ip: "127.0.0.1", port: state.withLock { $0.port })
        let server = try await GRPCServer.start(on: [serverLoop], listeners: [HTTPListener(address, tls: nil)], table)
        state.withLock { state in
            state.port = server.addresses[0].port
            state.server = server
        }
    }

    private func store(_ request: StoreUsageEventRequest) throws(GRPCStatus) -> StoreUsageEventResponse {
        let (refusal, losesAnswer) = state.withLock { ($0.refusal(request), $0.losesAnswer()) }
        if let refusal { throw refusal }
        state.withLock { state in
            state.requests.append(request)
            let time = request.eventArrivalTime?.moment.milliseconds ?? 0
            let key = Key(project: request.projectID, stream: request.stream, time: time)
            if state.counts[key] == nil { state.counts[key] = Int(request.eventCount) }
        }
        if losesAnswer { throw GRPCStatus(.unavailable, "the answer was lost") }
        return StoreUsageEventResponse()
    }

    func goAway() async {
        let server = state.withLock { state in
            defer { state.server = nil }
            return state.server
        }
        await server?.stop()
    }

    // MARK: Reporters

    func start() throws -> ReportUsage {
        var options = GRPCChannelOptions()
        options.longestPause = .milliseconds(50)
        options.deadline = .seconds(5)
        let port = Int(state.withLock { $0.port })
        let channel = GRPCChannel(
            to: .tcp(host: "127.0.0.1", port: port, isSecure: false), on: loop, options: options)
        var limits = ReportUsage.Limits()
        limits.firstPause = .milliseconds(10)
        limits.longestPause = .milliseconds(100)
        let clock = SystemClock()
        let reporter = ReportUsage(
            limits, channel: channel, folderProject: { UsageRig.folderProject }, log: log, on: loop, clock: clock,
            telemetry: ESRProxyTelemetry(
                registry: registry, logger: Logger(service: "esr-proxy", sink: lines, clock: clock)))
        try reporter.start()
        return reporter
    }

    func stop(_ reporter: ReportUsage, keepingLog: Bool = false) async {
        await withCheckedContinuation { continuation in
            do throws(SystemError) {
                try SystemThread.start("stop") {
                    reporter.stop()
                    continuation.resume()
                }.detach()
            } catch { continuation.resume() }
        }
        guard !keepingLog else { return }
        await goAway()
        log.close()
        for loop in [loop, serverLoop] {
            loop.stop()
            loop.join()
        }
    }
}
