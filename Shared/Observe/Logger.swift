import Synchronization
package import Time

/// How much a log line matters.
package enum LogLevel: String, Sendable, CaseIterable, Comparable {
    /// For someone who looks for a fault right now.
    case debug
    /// What an operator wants to see on a good day.
    case info
    /// Something is wrong and the service copes.
    case warning
    /// Something is wrong and somebody has to act.
    case error

    private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
    /// Whether `left` matters less.
    package static func < (left: LogLevel, right: LogLevel) -> Bool { left.rank < right.rank }
}

/// The value of a field of a log line. Never a payload, a key, a token or a secret.
package enum LogValue: Sendable, Equatable, ExpressibleByStringInterpolation, ExpressibleByIntegerLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByFloatLiteral, ExpressibleByArrayLiteral
{
    /// Text.
    case string(String)
    /// A whole number.
    case int(Int)
    /// A number with a fraction.
    case double(Double)
    /// Yes or no.
    case bool(Bool)
    /// Several texts.
    case list([String])

    /// Text.
    package init(stringLiteral value: String) { self = .string(value) }
    /// A whole number.
    package init(integerLiteral value: Int) { self = .int(value) }
    /// Yes or no.
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    /// A number with a fraction.
    package init(floatLiteral value: Double) { self = .double(value) }
    /// Several texts.
    package init(arrayLiteral elements: String...) { self = .list(elements) }
    /// A duration as its text, `1s500ms`, without what is below a millisecond.
    package static func duration(_ duration: Duration) -> LogValue {
        .string(Duration.milliseconds(duration.milliseconds).text)
    }
}

/// Takes finished log lines.
package protocol LogSink: Sendable {
    /// Takes one line, which ends in a line feed. Any thread; must not block for long and never logs itself.
    func write(_ line: [UInt8])
}

/// How a line looks.
package enum LogFormat: String, Sendable, CaseIterable {
    /// For people: `05:00:00.250 INFO  event-gateway: settings read  file=…`
    case text
    /// For machines: one JSON object per line with `time`, `level`, `service`, `message` and the fields.
    case json
}

/// Writes log lines. A value: hand it on, give it more fields with `with(_:)`.
///
/// The message is constant; what varies goes into fields, so that lines can be grouped and counted.
package struct Logger: Sendable {
    /// Names and values that vary.
    package typealias Fields = KeyValuePairs<StaticString, LogValue>

    private let sink: any LogSink
    private let clock: any WallClock
    private let format: LogFormat
    private let service: String
    private let context: [(StaticString, LogValue)]
    /// Lines below this level are not written.
    package let threshold: LogLevel

    /// A logger that writes into `sink`.
    package init(
        service: String, sink: any LogSink, clock: any WallClock, format: LogFormat = .json,
        threshold: LogLevel = .info
    ) {
        self.init(
            service: service, sink: sink, clock: clock, format: format, threshold: threshold, context: [])
    }

    private init(
        service: String, sink: any LogSink, clock: any WallClock, format: LogFormat, threshold: LogLevel,
        context: [(StaticString, LogValue)]
    ) {
        self.sink = sink
        self.clock = clock
        self.format = format
        self.service = service
        self.threshold = threshold
        self.context = context
    }

    /// The same logger with more fields on every line.
    package func with(_ fields: Fields) -> Logger {
        Logger(
            service: service, sink: sink, clock: clock, format: format, threshold: threshold,
            context: context + fields.map { ($0.key, $0.value) })
    }

    /// Writes a line when the level is not below the threshold; otherwise the fields are not even computed.
    package func log(_ level: LogLevel, _ message: StaticString, _ fields: @autoclosure () -> Fields = [:]) {
        guard level >= threshold else { return }
        var line = LogLine()
        let all = context + fields().map { ($0.key, $0.value) }
        switch format {
        case .json: line.writeJSON(clock.now(), level, service, message, all)
        case .text: line.writeText(clock.now(), level, service, message, all)
        }
        sink.write(line.bytes)
    }

    /// For someone who looks for a fault right now.
    package func debug(_ message: StaticString, _ fields: @autoclosure () -> Fields = [:]) {
        log(.debug, message, fields())
    }
    /// What an operator wants to see on a good day.
    package func info(_ message: StaticString, _ fields: @autoclosure () -> Fields = [:]) {
        log(.info, message, fields())
    }
    /// Something is wrong and the service copes.
    package func warning(_ message: StaticString, _ fields: @autoclosure () -> Fields = [:]) {
        log(.warning, message, fields())
    }
    /// Something is wrong and somebody has to act.
    package func error(_ message: StaticString, _ fields: @autoclosure () -> Fields = [:]) {
        log(.error, message, fields())
    }
}

/// Swallows every line, for code that must be handed a logger and has nothing to say.
package struct NullLogSink: LogSink {
    /// A sink without a bottom.
    package init() {}
    /// Drops the line.
    package func write(_ line: [UInt8]) {}
}
