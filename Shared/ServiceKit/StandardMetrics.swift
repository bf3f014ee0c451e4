import Observe
import System
import Time

/// The metrics that every service has; those of the process under the names that Prometheus client libraries use.
enum StandardMetrics {
    static func register(
        _ metrics: MetricRegistry, service: String, startedAt: Timestamp, readiness: Readiness,
        droppedLines: @escaping @Sendable () -> Int
    ) {
        metrics.reading(counter: "process_cpu_seconds_total", "User and system CPU time spent, in seconds.") {
            let usage = ResourceUsage.ofThisProcess()
            return (usage.userTime + usage.systemTime).inSeconds
        }
        metrics.reading(gauge: "process_resident_memory_bytes", "Resident memory, in bytes.") {
            do { return Double(try ResourceUsage.residentBytes()) } catch { return .nan }
        }
        metrics.reading(gauge: "process_open_fds", "Open file descriptors.") {
            do { return Double(try Directory.list("/proc/self/fd").count - 1) } catch { return .nan }
        }
        metrics.reading(gauge: "process_start_time_seconds", "Start of the process, seconds since 1970.") {
            Double(startedAt.milliseconds) / 1000
        }
        metrics.reading(
            gauge: "polder_build_info", "Which build runs; the value is always 1.",
            labels: [("service", service), ("version", PolderVersion.text)]
        ) { 1 }
        metrics.reading(counter: "log_lines_dropped_total", "Log lines that nobody read in time.") {
            Double(droppedLines())
        }
        metrics.reading(gauge: "service_ready", "1 when nothing is missing.") { readiness.isReady ? 1 : 0 }
    }

    /// The table of these, of the listeners' and of a service's own.
    static func table(with declare: (MetricRegistry, Logger) -> Void) -> String {
        let metrics = MetricRegistry()
        let logger = Logger(service: "", sink: NullLogSink(), clock: SystemClock())
        register(
            metrics, service: "", startedAt: Timestamp(milliseconds: 0), readiness: Readiness(), droppedLines: { 0 })
        _ = ListenerTelemetry(logger, metrics, listener: "")
        declare(metrics, logger)
        return metrics.table()
    }
}
