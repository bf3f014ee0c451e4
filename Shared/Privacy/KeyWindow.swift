package import Time

/// The time during which one key seals the events of one key-field value: 24 hours from its creation, not extended by
/// use. The first event after the end makes a new key and a new key link.
package struct KeyWindow: Sendable, Equatable {
    /// Length of every window.
    package static let length: Duration = .hours(24)

    /// When the key was made.
    package let start: Timestamp

    /// The window of a key made at `start`.
    package init(start: Timestamp) { self.start = start }

    /// The first moment that no longer belongs to the window.
    package var end: Timestamp { start + Self.length }

    /// Whether the key may still seal at `moment`. A clock that was set back keeps the key in use.
    package func isOpen(at moment: Timestamp) -> Bool { moment < end }
}
