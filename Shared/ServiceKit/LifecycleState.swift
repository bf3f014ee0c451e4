/// What a process does next between its first breath and its last. Pure: no signal, no clock, no exit.
package struct LifecycleState {
    /// What can happen.
    package enum Event: Equatable, Sendable {
        /// The service is built; its parts run.
        case built
        /// SIGTERM or SIGINT.
        case stopRequested
        /// The process that started us is gone.
        case lifelineEnded
        /// `run` returned or threw; the text says how.
        case partEnded(String)
        /// The configuration turned out to be wrong while the service was built.
        case configurationRefused
        /// `drain` returned.
        case drained
        /// The time for draining is over.
        case graceOver
    }

    /// What to do about it.
    package enum Action: Equatable, Sendable {
        /// Nothing.
        case none
        /// Not ready any more; stop accepting, finish what was accepted; not longer than this.
        case drain(Duration)
        /// End the process.
        case exit(code: Int32, reason: String)
    }

    /// Exit codes that scripts can use: 0 stopped as asked, 64 wrong arguments, 70 a part ended by itself or could not be
    /// built, 78 wrong settings (the last three from BSD's sysexits.h), 143 stopped at once by a second SIGTERM.
    enum ExitCode {
        static let stopped: Int32 = 0
        static let usage: Int32 = 64
        static let crashed: Int32 = 70
        static let misconfigured: Int32 = 78
        static let stoppedAtOnce: Int32 = 143
    }

    private enum Phase { case starting, running, draining }

    private let grace: Duration
    private var phase = Phase.starting

    /// Without a parent nobody waits for us, but a successor may want our ports and files soon.
    static let orphanGrace = Duration.seconds(2)

    /// A process that is starting and may drain for `grace`.
    package init(grace: Duration) { self.grace = grace }

    /// Takes note of what happened and answers what to do.
    package mutating func handle(_ event: Event) -> Action {
        switch (event, phase) {
        case (.built, .starting):
            phase = .running
            return .none
        case (.built, .running), (.built, .draining): return .none
        case (.stopRequested, .starting): return .exit(code: ExitCode.stopped, reason: "stopped while starting")
        case (.stopRequested, .running):
            phase = .draining
            return .drain(grace)
        case (.stopRequested, .draining): return .exit(code: ExitCode.stoppedAtOnce, reason: "second request to stop")
        case (.lifelineEnded, .starting): return .exit(code: ExitCode.stopped, reason: "parent gone while starting")
        case (.lifelineEnded, .running):
            phase = .draining
            return .drain(min(grace, Self.orphanGrace))
        case (.lifelineEnded, .draining): return .none
        case (.partEnded(let how), .starting), (.partEnded(let how), .running):
            return .exit(code: ExitCode.crashed, reason: how)
        case (.partEnded, .draining): return .none
        case (.configurationRefused, _): return .exit(code: ExitCode.misconfigured, reason: "configuration refused")
        case (.drained, .draining): return .exit(code: ExitCode.stopped, reason: "drained")
        case (.drained, .starting), (.drained, .running): return .none
        case (.graceOver, .draining):
            return .exit(code: ExitCode.stopped, reason: "not drained within the grace period")
        case (.graceOver, .starting), (.graceOver, .running): return .none
        }
    }
}
