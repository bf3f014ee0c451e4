import Config
import ServiceKit
import TLS
import Testing

private struct PumpConfig: ServiceConfig {
    static var adminListen: String { "0.0.0.0:9199" }
    let depth: Int

    init(reading env: inout EnvReader) {
        depth = env.read("WATER_PUMP_DEPTH", default: "3", in: 1...10, "Metres below the dike.")
    }
}

@Suite struct LaunchTests {
    private let sound = [
        "WATER_PUMP_TLS_CERT_FILE": "/c.pem", "WATER_PUMP_TLS_KEY_FILE": "/c.key", "WATER_PUMP_DEPTH": "7",
    ]

    private func launch(_ arguments: [String] = [], _ environment: [String: String] = [:]) -> Launch<PumpConfig> {
        Launch(name: "water-pump", arguments: arguments, environment: environment)
    }

    @Test func `settings of the service and of every service are read`() throws {
        guard case .start(let common, let config, let misspelt) = launch([], sound) else {
            Issue.record("did not start")
            return
        }
        #expect(config.depth == 7)
        #expect(common.adminListen == HostPort(host: "0.0.0.0", port: 9199))
        #expect(common.tls == TLSFiles(certificate: "/c.pem", key: "/c.key"))
        #expect(common.grace == .seconds(8))
        #expect(misspelt.isEmpty)
    }

    @Test func `all mistakes are told at once, with code 78`() {
        let environment = ["WATER_PUMP_DEPTH": "11", "SHUTDOWN_GRACE": "5", "LOG_LEVEL": "loud"]
        guard case .refuse(let text, let code) = launch([], environment) else {
            Issue.record("was not refused")
            return
        }
        #expect(code == 78)
        #expect(
            text == """
                water-pump: WATER_PUMP_DEPTH is 11, allowed is 1 to 10
                water-pump: WATER_PUMP_TLS_CERT_FILE is not set; for example WATER_PUMP_TLS_CERT_FILE=/etc/polder/tls/water-pump.pem
                water-pump: WATER_PUMP_TLS_KEY_FILE is not set; for example WATER_PUMP_TLS_KEY_FILE=/etc/polder/tls/water-pump.key
                water-pump: SHUTDOWN_GRACE is "5", which is not a duration such as 250ms, 15m, 24h or 7d
                water-pump: LOG_LEVEL is "loud", which is not one of debug, info, warning, error

                """)
    }

    @Test func `a misspelt setting is noticed`() {
        let environment = sound.merging(["WATER_PUMP_DETPH": "7"]) { $1 }
        guard case .start(_, _, let misspelt) = launch([], environment) else {
            Issue.record("did not start")
            return
        }
        #expect(misspelt == ["WATER_PUMP_DETPH"])
    }

    @Test func `the settings table needs no environment`() {
        guard case .print(let text) = launch(["--print-config"]) else {
            Issue.record("printed nothing")
            return
        }
        #expect(text.hasPrefix("| setting | default | meaning |\n|---|---|---|\n| `WATER_PUMP_DEPTH` | `3` |"))
        #expect(text.contains("| `SHUTDOWN_GRACE` | `8s` |"))
    }

    @Test func `help and version are printed, other arguments refused with 64`() {
        if case .print(let text) = launch(["--version"]) { #expect(text == "water-pump \(PolderVersion.text)\n") }
        if case .print(let text) = launch(["--help"]) { #expect(text.contains("WATER_PUMP_DEPTH  (default 3)")) }
        guard case .refuse(_, let code) = launch(["--verbose"]) else {
            Issue.record("was not refused")
            return
        }
        #expect(code == 64)
    }
}
