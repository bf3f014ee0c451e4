import Observe
import System
import Time

/// The metrics that every process has, under the names that Prometheus client libraries use.
enum ProcessMetrics {
    static func register(_ metrics: MetricRegistry, service: String, version: String, startedAt: Timestamp) {
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
            labels: [("service", service), ("version", version)]
        ) { 1 }
    }
}
