import Config
import EventLog
import EventLoop
import Observe
import PlaneConfig
import Polder
import ServiceKit
import StreamsAgent
import System
import TLS
import TestKit
import Testing
import Time
import Wire

/// A plane folder, a state folder, and a real runtime whose decrypters are small scripts.
final class AgentRig: Sendable {
    let folder: TemporaryFolder
    let planeFolder: String
    let state: String
    let log: SQLiteEventLog

    init() throws {
        folder = try TemporaryFolder()
        planeFolder = try folder.makeFolder("plane")
        state = try folder.makeFolder("state")
        try folder.makeFolder("state/run")
        try folder.makeFolder("bin")
        log = try SQLiteEventLog(folder: state, options: .readOnly)
        // Runs until its supervisor has gone, as every service does.
        try write(decrypter: "exec cat <&3")
        try write(settings: "PATH=/usr/bin:/bin\nWORD=one\n")
    }

    func write(decrypter body: String) throws {
        try folder.write("bin/decrypter", text: "#!/bin/sh\necho working as $WORD\n\(body)\n", mode: 0o755)
    }

    func write(settings: String) throws { try folder.write("decrypter.env", text: settings) }

    /// Makes the plane consist of these streams: `demo`, or `demo-0` for one derived from it.
    func write(streams: [String]) throws {
        let documents = streams.map { name in
            let source = name.split(separator: "-").first.map(String.init) ?? name
            return source == name
                ? "kind: Stream\nspec: {ref: {name: \(name)}}\n"
                : "kind: Stream\nspec: {ref: {name: \(name)}, linkedStream: \(source), consentLevels: [0]}\n"
        }
        // Replaced in one step: an agent never sees half of it.
        try File.writeAtomically("\(planeFolder)/streams.yaml", Array(documents.joined(separator: "---\n").utf8))
    }

    func snapshot() throws -> PlaneSnapshot {
        try PlaneConfigSource(folder: planeFolder, state: state, component: "test").current
    }

    func stream(_ name: String) throws -> PlaneStream { try #require(try snapshot().stream(named: name)) }

    /// A runtime on the state folder's socket.
    func startRuntime() async throws -> Supervisor {
        let supervisor = try Supervisor(
            binaries: folder.file("bin"),
            events: Supervisor.Events(line: { _, _ in }, publish: { _ in }, ended: { _, _ in }), probe: { _ in true })
        try await supervisor.serve(at: "\(state)/run/runtime.sock") { nil }
        return supervisor
    }

    /// An agent that compares often.
    func startAgent(_ environment: [String: String] = [:]) async throws -> RunningAgent {
        var reader = EnvReader(
            [
                "STREAMS_AGENT_PLANE_FOLDER": planeFolder, "STREAMS_AGENT_STATE_FOLDER": state,
                "STREAMS_AGENT_DECRYPTER_SETTINGS": folder.file("decrypter.env"), "STREAMS_AGENT_INTERVAL": "100ms",
            ].merging(environment) { $1 })
        let config = StreamsAgentConfig(reading: &reader)
        try #require(reader.mistakes.isEmpty)
        let clock = SystemClock()
        let kit = Kit(
            name: "streams-agent", logger: Logger(service: "streams-agent", sink: NullLogSink(), clock: clock),
            metrics: MetricRegistry(), clock: clock, loop: try EventLoop(name: "kit"),
            tls: TLSFiles(certificate: nil, key: nil))
        return RunningAgent(agent: try await StreamsAgent(config, kit), kit: kit)
    }

    /// Topics of streams that are there.
    func topics() throws -> Set<String> {
        Set(try log.topics().map(\.description).filter { $0.hasPrefix("stream-") })
    }
}

/// An agent in this process.
struct RunningAgent {
    let agent: StreamsAgent
    let kit: Kit

    var metrics: String { kit.metrics.exposition() }

    func stop() async {
        await agent.drain()
        kit.loop.stop()
        kit.loop.join()
    }
}

extension Supervisor {
    /// Stops everything and waits for that.
    func end() async {
        stop()
        await finished()
    }
}
