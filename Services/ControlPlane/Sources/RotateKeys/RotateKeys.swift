package import Time
package import Tokens

/// Turns the store of signing keys, as its schedule says.
package struct RotateKeys: Sendable {
    private let store: SigningKeyStore
    private let clock: any WallClock
    private let telemetry: ControlPlaneTelemetry

    /// The use case over its parts.
    package init(store: SigningKeyStore, clock: any WallClock, telemetry: ControlPlaneTelemetry) {
        self.store = store
        self.clock = clock
        self.telemetry = telemetry
    }

    /// One look at the clock. Blocks on the disk, so not on a loop. A failure is told and tried again at the next look.
    package func turn() {
        do {
            let change = try store.turn(now: clock.now())
            for keyID in change.made { telemetry.emit(.signingKeyMade(keyID: keyID)) }
            for keyID in change.removed { telemetry.emit(.signingKeyRemoved(keyID: keyID)) }
        } catch {
            telemetry.emit(.signingKeyFailed(reason: "\(error)"))
        }
    }
}
