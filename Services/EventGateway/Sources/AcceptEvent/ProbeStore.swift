internal import System

/// While nothing commits, finds out whether the disk takes writes again.
package struct ProbeStore: Sendable {
    /// Between two tries.
    package static let interval: Duration = .seconds(1)
    /// More than the first commit of a topic and a key take, so that there is room for them.
    private static let size = 256 << 10  // bytes

    private let path: String
    private let health: StoreHealth

    /// A probe that writes into `folder`.
    package init(folder: String, health: StoreHealth) {
        path = "\(folder)/.probe"
        self.health = health
    }

    /// Writes a file and removes it, when nothing commits. Blocks.
    package func turn() {
        guard health.isFailing else { return }
        do throws(SystemError) {
            try File.writeAtomically(path, [UInt8](repeating: 0, count: Self.size), mode: 0o600)
            try File.remove(path)
            health.mayWork()
        } catch {
            // Still no room: the failed commits were told.
        }
    }
}
