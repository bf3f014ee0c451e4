package import Observe
internal import PlaneConfig
internal import Synchronization
package import System
internal import Time
package import Wire

/// Every log line and every metric of the event gateway.
///
/// The `strm_…`, `caffeine_…` and `jvm_info` series keep the public names, labels and bounds of the stock "Event Gateway"
/// dashboard (strmprivacy/data-plane-helm-chart 2.0.0), so that it works unchanged. The rest is ours.
///
/// - Isolation: any thread. Loops add up what happens in a tick and call in once.
package final class EventGatewayTelemetry: Sendable {
    private let logger: Logger
    private let events: CounterFamily
    private let eventSizes: CounterFamily
    private let topicErrors: CounterFamily
    private let vaultErrors: Counter
    private let purgedKeys: Counter
    private let countedEvents: Counter
    private let countingErrors: Counter
    private let appendLines = Mutex(LineThrottle(seconds: 1))
    private let vaultLines = Mutex(LineThrottle(seconds: 1))
    private let countingLines = Mutex(LineThrottle(seconds: 60))

    /// Counters of a cache, by the names that the dashboard knows.
    package struct CacheMeter: Sendable {
        /// Look-ups that it answered.
        package let hits: Counter
        /// Look-ups that it could not answer.
        package let misses: Counter
        /// Entries.
        package let size: Gauge
    }

    /// Ciphers ready for sealing.
    package let keys: CacheMeter
    /// Verified tokens.
    package let tokens: CacheMeter
    /// Compiled schemas.
    package let schemas: Gauge
    /// Compiled contracts.
    package let contracts: Gauge
    /// Streams of the plane.
    package let streams: Gauge
    /// From the arrival of an event to its 204.
    package let timing: Histogram
    /// From handing a batch to the log to its commit.
    package let appendSucceeded: Histogram
    /// From handing a batch to the log to its refusal.
    package let appendFailed: Histogram
    /// Events accepted and not yet answered.
    package let inFlight: Gauge
    /// Events whose fields were sealed.
    package let encrypted: Counter
    /// Keys that the vault made for us.
    package let keysCreated: Counter
    /// Keys that the vault had already.
    package let keysReceived: Counter
    /// Events in a committed batch.
    package let batchSize: Histogram

    /// Registers everything in `registry`; lines go to `logger`.
    package init(registry: MetricRegistry, logger: Logger) {
        self.logger = logger
        events = registry.counters(
            "strm_gateway_events_total", "Answered events by schema and HTTP status.", labels: ["schemaid", "status"])
        eventSizes = registry.counters(
            "strm_gateway_eventsize_total", "Bytes of accepted events, as they were sent.",
            labels: ["schemaid", "topic"])
        topicErrors = registry.counters(
            "strm_gateway_topicerrors_total", "Batches that a topic did not take.", labels: ["topic"])
        timing = registry.histogram(
            "strm_gateway_timing", "Seconds from the arrival of an event to its 204.",
            bounds: [0.0001, 0.002, 0.005, 0.01, 0.5])
        let appends = registry.histograms(
            "strm_gateway_kafkatiming",
            "Seconds from handing a batch to the event log to its answer: `success`, `failure`.",
            bounds: [0.0001, 0.00025, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1], labels: ["result"])
        appendSucceeded = appends.with("success")
        appendFailed = appends.with("failure")
        inFlight = registry.gauge("strm_gateway_inflight", "Events accepted and not yet answered.")
        encrypted = registry.counters("strm_encrypter_total", "Events sealed.", labels: ["encrypt"]).with("true")
        let got = registry.counters(
            "strm_gateway_redischannel_total", "Keys got from the key vault: `created` now, or `received`.",
            labels: ["type"])
        keysCreated = got.with("created")
        keysReceived = got.with("received")
        let sizes = registry.gauges(
            "caffeine_cache_estimated_size", "Entries of a cache: `keys`, `tokens`, `schemas`, `contracts`, `streams`.",
            labels: ["cache"])
        let hits = registry.counters(
            "caffeine_cache_hit_total", "Look-ups that a cache (`keys`, `tokens`) answered.", labels: ["cache"])
        let misses = registry.counters(
            "caffeine_cache_miss_total", "Look-ups that a cache (`keys`, `tokens`) could not answer.", labels: ["cache"]
        )
        keys = CacheMeter(hits: hits.with("keys"), misses: misses.with("keys"), size: sizes.with("keys"))
        tokens = CacheMeter(hits: hits.with("tokens"), misses: misses.with("tokens"), size: sizes.with("tokens"))
        schemas = sizes.with("schemas")
        contracts = sizes.with("contracts")
        streams = sizes.with("streams")
        registry.gauge("jvm_info", "Always 1: one per instance, for dashboards that count instances by it.").set(1)
        vaultErrors = registry.counter(
            "event_gateway_vault_errors_total", "Times that the key vault gave no keys, or could not delete old ones.")
        purgedKeys = registry.counter(
            "event_gateway_keys_purged_total", "Keys that were deleted at the end of their time.")
        countedEvents = registry.counter(
            "event_gateway_events_counted_total", "Accepted events that a record in topic `billing` tells about.")
        countingErrors = registry.counter(
            "event_gateway_counting_errors_total",
            "Times that accepted events could not be counted; the next round does it.")
        batchSize = registry.histogram(
            "event_gateway_batch_events", "Events in a batch that was handed to the event log.", unit: .plain,
            bounds: [1, 4, 16, 64, 256, 1024, 4096])
    }

    /// Accepted events of one schema. Takes a lock: keep it.
    package func accepted(schema: String) -> Counter { events.with(schema, "204") }

    /// Bytes of accepted events of one schema in one topic. Takes a lock: keep it.
    package func bytes(schema: String, topic: TopicName) -> Counter { eventSizes.with(schema, topic.description) }

    /// Counts refused events. `schema` is nil when the request did not name a schema that exists.
    package func refused(_ refusal: Refusal, schema: String?, count: Int = 1) {
        events.with(schema ?? "unknown", String(refusal.status)).add(count)
    }

    /// Sizes of what is in force.
    func planeSizes(_ plane: PlaneSnapshot) {
        streams.set(plane.streams.count)
        schemas.set(plane.schemas.count)
        contracts.set(plane.contracts.count)
    }

    /// Something worth a log line.
    package enum Notice {
        /// A batch was not taken by the log.
        case appendFailed(topic: TopicName, events: Int, reason: String)
        /// The vault gave no keys.
        case vaultFailed(questions: Int, reason: String)
        /// Keys whose time was over are gone.
        case keysPurged(Int)
        /// Keys whose time is over could not be deleted; it will be tried again.
        case purgeFailed(reason: String)
        /// Usage records are durable.
        case counted(records: Int, events: Int64)
        /// Usage records could not be written, or one topic could not be looked at; the next round tries again.
        case countingFailed(reason: String)
        /// Listeners are open.
        case listening(addresses: [SocketAddress])
        /// Draining began.
        case draining(inFlight: Int)
    }

    /// Writes the line and counts what has to be counted.
    package func emit(_ notice: Notice) {
        switch notice {
        case .appendFailed(let topic, let events, let reason):
            topicErrors.with(topic.description).increment()
            guard let held = appendLines.withLock({ $0.ask(now: MonotonicTime.now().nanoseconds) }) else { return }
            logger.error(
                "the event log did not take a batch; its events were refused with 503",
                ["topic": "\(topic)", "events": .int(events), "reason": .string(reason), "heldBack": .int(held)])
        case .vaultFailed(let questions, let reason):
            vaultErrors.increment()
            guard let held = vaultLines.withLock({ $0.ask(now: MonotonicTime.now().nanoseconds) }) else { return }
            logger.error(
                "the key vault gave no keys; the events that wait for them were refused with 503",
                ["questions": .int(questions), "reason": .string(reason), "heldBack": .int(held)])
        case .keysPurged(let count):
            purgedKeys.add(count)
            logger.info("keys whose time was over were deleted", ["keys": .int(count)])
        case .purgeFailed(let reason):
            vaultErrors.increment()
            logger.error("keys whose time is over could not be deleted", ["reason": .string(reason)])
        case .counted(let records, let events):
            countedEvents.add(Int(events))
            logger.debug("accepted events were counted", ["records": .int(records), "events": .int(Int(events))])
        case .countingFailed(let reason):
            countingErrors.increment()
            guard let held = countingLines.withLock({ $0.ask(now: MonotonicTime.now().nanoseconds) }) else { return }
            logger.error(
                "accepted events could not be counted; it is tried again",
                ["reason": .string(reason), "heldBack": .int(held)])
        case .listening(let addresses):
            logger.info("listening", ["addresses": .list(addresses.map(\.description))])
        case .draining(let inFlight):
            logger.info("draining", ["inFlight": .int(inFlight)])
        }
    }
}
