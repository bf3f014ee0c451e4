package import Time

/// Counts failed logins per client id and says when there were too many. Pure: told the time, holds no clock.
///
/// Each client id has a bucket of `perMinute` failures that fills up evenly. While it is empty, failures are answered with a
/// time to wait. The right secret passes all the same: client ids are no secret, and whoever knows one must not be able to
/// lock its producer out; secrets are long enough that guessing is hopeless at any rate. Unknown client ids are counted like
/// known ones, so the limit does not tell which exist. The table is bounded: past the bound, the half that has been quiet for longest
/// is forgotten, so that remembering stays cheap whatever strangers send.
package struct LoginLimiter: Sendable {
    private struct Bucket {
        var failures: Double  // not yet forgiven
        var since: Timestamp
    }

    private static let tableLimit = 10_000
    private let perMinute: Double
    private var buckets: [String: Bucket] = [:]

    /// A limiter that forgives this many failures per minute.
    package init(perMinute: Int) { self.perMinute = Double(perMinute) }

    /// Whether a further failure of a client id is one too many.
    ///
    /// - Returns: Nil, or the seconds until it is not.
    package func secondsToWait(_ clientID: String, now: Timestamp) -> Int? {
        guard let bucket = buckets[clientID] else { return nil }
        let excess = failures(bucket, now) - (perMinute - 1)
        return excess <= 0 ? nil : max(1, Int((excess / perMinute * 60).rounded(.up)))
    }

    /// A login of this client id failed.
    package mutating func failed(_ clientID: String, now: Timestamp) {
        if buckets[clientID] == nil, buckets.count >= Self.tableLimit { forget() }
        let before = buckets[clientID].map { failures($0, now) } ?? 0
        buckets[clientID] = Bucket(failures: before + 1, since: now)
    }

    /// How many client ids are remembered.
    package var count: Int { buckets.count }

    private func failures(_ bucket: Bucket, _ now: Timestamp) -> Double {
        max(0, bucket.failures - max(0, (now - bucket.since).inSeconds) / 60 * perMinute)
    }

    private mutating func forget() {
        let quietest = buckets.sorted { $0.value.since < $1.value.since }.prefix(Self.tableLimit / 2)
        for (clientID, _) in quietest { buckets[clientID] = nil }
    }
}
