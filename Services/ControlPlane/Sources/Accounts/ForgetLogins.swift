package import Time

/// Takes logins out of the state that nobody has used for long, and links that are too old.
package struct ForgetLogins: Sendable {
    private let state: StateStore
    private let clock: any WallClock
    private let telemetry: ControlPlaneTelemetry

    /// The use case over its parts.
    package init(state: StateStore, clock: any WallClock, telemetry: ControlPlaneTelemetry) {
        self.state = state
        self.clock = clock
        self.telemetry = telemetry
    }

    /// One look. Blocks on the disk when there is something to forget. A failure is told and tried again at the next look.
    package func turn() {
        do throws(CallError) {
            let now = clock.now()
            guard try state.read({ view throws(CallError) in try view.hasIdleLogins(now: now) }) else { return }
            try state.writeBlocking(by: .system, "forget logins") { change throws(CallError) in
                try change.forgetIdleLogins()
            }
        } catch {
            telemetry.emit(.loginsNotForgotten(reason: "\(error)"))
        }
    }
}
