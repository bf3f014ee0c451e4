/// Whose fault it is decides the status, the log level and who is woken up.
package enum Blame: Sendable, Equatable {
    /// The peer sent something that it must change before it tries again.
    case caller
    /// Something that we depend on (a store, an issuer, the network) did not do its part.
    case upstream
    /// We are wrong: a bug, a bad installation, a broken disk.
    case us
}

/// Whether the same call may succeed later.
package enum Retry: Sendable, Equatable {
    /// The answer will stay the same.
    case never
    /// It may pass; wait first, with a cap and jitter.
    case afterBackoff
}

/// An error of this house. Each module has one enum that conforms to it, named `…Error`.
///
/// Its description never holds a payload, a key, a token or a secret: whoever handles it may log it.
package protocol Fault: Error {
    /// Who has to change something.
    var blame: Blame { get }
    /// Whether trying again makes sense.
    var retry: Retry { get }
}
