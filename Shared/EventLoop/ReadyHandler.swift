/// What a registered descriptor should be watched for.
package struct Interest: OptionSet, Sendable {
    /// The bits.
    package let rawValue: UInt8

    /// Any combination of the named interests.
    @inlinable
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Something can be read, or the peer has closed its side.
    package static let read = Interest(rawValue: 1)
    /// Something can be written.
    package static let write = Interest(rawValue: 2)
}

/// What the kernel says about a registered descriptor.
package struct ReadyEvents: OptionSet, Sendable {
    /// The bits.
    package let rawValue: UInt8

    /// Any combination of the named events.
    @inlinable
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// A read will not wait. Also set with `failed`, so that a handler that only reads learns of it.
    package static let readable = ReadyEvents(rawValue: 1)
    /// A write will not wait. Also set with `failed`.
    package static let writable = ReadyEvents(rawValue: 2)
    /// The peer has closed its side, or both; there may still be bytes to read.
    package static let hungUp = ReadyEvents(rawValue: 4)
    /// The descriptor has failed; the next read or write tells how.
    package static let failed = ReadyEvents(rawValue: 8)
}

/// Told when a descriptor is ready. Called on the loop, level-triggered: again and again until the cause is gone.
///
/// It may register, modify and unregister anything, itself included, and must not block. The loop holds it strongly
/// while it is registered.
package protocol ReadyHandler: AnyObject {
    /// The descriptor is ready.
    func ready(_ events: ReadyEvents)
}

/// Told at the end of each round of the loop, after ready events, posted work and timers, before the loop waits again.
/// What a round has collected is handed over here, in one piece.
package protocol TickHook: AnyObject {
    /// The round is over. May post more work; then another round follows without waiting.
    func tickEnded()
}

/// When a tick hook runs, compared with the others of its loop.
package enum TickPhase: Sendable {
    /// Before every `.output` hook: turns what was collected into answers or batches.
    case work
    /// After all `.work` hooks: sends what they answered.
    case output
}

/// Names a timer, so that it can be cancelled. An id whose timer has fired or was cancelled stays harmless for ever.
package struct TimerID: Sendable, Hashable {
    let slot: UInt32
    let generation: UInt32
}
