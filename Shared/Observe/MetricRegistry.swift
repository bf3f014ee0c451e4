import Synchronization

/// All metrics of one process, and their text for Prometheus.
///
/// Registering takes a lock and memory: do it once at start, keep the handles. Registering the same name again gives the
/// same metric, so that several loops share it; the same name with another kind or other labels is a bug and traps.
package final class MetricRegistry: Sendable {
    private let families = Mutex<[String: any AnyFamily]>([:])

    /// An empty registry.
    package init() {}

    /// A counter without labels. By custom its name ends in `_total`.
    package func counter(_ name: String, _ help: String) -> Counter { counters(name, help, labels: []).with() }

    /// Counters that differ in their labels.
    package func counters(_ name: String, _ help: String, labels: [String]) -> CounterFamily {
        family(name, help, labels, kind: "counter") { CounterFamily($0) }
    }

    /// A gauge without labels.
    package func gauge(_ name: String, _ help: String) -> Gauge { gauges(name, help, labels: []).with() }

    /// Gauges that differ in their labels.
    package func gauges(_ name: String, _ help: String, labels: [String]) -> GaugeFamily {
        family(name, help, labels, kind: "gauge") { GaugeFamily($0) }
    }

    /// A histogram without labels.
    ///
    /// - Parameter bounds: Upper bounds in exported units (seconds or the plain unit), ascending, without infinity.
    package func histogram(
        _ name: String, _ help: String, unit: Histogram.Unit = .seconds, bounds: [Double] = Histogram.usualSeconds
    ) -> Histogram {
        histograms(name, help, unit: unit, bounds: bounds, labels: []).with()
    }

    /// Histograms that differ in their labels.
    package func histograms(
        _ name: String, _ help: String, unit: Histogram.Unit = .seconds, bounds: [Double] = Histogram.usualSeconds,
        labels: [String]
    ) -> HistogramFamily {
        family(name, help, labels, kind: "histogram") { HistogramFamily($0, unit: unit, bounds: bounds) }
    }

    /// A gauge that is read when somebody asks, for example the size of a cache.
    ///
    /// - Parameter read: Called on the thread that renders; must be quick and may not register metrics.
    package func reading(
        gauge name: String, _ help: String, labels: [(name: String, value: String)] = [],
        _ read: @escaping @Sendable () -> Double
    ) {
        family(name, help, labels.map(\.name), kind: "gauge") { ReadingFamily($0) }.add(labels.map(\.value), read)
    }

    /// A counter that somebody else keeps, read when somebody asks.
    ///
    /// - Parameter read: As for gauges; what it returns never becomes smaller.
    package func reading(
        counter name: String, _ help: String, labels: [(name: String, value: String)] = [],
        _ read: @escaping @Sendable () -> Double
    ) {
        family(name, help, labels.map(\.name), kind: "counter") { ReadingFamily($0) }.add(labels.map(\.value), read)
    }

    /// All metrics in Prometheus text format 0.0.4, families sorted by name. Serve it as `MetricRegistry.contentType`.
    package func exposition() -> String {
        let sorted = families.withLock { $0.values.sorted { $0.description.name < $1.description.name } }
        var text = ""
        for family in sorted {
            Exposition.writeHeader(family.description, to: &text)
            family.writeSeries(to: &text)
        }
        return text
    }

    /// All metrics as a Markdown table, sorted by name. The READMEs of the services hold it between markers.
    package func table() -> String {
        let sorted = families.withLock { $0.values.map(\.description).sorted { $0.name < $1.name } }
        let rows = sorted.map { family in
            let labels = family.labels.map { "`\($0)`" }.joined(separator: ", ")
            return "| `\(family.name)` | \(family.kind) | \(labels) | \(family.help.replacing("|", with: "\\|")) |"
        }
        return (["| metric | kind | labels | meaning |", "|---|---|---|---|"] + rows).joined(separator: "\n") + "\n"
    }

    /// Media type of `exposition()`.
    package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    private func family<Family: AnyFamily>(
        _ name: String, _ help: String, _ labels: [String], kind: String, make: (FamilyDescription) -> Family
    ) -> Family {
        let description = FamilyDescription(name: name, help: help, labels: labels, kind: kind)
        return families.withLock { families in
            if let existing = families[name] {
                precondition(
                    existing.description.kind == kind && existing.description.labels == labels,
                    "the metric \(name) is registered with one kind and one set of labels")
                guard let family = existing as? Family else {
                    preconditionFailure("the metric \(name) is either counted or read")
                }
                return family
            }
            let family = make(description)
            families[name] = family
            return family
        }
    }
}
