package import Config
package import Observe
import Time

/// The settings of one service. Reading them declares them; see `EnvReader`.
package protocol ServiceConfig: Sendable {
    /// Where the admin listener listens unless the environment says otherwise.
    static var adminListen: String { get }
    /// Reads every setting. Does not stop at a mistake, touches no file.
    init(reading env: inout EnvReader)
}

extension ServiceConfig {
    /// Any free port of the loopback: for services of which many run on one machine.
    package static var adminListen: String { "127.0.0.1:0" }
}

/// What `ServiceMain` runs. A service is built with its listeners open and its parts running; it is told to drain once.
package protocol Service: Sendable {
    /// Registers every metric of the service, as building it does: for the table in its README.
    static func declareMetrics(_ metrics: MetricRegistry, _ logger: Logger)

    /// Lives as long as the service. Returning, or throwing, before `drain` was called is a crash: the process exits with 70.
    func run() async throws

    /// Stops accepting and finishes what was accepted. After `SHUTDOWN_GRACE` the process ends whether this has returned or
    /// not.
    func drain() async
}

extension Service {
    /// For services that live in loops and threads of their own: waits until it is cancelled.
    package func run() async throws {
        while true { try await Task.sleep(for: .days(1)) }
    }
}

/// Thrown while a service is built: the configuration is wrong, and this is everything that is wrong with it. Exit 78.
package struct ConfigurationRefused: Error {
    /// One line each, for the operator.
    package let problems: [String]

    /// All problems at once.
    package init(_ problems: [String]) { self.problems = problems }
}
