internal import EventLoop
internal import HTTP
internal import Net
internal import TLS

/// Asks admin listeners whether their processes are ready.
final class AdminProbe: Sendable {
    private let loop: EventLoop
    private let client: HTTPClient

    /// - Parameter caFile: The authority of the admin listeners' certificates.
    init(caFile: String) throws {
        loop = try EventLoop(name: "probe")
        client = HTTPClient(on: loop, tls: try TLSClientContext(TLSFiles(authorities: caFile)))
    }

    /// True when `/readyz` answers 200 within two seconds.
    func isReady(_ adminURL: String) async -> Bool {
        guard let url = URLParts("\(adminURL)/readyz") else { return false }
        do {
            return try await client.get(url, deadline: .seconds(2)).status == .ok
        } catch {
            // Not listening yet: that is what is being asked.
            return false
        }
    }
}
