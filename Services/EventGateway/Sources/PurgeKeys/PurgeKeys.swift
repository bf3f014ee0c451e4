internal import KeyVault
internal import Time

/// Deletes the keys whose time is over: what they sealed can be read by nobody from then on.
struct PurgeKeys: Sendable {
    /// Between two rounds. A key may outlive its time by this much.
    static let interval = Duration.minutes(10)

    let vault: any KeyVault
    let clock: any WallClock
    let telemetry: EventGatewayTelemetry

    /// One round. Blocks.
    func turn() {
        do throws(KeyVaultError) {
            let count = try vault.purge(now: clock.now())
            if count > 0 { telemetry.emit(.keysPurged(count)) }
        } catch .closed {
            // The gateway drains; the next one goes on.
        } catch {
            telemetry.emit(.purgeFailed(reason: "\(error)"))
        }
    }
}
