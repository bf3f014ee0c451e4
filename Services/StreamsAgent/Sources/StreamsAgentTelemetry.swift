package import Observe
internal import Reconcile
internal import Synchronization

/// Every log line and metric of the streams agent.
package final class StreamsAgentTelemetry: Sendable {
    private let logger: Logger
    private let rounds: CounterFamily
    private let steps: CounterFamily
    private let resources: GaugeFamily
    private let reports: CounterFamily
    private let lastFailure = Mutex<String?>(nil)
    private let lastReportFailure = Mutex<String?>(nil)

    /// Registers everything in `registry`; lines go to `logger`.
    package init(registry: MetricRegistry, logger: Logger) {
        self.logger = logger
        rounds = registry.counters(
            "streams_agent_rounds_total", "Comparisons of the wanted with the actual state: `success`, `failure`.",
            labels: ["result"])
        steps = registry.counters(
            "streams_agent_steps_total",
            "Steps taken, by kind of resource, `create`, `update` or `delete`, and `success` or `failure`.",
            labels: ["kind", "step", "result"])
        reports = registry.counters(
            "streams_agent_reports_total", "Reports to the control plane: `success`, `failure`.", labels: ["result"])
        resources = registry.gauges(
            "streams_agent_resources",
            "Resources by kind and how they are doing: `healthy`, `pending`, `unhealthy`, `terminating`.",
            labels: ["kind", "status"])
    }

    /// A round is over.
    func roundEnded(_ error: StreamsAgentError?) {
        rounds.with(error == nil ? "success" : "failure").increment()
        let text = error?.description
        let isNew = lastFailure.withLock { last in
            defer { last = text }
            return last != text
        }
        guard isNew else { return }
        if let text {
            logger.error("the plane is not what it should be; it is tried again", ["reason": .string(text)])
        } else {
            logger.info("the plane is what it should be")
        }
    }

    /// A step was taken, or could not be.
    func stepTaken(_ step: Step, _ error: StreamsAgentError?) {
        let (verb, id) = (step.verb, step.id)
        steps.with(id.kind.description, verb, error == nil ? "success" : "failure").increment()
        guard error == nil else { return }  // told once, when the round ends
        logger.debug("step taken", ["step": .string(verb), "resource": .string("\(id)")])
    }

    /// The control plane knows how so many resources are doing.
    func reported(_ count: Int) {
        reports.with("success").increment()
        lastReportFailure.withLock { $0 = nil }
        logger.debug("states reported", ["count": .int(count)])
    }

    /// The control plane was not told; it is tried again.
    func reportFailed(_ error: any Error) {
        reports.with("failure").increment()
        let text = "\(error)"
        let isNew = lastReportFailure.withLock { last in
            defer { last = text }
            return last != text
        }
        if isNew { logger.warning("the control plane was not told how streams are doing", ["reason": .string(text)]) }
    }

    /// How everything is doing.
    func statesChanged(_ states: [ResourceID: ResourceState]) {
        var counts: [ResourceKind: [ResourceState.Status: Int]] = [:]
        for (id, state) in states { counts[id.kind, default: [:]][state.status, default: 0] += 1 }
        for kind in PlaneResources.kinds {
            for status in ResourceState.Status.allCases where status != .removed {
                resources.with(kind.description, status.rawValue).set(counts[kind]?[status] ?? 0)
            }
        }
    }
}

extension Step {
    fileprivate var verb: String {
        switch self {
        case .create: "create"
        case .update: "update"
        case .delete: "delete"
        }
    }
}
