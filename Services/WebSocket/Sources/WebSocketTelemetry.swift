package import HTTP
package import Observe
package import System
internal import Time
package import Wire

/// Every log line and every metric of the web-socket service. Any thread.
package final class WebSocketTelemetry: Sendable {
    private let logger: Logger
    /// Open listeners; the public name.
    package let clients: Gauge
    /// Events handed to listeners' sockets.
    package let sent: Counter
    /// Events that slow listeners lost.
    package let dropped: Counter
    private let skipped: CounterFamily
    private let handshakes: CounterFamily
    private let closes: CounterFamily

    /// Registers everything in `registry`; lines go to `logger`.
    package init(registry: MetricRegistry, logger: Logger) {
        self.logger = logger
        clients = registry.gauge("strm_websocket_clients", "Open listeners.")
        sent = registry.counter("strm_websocket_events_total", "Events sent to listeners.")
        dropped = registry.counter("strm_websocket_dropped_total", "Events that slow listeners lost.")
        skipped = registry.counters(
            "web_socket_skipped_events_total",
            "Events that could not be shown: `not_framed`, `unknown_schema`, `malformed`, `damaged`.",
            labels: ["reason"])
        handshakes = registry.counters(
            "web_socket_handshakes_total", "Requests to listen by their outcome.", labels: ["result"])
        closes = registry.counters(
            "web_socket_closes_total", "Listeners that ended, by close code.", labels: ["code"])
    }

    /// Why an event was not shown.
    package enum Skip: String, Sendable {
        /// Not the framing that this plane writes.
        case notFramed = "not_framed"
        /// Its schema is not in the state folder.
        case unknownSchema = "unknown_schema"
        /// The bytes do not fit the schema.
        case malformed
        /// The stored bytes were damaged.
        case damaged
    }

    /// Something worth counting, and perhaps a log line.
    package enum Notice {
        /// A listener is there.
        case opened(stream: String)
        /// A listener has gone.
        case closed(stream: String, code: WebSocketCloseCode, reason: String, dropped: Int)
        /// A request was refused.
        case refused(Refusal)
        /// A handshake was not one.
        case noHandshake(Status)
        /// Events were not shown.
        case skipped(Skip, TopicName, count: Int)
        /// Stored events are damaged and were passed over: their offsets.
        case passedDamage(TopicName, Range<Int64>)
        /// A topic cannot be read; it is tried again.
        case readFailed(TopicName, reason: String)
        /// Listeners are open.
        case listening(addresses: [SocketAddress])
        /// Draining began.
        case draining(listeners: Int)
    }

    /// Writes the line and counts what has to be counted.
    package func emit(_ notice: Notice) {
        switch notice {
        case .opened(let stream):
            handshakes.with("accepted").increment()
            clients.add(1)
            logger.info("a listener is connected", ["stream": .string(stream)])
        case .closed(let stream, let code, let reason, let dropped):
            clients.add(-1)
            closes.with("\(code.rawValue)").increment()
            logger.info(
                "a listener has gone",
                [
                    "stream": .string(stream), "code": .int(Int(code.rawValue)), "reason": .string(reason),
                    "dropped": .int(dropped),
                ])
        case .refused(let refusal):
            handshakes.with(refusal.label).increment()
        case .noHandshake(let status):
            handshakes.with("status_\(status.code)").increment()
        case .skipped(let reason, let topic, let count):
            skipped.with(reason.rawValue).add(count)
            logger.warning(
                "events could not be shown",
                ["topic": "\(topic)", "reason": .string(reason.rawValue), "events": .int(count)])
        case .passedDamage(let topic, let offsets):
            skipped.with(Skip.damaged.rawValue).add(offsets.count)
            logger.error(
                "the topic is damaged; reading goes on behind it",
                [
                    "topic": "\(topic)", "from": .int(Int(offsets.lowerBound)),
                    "to": .int(Int(offsets.upperBound - 1)),
                ])
        case .readFailed(let topic, let reason):
            logger.error("a topic cannot be read now", ["topic": "\(topic)", "reason": .string(reason)])
        case .listening(let addresses):
            logger.info("listening", ["addresses": .list(addresses.map(\.description))])
        case .draining(let listeners):
            logger.info("draining", ["listeners": .int(listeners)])
        }
    }
}
