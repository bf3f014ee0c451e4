package import Synchronization

/// The issuer's keys as all loops see them. Somebody (a `KeySetSource`, a test) replaces the set; verifiers read it.
package final class SharedKeySet: Sendable {
    private struct State {
        var set: KeySet?
        var unknownKeySeen: (@Sendable () -> Void)?
    }

    private let state: Mutex<State>
    @usableFromInline let currentVersion = Atomic<UInt64>(0)

    /// Starts with these keys, or with none.
    package init(_ set: KeySet? = nil) { state = Mutex(State(set: set)) }

    /// Grows whenever the keys change. One atomic load, so it can be asked for every event.
    @inlinable package var version: UInt64 { currentVersion.load(ordering: .acquiring) }

    /// The keys and the version that they have.
    package func snapshot() -> (set: KeySet?, version: UInt64) { state.withLock { ($0.set, version) } }

    /// Puts other keys in place. Equal ones change nothing, so that a routine refresh does not empty the caches.
    ///
    /// - Returns: Whether they differ from the ones before.
    @discardableResult
    package func replace(_ set: KeySet) -> Bool {
        state.withLock { state in
            guard state.set != set else { return false }
            state.set = set
            currentVersion.wrappingAdd(1, ordering: .releasing)
            return true
        }
    }

    /// Called when a token names a key that is not here. Any thread; quick, because anybody can cause it.
    package func keyWasUnknown() { state.withLock { $0.unknownKeySeen }?() }

    /// Who is told about unknown keys. It is called on the thread that met the token and must only leave a note.
    package func onUnknownKey(_ note: @escaping @Sendable () -> Void) { state.withLock { $0.unknownKeySeen = note } }
}
