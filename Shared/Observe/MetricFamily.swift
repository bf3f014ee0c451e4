import Synchronization

/// Name, help, label names and kind of a metric family.
package struct FamilyDescription: Sendable {
    let name: String
    let help: String
    let labels: [String]
    let kind: String

    init(name: String, help: String, labels: [String], kind: String) {
        precondition(Self.isName(name, colons: true), "\(name) is a metric name: [a-zA-Z_:][a-zA-Z0-9_:]*")
        for label in labels {
            precondition(
                Self.isName(label, colons: false) && !label.hasPrefix("__") && label != "le",
                "\(label) is a label name: [a-zA-Z_][a-zA-Z0-9_]*")
        }
        (self.name, self.help, self.labels, self.kind) = (name, help, labels, kind)
    }

    private static func isName(_ text: String, colons: Bool) -> Bool {
        guard let first = text.utf8.first, !(0x30...0x39).contains(first) else { return false }
        return text.utf8.allSatisfy { byte in
            (0x61...0x7A).contains(byte) || (0x41...0x5A).contains(byte) || (0x30...0x39).contains(byte)
                || byte == UInt8(ascii: "_") || (colons && byte == UInt8(ascii: ":"))
        }
    }
}

/// What the registry needs of every family.
protocol AnyFamily: AnyObject, Sendable {
    var description: FamilyDescription { get }
    func writeSeries(to text: inout String)
}

/// The series of a family by their label values.
///
/// The number of series is bounded: label values often come from requests. Past the bound, everything is counted in one
/// series whose label values are all `other`.
struct SeriesTable<Metric: Sendable>: Sendable {
    static var limit: Int { 2000 }

    private var byLabels: [[String]: Metric] = [:]

    mutating func find(_ values: [String], labelCount: Int, make: () -> Metric) -> Metric {
        precondition(values.count == labelCount, "a series has a value for each of its \(labelCount) labels")
        if let metric = byLabels[values] { return metric }
        let key = byLabels.count < Self.limit ? values : values.map { _ in "other" }
        if let metric = byLabels[key] { return metric }
        let metric = make()
        byLabels[key] = metric
        return metric
    }

    var sorted: [(labels: [String], metric: Metric)] {
        byLabels.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map { ($0.key, $0.value) }
    }
}

/// Counters that differ in their labels.
package final class CounterFamily: AnyFamily {
    let description: FamilyDescription
    private let series = Mutex(SeriesTable<Counter>())

    init(_ description: FamilyDescription) { self.description = description }

    /// The counter for these label values, in the order of the label names. Takes a lock: keep what it returns.
    package func with(_ values: String...) -> Counter {
        series.withLock { $0.find(values, labelCount: description.labels.count) { Counter() } }
    }

    func writeSeries(to text: inout String) {
        for (labels, counter) in series.withLock({ $0.sorted }) {
            Exposition.writeSample(description, "", labels, String(counter.count), to: &text)
        }
    }
}

/// Gauges that differ in their labels.
package final class GaugeFamily: AnyFamily {
    let description: FamilyDescription
    private let series = Mutex(SeriesTable<Gauge>())

    init(_ description: FamilyDescription) { self.description = description }

    /// The gauge for these label values, in the order of the label names. Takes a lock: keep what it returns.
    package func with(_ values: String...) -> Gauge {
        series.withLock { $0.find(values, labelCount: description.labels.count) { Gauge() } }
    }

    func writeSeries(to text: inout String) {
        for (labels, gauge) in series.withLock({ $0.sorted }) {
            Exposition.writeSample(description, "", labels, String(gauge.current), to: &text)
        }
    }
}

/// Histograms that differ in their labels.
package final class HistogramFamily: AnyFamily {
    let description: FamilyDescription
    private let unit: Histogram.Unit
    private let bounds: [Double]
    private let series = Mutex(SeriesTable<Histogram>())

    init(_ description: FamilyDescription, unit: Histogram.Unit, bounds: [Double]) {
        (self.description, self.unit, self.bounds) = (description, unit, bounds)
    }

    /// The histogram for these label values, in the order of the label names. Takes a lock: keep what it returns.
    package func with(_ values: String...) -> Histogram {
        series.withLock {
            $0.find(values, labelCount: description.labels.count) { Histogram(unit: unit, bounds: bounds) }
        }
    }

    func writeSeries(to text: inout String) {
        for (labels, histogram) in series.withLock({ $0.sorted }) {
            let (counts, sum) = histogram.snapshot
            var cumulated: UInt64 = 0
            for (bound, count) in zip(histogram.boundTexts + ["+Inf"], counts) {
                cumulated += count
                Exposition.writeSample(description, "_bucket", labels, String(cumulated), le: bound, to: &text)
            }
            Exposition.writeSample(description, "_sum", labels, Exposition.number(sum), to: &text)
            Exposition.writeSample(description, "_count", labels, String(cumulated), to: &text)
        }
    }
}

/// Values that are read when somebody asks.
final class ReadingFamily: AnyFamily {
    let description: FamilyDescription
    private let series = Mutex<[(labels: [String], read: @Sendable () -> Double)]>([])

    init(_ description: FamilyDescription) { self.description = description }

    func add(_ labels: [String], _ read: @escaping @Sendable () -> Double) {
        series.withLock { series in
            series.removeAll { $0.labels == labels }
            series.append((labels, read))
        }
    }

    func writeSeries(to text: inout String) {
        for (labels, read) in series.withLock({ $0 }).sorted(by: { $0.labels.lexicographicallyPrecedes($1.labels) }) {
            Exposition.writeSample(description, "", labels, Exposition.number(read()), to: &text)
        }
    }
}
