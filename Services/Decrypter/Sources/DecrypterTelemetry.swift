import Faults
import Observe

/// Everything that a decrypter reports: one log line and one metric each.
struct DecrypterTelemetry: Sendable {
    private let logger: Logger
    private let events: CounterFamily
    private let lag: GaugeFamily
    private let stalls: CounterFamily
    private let standing: GaugeFamily
    /// Kept for `/readyz`.
    let standingStill = StandingStill()

    init(logger: Logger, metrics: MetricRegistry) {
        self.logger = logger
        let fates = EventResult.allCases.map { "`\($0.label)`" }.joined(separator: ", ")
        events = metrics.counters(
            "strm_decrypter_events_total",
            "Events of the source stream, after the commit, by what became of them: \(fates).",
            labels: ["stream", "result"])
        lag = metrics.gauges(
            "strm_decrypter_lag_events", "Events of the source stream that are not dealt with yet.", labels: ["stream"])
        stalls = metrics.counters(
            "strm_decrypter_stalls_total",
            "Times that a derived stream had to wait: for a `key`, `schema` or `contract`, or after an `error`.",
            labels: ["stream", "reason"])
        standing = metrics.gauges(
            "strm_decrypter_standing_still",
            "1 while a derived stream does not advance because of a failure; `/readyz` names it and stays 200.",
            labels: ["stream"])
    }

    /// The reports of one derived stream.
    func stream(_ name: String) -> StreamTelemetry {
        StreamTelemetry(
            stream: name, logger: logger.with(["stream": .string(name)]),
            results: EventResult.allCases.map { events.with(name, $0.label) }, lag: lag.with(name), stalls: stalls,
            standing: standing.with(name), standingStill: standingStill)
    }

    func sourceUnknown(_ stream: String) {
        logger.warning("the plane has no such source stream; waiting for it", ["stream": .string(stream)])
    }

    func rulesRefused(_ stream: String, _ error: any Error) {
        logger.error("derived stream is not served", ["stream": .string(stream), "reason": .string("\(error)")])
    }
}

/// What one derived stream reports.
struct StreamTelemetry: Sendable {
    let stream: String
    let logger: Logger
    let results: [Counter]
    let lag: Gauge
    let stalls: CounterFamily
    let standing: Gauge
    let standingStill: StandingStill

    func started() { logger.info("derived stream is served") }

    func rulesChanged() { logger.info("derived stream goes on by new rules") }

    func stopped() {
        goesOn()
        logger.info("derived stream is no longer served")
    }

    /// Said once per failure, and now and then while it lasts; the rest of the time only kept.
    func standsStill(_ error: DecrypterError) {
        standing.set(1)
        standingStill.note(stream, "\(error)")
    }

    func goesOn() {
        standing.set(0)
        standingStill.note(stream, nil)
    }

    func advanced(_ tally: EventTally) {
        for result in EventResult.allCases where tally[result] > 0 {
            results[result.rawValue].add(tally[result])
            switch result {
            case .written, .noConsent: break
            case .unknownKey, .unknownSchema, .unknownContract, .undecryptable, .malformed, .unusableContract, .lost,
                .damaged:
                logger.error(
                    "events left out of the derived stream",
                    ["result": .string(result.label), "count": .int(tally[result])])
            }
        }
    }

    func passedDamage(_ offsets: Range<Int64>) {
        logger.error(
            "the source topic is damaged; reading goes on behind it",
            ["from": .int(Int(offsets.lowerBound)), "to": .int(Int(offsets.upperBound - 1))])
    }

    func behind(_ events: Int) { lag.set(events) }

    func waiting(_ missing: Missing) {
        switch missing {
        case .key:
            stalls.with(stream, "key").increment()
            logger.warning("waiting for a key")
        case .schema(let id):
            stalls.with(stream, "schema").increment()
            logger.warning("waiting for a schema", ["schema": .int(Int(id))])
        case .contract:
            stalls.with(stream, "contract").increment()
            logger.warning("waiting for a contract")
        }
    }

    func failed(_ error: DecrypterError) {
        stalls.with(stream, "error").increment()
        logger.error("derived stream does not advance", ["reason": .string("\(error)")])
    }
}
