package import Time
package import Tokens

/// Turns the stores of signing keys, as their schedules say.
package struct RotateKeys: Sendable {
    private let stores: [SigningKeyStore]
    private let clock: any WallClock
    private let telemetry: ControlPlaneTelemetry

    /// The use case over its parts.
    package init(stores: [SigningKeyStore], clock: any WallClock, telemetry: ControlPlaneTelemetry) {
        self.stores = stores
        self.clock = clock
        self.telemetry = telemetry
    }

    /// One look at the clock. Blocks on the disk, so not on a loop. A failure is told and tried again at the next look.
    package func turn() {
        for store in stores {
            do {
                let change = try store.turn(now: clock.now())
                for keyID in change.made { telemetry.emit(.signingKeyMade(keyID: keyID)) }
                for keyID in change.removed { telemetry.emit(.signingKeyRemoved(keyID: keyID)) }
            } catch {
                telemetry.emit(.signingKeyFailed(reason: "\(error)"))
            }
        }
    }
}
