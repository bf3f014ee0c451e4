import Polder
import System
import TestKit
import Testing
import Wire

@Suite struct PlanePlanTests {
    private func plan(_ environment: [String: String]) -> PlanePlan {
        PlanePlan(state: StateFolder("/state"), planeFolder: "/plane", ports: Ports(), environment: environment)
    }

    @Test func `every service gets settings that it reads, and no others`() async throws {
        let products = File.parent(of: try Directory.executablePath())
        for process in plan([:]).processes {
            let table = try await runTool("\(products)/\(process.binary)", ["--print-config"]).output
            for setting in process.environment.keys {
                #expect(table.contains("`\(setting)`"), "\(process.name) does not read \(setting)")
            }
        }
    }

    @Test func `a decrypter gets settings that it reads, and the user's own`() async throws {
        let products = File.parent(of: try Directory.executablePath())
        let table = try await runTool("\(products)/decrypter", ["--print-config"]).output
        let lines = plan(["DECRYPTER_KEY_CACHE": "4096", "EVENT_GATEWAY_LOOPS": "2", "LOG_LEVEL": "debug"])
            .decrypterSettings.split(separator: "\n")
        for line in lines {
            let name = line.prefix { $0 != "=" }
            #expect(table.contains("`\(name)`"), "a decrypter does not read \(line)")
        }
        #expect(lines.contains("DECRYPTER_KEY_CACHE=4096") && lines.contains("LOG_LEVEL=debug"))
    }

    @Test func `the supervisor's own processes are the services that every plane has`() {
        #expect(plan([:]).processes.map(\.name) == PlanePlan.services.filter { $0 != "decrypter" })
    }

    @Test func `a plane whose control plane somebody else runs has everything else, with the same settings`() {
        let alone = PlanePlan(
            state: StateFolder("/state"), planeFolder: "/plane", ports: Ports(), environment: [:],
            hasControlPlane: false)
        #expect(alone.processes == plan([:]).processes.filter { $0.name != "control-plane" })
        #expect(alone.decrypterSettings == plan([:]).decrypterSettings)
    }

    @Test func `the user's settings win and reach only their service; nothing else of the environment is passed on`()
        throws
    {
        let processes = plan([
            "EVENT_GATEWAY_LOOPS": "2", "EVENT_GATEWAY_LISTEN": "0.0.0.0:1", "LOG_LEVEL": "debug",
            "SHUTDOWN_GRACE": "1s",
            "PATH": "/bin", "AWS_SECRET": "x", "POLDER_DIR": "y",
        ]).processes
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
