import Config
import Observe
import ServiceKit
import TLS
import TestKit
import Testing

private struct PumpConfig: ServiceConfig {
    static var adminListen: String { "0.0.0.0:9199" }
    let depth: Int

    init(reading env: inout EnvReader) {
        depth = env.read("WATER_PUMP_DEPTH", default: "3", in: 1...10, "Metres below the dike.")
    }
}

@Suite struct LaunchTests {
    private let folder: TemporaryFolder
    private let sound: [String: String]

    init() throws {
        folder = try TemporaryFolder()
        let files = try TestAuthority(in: folder).issue("water-pump")
        sound = [
            "WATER_PUMP_TLS_CERT_FILE": files.certificate, "WATER_PUMP_TLS_KEY_FILE": files.key,
            "WATER_PUMP_DEPTH": "7",
        ]
    }

    private func launch(_ arguments: [String] = [], _ environment: [String: String] = [:]) -> Launch<PumpConfig> {
        Launch(name: "water-pump", arguments: arguments, environment: environment) { metrics, _ in
            _ = metrics.counter("water_pump_litres_total", "Water that was moved.")
        }
    }

    @Test func `settings of the service and of every service are read`() throws {
        guard case .start(let common, let config) = launch([], sound) else {
            Issue.record("did not start")
            return
        }
        #expect(config.depth == 7)
        #expect(common.adminListen == HostPort(host: "0.0.0.0", port: 9199))
        #expect(common.tls == TLSFiles(certificate: folder.file("water-pump.pem"), key: folder.file("water-pump.key")))
        #expect(common.grace == .seconds(8))
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

    /// What a start with these settings instead of sound ones says; nothing when it would begin.
    private func refusal(_ settings: [String: String]) -> String {
        guard case .refuse(let text, 78) = launch([], sound.merging(settings) { $1 }) else { return "" }
        return text
    }

    @Test func `a misspelt setting is refused, with the one that was meant`() {
        #expect(
            refusal(["WATER_PUMP_DETPH": "7"])
                == "water-pump: WATER_PUMP_DETPH is not a setting; did you mean WATER_PUMP_DEPTH?\n")
    }

    @Test func `files that cannot be used are told with setting, path and reason, all at once`() throws {
        let other = try TestAuthority(in: folder, name: "other").issue("other")
        let garbage = try folder.write("garbage.pem", text: "not a certificate")
        let nowhere = folder.file("nowhere.pem")
        #expect(
            refusal([
                "WATER_PUMP_TLS_CERT_FILE": nowhere, "WATER_PUMP_TLS_KEY_FILE": nowhere,
                "WATER_PUMP_ADMIN_CLIENT_CA_FILE": nowhere, "WATER_PUMP_ADMIN_LISTEN": "no-such-host.invalid:9199",
                "WATER_PUMP_DEPTH": "11",
            ]).split(separator: "\n").map { String($0.dropFirst("water-pump: WATER_PUMP_".count)) } == [
                "DEPTH is 11, allowed is 1 to 10", "ADMIN_LISTEN: no-such-host.invalid: Name or service not known",
                "TLS_CERT_FILE: \(nowhere): No such file or directory",
                "TLS_KEY_FILE: \(nowhere): No such file or directory",
                "ADMIN_CLIENT_CA_FILE: \(nowhere): No such file or directory",
            ])
        #expect(
            refusal(["WATER_PUMP_TLS_CERT_FILE": garbage])
                .contains("WATER_PUMP_TLS_CERT_FILE: \(garbage): no start line"))
        #expect(
            refusal(["WATER_PUMP_TLS_KEY_FILE": other.key])
                .contains("WATER_PUMP_TLS_KEY_FILE: \(other.key): key values mismatch"))
    }

    @Test func `the settings table needs no environment`() {
        guard case .print(let text) = launch(["--print-config"]) else {
            Issue.record("printed nothing")
            return
        }
        #expect(text.hasPrefix("| setting | default | meaning |\n|---|---|---|\n| `WATER_PUMP_DEPTH` | `3` |"))
        #expect(text.contains("| `SHUTDOWN_GRACE` | `8s` |"))
    }

    @Test func `the metrics table has the service's own and those that every service has`() {
        guard case .print(let text) = launch(["--print-metrics"]) else {
            Issue.record("printed nothing")
            return
        }
        #expect(text.hasPrefix("| metric | kind | labels | meaning |\n|---|---|---|---|\n"))
        #expect(text.contains("| `water_pump_litres_total` | counter |  | Water that was moved. |\n"))
        #expect(text.contains("| `service_ready` | gauge |  | 1 when nothing is missing. |\n"))
        #expect(text.contains("| `listener_events_total` | counter | `listener`, `event` |"))
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
