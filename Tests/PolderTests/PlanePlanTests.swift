import PlaneConfig
import Polder
import System
import TestKit
import Testing

@Suite struct PlanePlanTests {
    private func processes(_ environment: [String: String]) throws -> [ProcessSpec] {
        let folder = try TemporaryFolder()
        _ = try folder.makeFolder("plane")
        try folder.write(
            "plane/s.yaml",
            text: """
                kind: Stream
                spec: {ref: {name: with derived}}
                ---
                kind: Stream
                spec: {ref: {name: alone}}
                ---
                kind: Stream
                spec: {linkedStream: with derived, consentLevels: [1]}
                """)
        let snapshot = try PlaneConfigSource(folder: folder.file("plane"), state: folder.path, component: "t").current
        return PlanePlan(
            state: StateFolder("/state"), planeFolder: "/plane", ports: Ports(), environment: environment
        ).processes(for: snapshot, decrypterPorts: ["with derived": 4000])
    }

    @Test func `every service gets settings that it reads, and no others`() async throws {
        let products = File.parent(of: try Directory.executablePath())
        for process in try processes([:]) {
            let table = try await runTool("\(products)/\(process.binary)", ["--print-config"]).output
            for setting in process.environment.keys {
                #expect(table.contains("`\(setting)`"), "\(process.name) does not read \(setting)")
            }
        }
    }

    @Test func `there is one decrypter for each source stream with derived streams`() throws {
        let processes = try processes([:])
        #expect(processes.map(\.name) == ["control-plane", "event-gateway", "web-socket", "decrypter-with derived"])
        #expect(processes[3].environment["DECRYPTER_STREAM"] == "with derived")
        #expect(processes[3].adminURL == "https://localhost:4000")
    }

    @Test func `the user's settings win and reach only their service; nothing else of the environment is passed on`()
        throws
    {
        let processes = try processes([
            "EVENT_GATEWAY_LOOPS": "2", "EVENT_GATEWAY_LISTEN": "0.0.0.0:1", "LOG_LEVEL": "debug",
            "SHUTDOWN_GRACE": "1s",
            "PATH": "/bin", "AWS_SECRET": "x", "POLDER_DIR": "y",
        ])
        let gateway = processes[1].environment
        #expect(gateway["EVENT_GATEWAY_LOOPS"] == "2")
        #expect(gateway["EVENT_GATEWAY_LISTEN"] == "0.0.0.0:1")
        for process in processes {
            #expect(process.environment["LOG_LEVEL"] == "debug")
            #expect(process.environment["SHUTDOWN_GRACE"] == "1s")
            #expect(process.environment["AWS_SECRET"] == nil)
            #expect(process.environment["POLDER_DIR"] == nil)
            if process.binary != "event-gateway" { #expect(process.environment["EVENT_GATEWAY_LOOPS"] == nil) }
        }
    }
}
