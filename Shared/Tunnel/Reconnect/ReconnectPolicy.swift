package import HTTP
package import System

/// How long an agent waits before it dials again: full jitter, so that a thousand agents do not come back in step.
package struct ReconnectPolicy: Sendable {
    /// Why there is no connection.
    package enum Cause: Sendable, Equatable {
        /// Nobody answered, TLS failed, or a connection was cut.
        case unreachable
        /// The upgrade was answered with another status than 101.
        case refused(Status, retryAfter: Duration?)
        /// The server said goodbye.
        case goodbye(TunnelGoodbyeCode)
        /// The server leaves; a connection beside it is wanted.
        case drained(TunnelDrain)
    }

    /// What to do.
    package enum Step: Sendable, Equatable {
        /// Dial again after that time.
        case wait(Duration)
        /// As `wait`, and tell the owner that the plane is not authorised.
        case waitUnauthorized(Duration)
        /// Do not dial until the owner has acted.
        case stop(TunnelGoodbyeCode)
    }

    private static let base = 1.0  // seconds
    private static let factor = 1.6
    private static let longest = 60.0
    private static let stable = Duration.seconds(60)
    private static let longestHint = 3600.0

    private var failures = 0
    private var connectedAt: MonotonicTime?

    /// Without failures.
    package init() {}

    /// WELCOME has come.
    package mutating func connected(at now: MonotonicTime) { connectedAt = now }

    /// There is no connection any more, or there was none.
    package mutating func next(
        after cause: Cause, at now: MonotonicTime, using random: inout some RandomNumberGenerator
    ) -> Step {
        if let since = connectedAt, now >= since + Self.stable { failures = 0 }
        connectedAt = nil
        let ceiling = min(Self.longest, Self.base * power(Self.factor, failures))
        failures += 1
        func jitter(_ range: ClosedRange<Double>) -> Duration {
            .milliseconds(Int64(Double.random(in: range, using: &random) * 1000))
        }
        switch cause {
        case .unreachable: return .wait(jitter(0...ceiling))
        case .drained(let drain):
            failures = 0
            let hint = Double(drain.reconnectAfterMilliseconds) / 1000
            return .wait(jitter((hint * 0.5)...(hint * 1.5)))
        case .refused(let status, let retryAfter):
            switch status.code {
            case 401, 403: return .waitUnauthorized(jitter(Self.longest...(Self.longest * 1.5)))
            case 409: return .stop(.conflict)
            default:
                guard let hint = retryAfter.map({ max(0, min(Self.longestHint, Double($0.components.seconds))) }) else {
                    return .wait(jitter(0...ceiling))
                }
                return .wait(jitter(hint...(hint + max(1, hint * 0.5))))
            }
        case .goodbye(let code):
            switch code {
            case .revoked, .conflict: return .stop(code)
            case .upgradeRequired: return .wait(jitter((Self.longest * 5)...(Self.longest * 10)))
            case .authExpired: return .waitUnauthorized(jitter(0...ceiling))
            case .protocolError, .flow, .flood: return .wait(jitter((ceiling / 2)...(ceiling + 1)))
            case .normal, .shutdown, .duplicate: return .wait(jitter(0...ceiling))
            }
        }
    }

    private func power(_ base: Double, _ exponent: Int) -> Double {
        var result = 1.0
        for _ in 0..<min(exponent, 16) { result *= base }
        return result
    }
}
