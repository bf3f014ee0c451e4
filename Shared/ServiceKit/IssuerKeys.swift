import Net
package import Observe
import Synchronization
import System
import TLS
import Time
package import Tokens

/// The keys of the issuer whose tokens a service accepts.
package enum IssuerKeys {
    /// Begins to fetch the keys, and holds the service "not ready" while there are none.
    ///
    /// - Parameter state: The state folder; `jwks/<service>.json` in it is the last good copy.
    /// - Throws: what the authority's file, or the folder of the copy, refuses.
    package static func start(_ config: IssuerConfig, state: String, _ kit: Kit) throws -> KeySetSource {
        let tls = try TLSClientContext(TLSFiles(authorities: config.certificateAuthorityFile))
        try Directory.create("\(state)/jwks", mode: 0o700)
        let telemetry = IssuerKeysTelemetry(kit.logger, kit.metrics, service: kit.name)
        let source = KeySetSource(
            issuer: config.name, copy: "\(state)/jwks/\(kit.name).json", loop: kit.loop, clock: kit.clock,
            fetch: KeySetSource.fetch(config.keySetURL, on: kit.loop, tls: tls), tell: { telemetry.emit($0) })
        let keys = source.keys
        kit.readiness.require("the issuer's keys") { keys.snapshot().set != nil }
        source.start()
        return source
    }
}

/// Log lines and the metric about the issuer's keys.
package final class IssuerKeysTelemetry: Sendable {
    private struct Waiting {
        var hasKeys = false
        var failures = 0
    }

    /// So many failures belong to a start beside the issuer's; more do not.
    private static let patience = 6

    private let logger: Logger
    private let fetches: CounterFamily
    private let waiting = Mutex(Waiting())

    /// - Parameter service: `event-gateway`; begins the metric's name.
    package init(_ logger: Logger, _ metrics: MetricRegistry, service: String) {
        self.logger = logger
        fetches = metrics.counters(
            "\(service.replacing("-", with: "_"))_key_set_fetches_total",
            "Fetches of the issuer's keys by result: `success`, `failure`.",
            labels: ["result"])
    }

    /// Writes the line and counts.
    package func emit(_ event: KeySetEvent) {
        switch event {
        case .copyUsed(let fetchedAt):
            waiting.withLock { $0.hasKeys = true }
            logger.info("the issuer's keys come from the last copy", ["fetchedAt": .string(fetchedAt.text)])
        case .copyRefused(let reason):
            logger.warning("the copy of the issuer's keys cannot be used", ["reason": .string(reason)])
        case .fetched(let count, let changed):
            let hadKeys = waiting.withLock { waiting in
                defer { waiting.hasKeys = true }
                return waiting.hasKeys
            }
            fetches.with("success").increment()
            if !hadKeys {
                logger.info("the issuer's keys are there", ["keys": .int(count)])
            } else if changed {
                logger.info("the issuer's keys have changed", ["keys": .int(count)])
            }
        case .fetchFailed(let reason, let wait):
            fetches.with("failure").increment()
            failed(reason, ["reason": .string(reason), "retryIn": .duration(wait)])
        case .copyNotWritten(let reason):
            logger.warning("the copy of the issuer's keys could not be written", ["reason": .string(reason)])
        }
    }

    private func failed(_ reason: String, _ fields: Logger.Fields) {
        let (hasKeys, failures) = waiting.withLock { waiting in
            waiting.failures += 1
            return (waiting.hasKeys, waiting.failures)
        }
        if hasKeys {
            logger.warning("the issuer's keys could not be fetched; the last ones stay in use", fields)
        } else if failures == 1 {
            // A plane that starts: its issuer starts as well.
            logger.info("waiting for the issuer's keys", fields)
        } else if failures <= Self.patience {
            logger.debug("waiting for the issuer's keys", fields)
        } else {
            logger.warning("the issuer's keys could not be fetched; no token can be verified without them", fields)
        }
    }
}
