import EventLog
import Faults
import Synchronization
import System
import Time
import Wire

/// The thread of one derived stream: steps, waits, tries again, until it is told to stop.
final class DerivedStreamThread: Sendable {
    private struct Orders {
        var rules: DerivationRules
        var isNew = false
        var mustStop = false
    }

    /// How long to wait for records before looking at the orders again.
    private static let look: Duration = .milliseconds(200)
    /// Between two looks for something missing.
    private static let missingPause: Duration = .milliseconds(250)
    private static let shortestPause: Duration = .milliseconds(100)
    private static let longestPause: Duration = .seconds(5)
    /// While it lasts, a failure is reported again this often.
    private static let reportInterval: Duration = .minutes(1)
    private static let lagInterval: Duration = .seconds(1)

    private let orders: Monitor<Orders>
    private let thread = Monitor<SystemThread?>(nil)
    private let clock: any WallClock
    private let telemetry: StreamTelemetry
    private let makeCopier: @Sendable (DerivationRules) throws(DecrypterError) -> DerivedStreamCopier
    private let reopen: @Sendable (TopicName) -> Void
    private let onFatal: @Sendable (DecrypterError) -> Void

    /// - Parameters:
    ///   - makeCopier: Called on the thread, again after each failure to make one.
    ///   - reopen: Called before a topic that is out of service is tried again.
    ///   - onFatal: Told of a failure that only a restart of the process can mend.
    init(
        rules: DerivationRules, clock: any WallClock, telemetry: StreamTelemetry,
        makeCopier: @escaping @Sendable (DerivationRules) throws(DecrypterError) -> DerivedStreamCopier,
        reopen: @escaping @Sendable (TopicName) -> Void, onFatal: @escaping @Sendable (DecrypterError) -> Void
    ) throws(SystemError) {
        orders = Monitor(Orders(rules: rules))
        self.clock = clock
        self.telemetry = telemetry
        self.makeCopier = makeCopier
        self.reopen = reopen
        self.onFatal = onFatal
        // The thread keeps this object alive until it stops.
        let started = try SystemThread.start("derive \(rules.stream)") { [self] in run() }
        thread.withLock { $0 = started }
    }

    /// Goes on by other rules from the next step on; nothing happens when they are the same.
    func adopt(_ rules: DerivationRules) {
        orders.change { orders in
            guard orders.rules != rules else { return }
            orders.rules = rules
            orders.isNew = true
        }
    }

    /// Asks the thread to stop after the step that it is in.
    func stop() { orders.change { $0.mustStop = true } }

    /// Waits until it has stopped.
    func join() {
        let running = thread.withLock { thread in
            defer { thread = nil }
            return thread
        }
        running?.join()
    }

    // MARK: On the thread

    private func run() {
        telemetry.started()
        var copier: DerivedStreamCopier?
        var pause = Self.shortestPause
        var reported: (text: String, at: Timestamp)?
        var lagAt = Timestamp.distantPast
        var waitingFor: Missing?
        var isStandingStill = false
        while true {
            if orders.withLock({ $0.mustStop }) { break }
            do throws(DecrypterError) {
                let current: DerivedStreamCopier
                if let copier {
                    current = copier
                } else {
                    current = try makeCopier(takeRules())
                    copier = current
                }
                let step = try current.step(waitUpTo: Self.look, newRules: takeNewRules)
                pause = Self.shortestPause
                if isStandingStill { telemetry.goesOn() }
                isStandingStill = false
                reported = nil
                let now = clock.now()
                if step == .idle {
                    telemetry.behind(0)
                } else if now - lagAt >= Self.lagInterval || now < lagAt {
                    lagAt = now
                    telemetry.behind(try current.lag())
                }
                switch step {
                case .advanced(let tally):
                    waitingFor = nil
                    telemetry.advanced(tally)
                case .passedDamage(let offsets, let tally):
                    waitingFor = nil
                    telemetry.passedDamage(offsets)
                    telemetry.advanced(tally)
                case .idle: waitingFor = nil
                case .waiting(let missing):
                    if missing != waitingFor { telemetry.waiting(missing) }
                    waitingFor = missing
                    rest(Self.missingPause)
                }
            } catch {
                let now = clock.now()
                let text = "\(error)"
                if reported?.text != text || now - (reported?.at ?? now) >= Self.reportInterval {
                    telemetry.failed(error)
                    reported = (text, now)
                }
                telemetry.standsStill(error)
                isStandingStill = true
                if error.needsRestart { onFatal(error) }
                rest(pause)
                pause = min(pause * 2, Self.longestPause)
                if case .log(.unusable(let topic, _)) = error { reopen(topic) }
            }
        }
        telemetry.stopped()
    }

    private func takeRules() -> DerivationRules {
        orders.withLock { orders in
            orders.isNew = false
            return orders.rules
        }
    }

    private func takeNewRules() -> DerivationRules? {
        let rules = orders.withLock { orders -> DerivationRules? in
            defer { orders.isNew = false }
            return orders.isNew ? orders.rules : nil
        }
        if rules != nil { telemetry.rulesChanged() }
        return rules
    }

    /// Waits, but not longer than until the orders change.
    private func rest(_ duration: Duration) {
        _ = orders.wait(upTo: duration) { orders in orders.mustStop || orders.isNew ? true : nil }
    }
}

extension DecrypterError {
    /// Whether trying again in this process is in vain. A topic whose file is damaged concerns its stream alone.
    fileprivate var needsRestart: Bool {
        switch self {
        case .log(let error): error.needsNewProcess
        case .keys, .schemas, .unusableSchema, .commitTimedOut, .sourceReset: false
        }
    }
}
