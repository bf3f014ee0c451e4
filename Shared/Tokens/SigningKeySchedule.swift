package import Time

/// When signing keys are made, used, published and thrown away. Pure: everything follows from the moments at which the keys
/// were made, so a restart changes nothing and there is no second record that could disagree.
///
///      made          used for signing                     successor made   successor used      last token of it is over
///       |── published, not used ──|──────────────────────────────|──────────────|─────── published ──────────|  removed
///       0                   publishAhead                      rotateAfter   + publishAhead        + keepAfterUse
package struct SigningKeySchedule: Sendable, Equatable {
    /// Age at which a key gets a successor.
    package let rotateAfter: Duration
    /// How long a new key is published before it signs: longer than verifiers keep a key set.
    package let publishAhead: Duration
    /// How long a key is published after its successor took over: longer than the life of a token.
    package let keepAfterUse: Duration

    /// A schedule. Two keys at most overlap when `rotateAfter` is longer than the two others together.
    package init(rotateAfter: Duration, publishAhead: Duration, keepAfterUse: Duration) {
        self.rotateAfter = rotateAfter
        self.publishAhead = publishAhead
        self.keepAfterUse = keepAfterUse
    }

    /// Whether a key has to be made now. `made` holds the moments at which the existing keys were made.
    package func needsKey(made: [Timestamp], now: Timestamp) -> Bool {
        guard let newest = made.max() else { return true }
        return newest + rotateAfter <= now
    }

    /// Which key signs now: the newest one that verifiers must know by now; the oldest when none is that old.
    package func signingIndex(made: [Timestamp], now: Timestamp) -> Int? {
        let ripe = made.indices.filter { made[$0] + publishAhead <= now }
        return ripe.max { made[$0] < made[$1] } ?? made.indices.min { made[$0] < made[$1] }
    }

    /// Which keys nobody needs any more: those whose successor has been in use for longer than tokens live.
    package func removable(made: [Timestamp], now: Timestamp) -> [Int] {
        made.indices.filter { index in
            let successor = made.filter { $0 > made[index] }.min()
            return successor.map { $0 + publishAhead + keepAfterUse <= now } ?? false
        }
    }
}
