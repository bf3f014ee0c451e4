internal import Faults
internal import HTTP
internal import Net

/// When a call is repeated, and after which pause.
enum RetryRule {
    /// The longest pause that a server may ask for; with a longer one the caller hears of it.
    static let longestPause = Duration.seconds(30)

    /// Nil: not at all.
    ///
    /// - Parameters:
    ///   - attempt: How many there were.
    ///   - random: 0..<1, spreads clients that failed together.
    static func pause(
        after failure: KubernetesError, _ request: Request, attempt: Int, random: Double
    ) -> Duration? {
        switch failure {
        case .refused(let status):
            if status.code == 429 {
                return asked(status.retryAfter, attempt, random)  // put off before anything was done
            }
            // A server that starts or stops says when it can be asked again.
            guard status.code == 503, status.retryAfter != nil, isRepeatable(request) else { return nil }
            return asked(status.retryAfter, attempt, random)
        case .net(let error):
            guard error.retry == .afterBackoff, isRepeatable(request) else { return nil }
            return backoff(attempt, random)
        case .applyConflict, .unreadable, .tooLarge, .forwarding, .badRequest, .badAccess: return nil
        }
    }

    /// Doing it twice is the same as doing it once: reads, and server-side applies, which say what shall be.
    static func isRepeatable(_ request: Request) -> Bool {
        switch request.method {
        case .get, .head: true
        case .patch: request.headers["content-type"] == ApplyOptions.contentType
        case .put, .delete, .post, .options, .connect, .trace, .other: false
        }
    }

    private static func asked(_ wish: Duration?, _ attempt: Int, _ random: Double) -> Duration? {
        guard let wish else { return backoff(attempt, random) }
        guard wish <= longestPause else { return nil }
        return wish + .milliseconds(Int(random * 250))
    }

    private static func backoff(_ attempt: Int, _ random: Double) -> Duration {
        .milliseconds(100 << min(attempt, 6)) * (0.5 + random)
    }
}
