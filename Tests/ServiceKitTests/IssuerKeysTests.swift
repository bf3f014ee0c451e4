import Config
import Observe
import ServiceKit
import TestKit
import Testing
import Time
import Tokens

@Suite struct IssuerKeysTests {
    private func telemetry(_ lines: MemoryLogSink) -> IssuerKeysTelemetry {
        IssuerKeysTelemetry(
            Logger(service: "s", sink: lines, clock: ManualClock(), format: .text), MetricRegistry(),
            service: "water-pump")
    }

    @Test func `a start before the issuer's is no warning, unless it lasts`() {
        let lines = MemoryLogSink()
        let telemetry = telemetry(lines)
        for _ in 0..<6 { telemetry.emit(.fetchFailed(reason: "refused", retryIn: .milliseconds(250))) }
        #expect(lines.lines.count == 1)
        #expect(lines.text.contains("INFO"))
        #expect(lines.text.contains("waiting for the issuer's keys"))
        telemetry.emit(.fetchFailed(reason: "refused", retryIn: .seconds(8)))
        #expect(lines.lines.last?.contains("WARNING") == true)
        #expect(!lines.text.contains("the last ones stay in use"))
    }

    @Test func `an issuer that goes away is a warning`() {
        let lines = MemoryLogSink()
        let telemetry = telemetry(lines)
        telemetry.emit(.fetched(keyCount: 1, changed: true))
        #expect(lines.text.contains("the issuer's keys are there"))
        telemetry.emit(.fetchFailed(reason: "refused", retryIn: .milliseconds(250)))
        #expect(lines.lines.last?.contains("WARNING") == true)
        #expect(lines.lines.last?.contains("the last ones stay in use") == true)
    }

    private func mistakes(_ url: String) -> [String] {
        var env = EnvReader(["X_JWKS_URL": url, "X_CA_FILE": "-"])
        _ = IssuerConfig(reading: &env, prefix: "X")
        return env.mistakes.map(\.text)
    }

    @Test(arguments: [
        "https://issuer.example.org/c", "http://localhost:8180/c", "http://127.0.0.1/c", "http://[::1]/c",
    ])
    func `keys come over TLS or from the loopback`(_ url: String) { #expect(mistakes(url).isEmpty) }

    @Test(arguments: ["http://issuer.example.org/certs", "http://127.example.org/certs", "http://10.0.0.1/certs"])
    func `keys in plain text from another host are refused`(_ url: String) {
        #expect(mistakes(url).first?.hasPrefix("X_JWKS_URL: keys come over https, or from the loopback") == true)
    }

    @Test(arguments: ["ws://localhost/certs", "localhost", "https://", "https://a:99999/"])
    func `what is no address is told as such`(_ url: String) {
        #expect(mistakes(url).first?.contains("which is not an address such as https://host:8443/path") == true)
    }
}
