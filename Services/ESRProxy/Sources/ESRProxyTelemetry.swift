internal import EventLog
internal import GRPC
internal import Net
package import Observe
internal import Synchronization
internal import Time
internal import Wire

/// Every log line and metric of the usage reporter.
package final class ESRProxyTelemetry: Sendable {
    private let logger: Logger
    private let records: CounterFamily
    private let events: Counter
    private let failures: CounterFamily
    private let lagRecords: Gauge
    private let lagSeconds: Gauge
    private let lastFailure = Mutex<String?>(nil)

    /// Registers everything in `registry`; lines go to `logger`.
    package init(registry: MetricRegistry, logger: Logger) {
        self.logger = logger
        records = registry.counters(
            "esr_proxy_records_total", "Usage records by what became of them: `reported`, `refused`, `unreadable`.",
            labels: ["result"])
        events = registry.counter("esr_proxy_events_reported_total", "Events in the records that were reported.")
        failures = registry.counters(
            "esr_proxy_failures_total", "Calls that the control plane did not answer with OK, by status.",
            labels: ["status"])
        lagRecords = registry.gauge("esr_proxy_lag_records", "Usage records that are not reported yet.")
        lagSeconds = registry.gauge(
            "esr_proxy_lag_seconds", "Age of the oldest usage record that is not reported yet; 0 when there is none.")
    }

    /// The control plane has a count, now or since an earlier call.
    func reported(_ record: UsageRecord) {
        records.with("reported").increment()
        events.add(Int(record.eventCount))
    }

    /// The control plane will never take a count: the line holds all of it, so that it can be entered by hand.
    func refused(_ record: UsageRecord, project: String, _ status: GRPCStatus) {
        records.with("refused").increment()
        logger.error(
            "the control plane refused a count, which is passed over",
            [
                "stream": .string(record.stream), "project": .string(project),
                "events": .int(Int(record.eventCount)), "arrivalTime": .string("\(record.arrivalTime)"),
                "reason": .string("\(status)"),
            ])
    }

    /// A record of topic `billing` is none.
    func unreadable(at offset: Int64, _ error: WireError) {
        records.with("unreadable").increment()
        logger.error(
            "a usage record cannot be read and is passed over",
            ["offset": .int(Int(offset)), "reason": .string("\(error)")])
    }

    /// A call failed; it is tried again.
    func failed(_ status: GRPCStatus) { failures.with(status.code.name).increment() }

    /// Records will not be read.
    func jumped(from: Position, to: Position, _ reason: JumpReason) {
        logger.error(
            "usage records are missing and are passed over",
            ["from": .string("\(from)"), "to": .string("\(to)"), "reason": .string("\(reason)")])
    }

    /// What is not reported yet.
    func behind(records count: Int64, seconds: Int64) {
        lagRecords.set(Int(count))
        lagSeconds.set(Int(seconds))
    }

    /// Reporting stands still, or goes on (nil). Told once.
    func stands(_ error: ESRProxyError?) {
        let text = error?.description
        let isNew = lastFailure.withLock { last in
            defer { last = text }
            return last != text
        }
        guard isNew else { return }
        if let text {
            logger.warning("usage is not reported; counts wait in topic billing", ["reason": .string(text)])
        } else {
            logger.info("usage is reported")
        }
    }
}
