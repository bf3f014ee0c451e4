internal import API
internal import Config
internal import JSON
internal import System
internal import Time

/// `polder usage <stream>`: how many events a stream took.
struct UsageCommand: Command {
    static let name = "usage"
    static let summary = "Shows how many events a stream took, over time."
    static let details = """
        A line for each interval: the count at its beginning, how much was added since the line before, and how many per second.
          polder usage demo --from 2026-03-01 --until 2026-04-01 --by 1d -o csv
        """

    let options: SessionOptions
    let format: ResultFormat
    let from: Moment?
    let until: Moment?
    let interval: Duration
    let stream: String

    init(reading arguments: inout ArgumentReader) {
        options = SessionOptions(reading: &arguments)
        format = arguments.formatOption()
        from = arguments.optionIfPresent("--from", "TIME", "2026-03-01 or 2026-03-01T12:30:00Z [a day before --until].")
        until = arguments.optionIfPresent("--until", "TIME", "The same form [now].")
        let by: Interval? = arguments.optionIfPresent("--by", "TIME", "The interval: 5m, 1h, 1d, or seconds [5m].")
        interval = by?.duration ?? .seconds(300)
        if interval < .seconds(60) { arguments.refuse("--by must be at least 60 seconds") }
        stream = arguments.argument("stream", "The source stream's name.", from: .names(.entity("stream")))
    }

    func run(_ context: CommandContext) async throws(PolderError) {
        let end = until?.time ?? SystemClock().now()
        let start = from?.time ?? Timestamp(milliseconds: end.milliseconds - 86_400_000)
        guard start < end else { throw .usage(command: Self.name, ["--from must be before --until"]) }
        let api = try await APISession.open(options, context)
        let answer = try await api.call(
            UsageService.getStreamEventUsage,
            [
                "ref": try await api.reference(stream), "startTime": .string(start.text), "endTime": .string(end.text),
                "interval": .string("\(interval.components.seconds)s"),
            ])
        let windows = answer["windows"]?.array ?? []
        context.console.print(
            PrintedResult(
                titles: ["From", "Count", "Duration", "Change", "Rate"], rows: UsageCommand.rows(windows),
                value: .array(windows)), as: format)
    }

    /// The columns of the public tool: counts are cumulative, so the first line has no change.
    static func rows(_ windows: [JSONValue]) -> [[String]] {
        var previous: Int64?
        return windows.map { window in
            let count = window["eventCount"]?.string.flatMap { Int64($0) } ?? window["eventCount"]?.int64 ?? 0
            let start = window["startTime"]?.string.flatMap { Moment(settingText: $0)?.time.milliseconds } ?? 0
            let end = window["endTime"]?.string.flatMap { Moment(settingText: $0)?.time.milliseconds } ?? 0
            let seconds = Double(end - start) / 1000
            defer { previous = count }
            guard let previous else {
                return [EntityKind.text(window["startTime"]), String(count), "\(Int(seconds))s", "NaN", "NaN"]
            }
            let change = count - previous
            let rate = seconds > 0 ? Double(change) / seconds : 0
            let hundredths = Int64((rate * 100).rounded())
            let fraction = hundredths.magnitude % 100
            return [
                EntityKind.text(window["startTime"]), String(count), "\(Int(seconds))s", String(change),
                "\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction)",
            ]
        }
    }

    /// A moment as people write it.
    struct Moment: SettingValue {
        let time: Timestamp
        static var settingKind: String { "a time such as 2026-03-01 or 2026-03-01T12:30:00Z" }
        var settingText: String { time.text }

        init?(settingText: String) {
            // The public tool writes 2026/3/1-12:30, in UTC.
            let parts = settingText.split { "/-T: Z".contains($0) }.map(String.init)
            if settingText.contains("/"), (3...5).contains(parts.count) {
                let numbers = parts.map { $0.count < 2 ? "0\($0)" : $0 }
                let clock = numbers.count > 3 ? "\(numbers[3]):\(numbers.count > 4 ? numbers[4] : "00")" : "00:00"
                self.init(rfc3339: "\(numbers[0])-\(numbers[1])-\(numbers[2])T\(clock):00Z")
                return
            }
            self.init(rfc3339: settingText.contains("T") ? settingText : "\(settingText)T00:00:00Z")
        }

        private init?(rfc3339 text: String) {
            do {
                time = try Timestamp(text: text)
            } catch {
                return nil
            }
        }
    }

    /// `5m`, or seconds.
    struct Interval: SettingValue {
        let duration: Duration
        static var settingKind: String { "a time such as 5m, 1h or 1d, or seconds" }
        var settingText: String { duration.text }

        init?(settingText: String) {
            if let seconds = Int64(settingText) {
                duration = .seconds(seconds)
            } else {
                guard let duration = Duration(settingText: settingText) else { return nil }
                self.duration = duration
            }
        }
    }
}
