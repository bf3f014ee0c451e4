package import System
package import Time

/// Slows down whoever guesses passwords. Pure: told the time, holds no clock.
///
/// A try is counted before its password is looked at, so that many at once do not slip through, and taken back when it was
/// right. It is counted three times:
///
///     account and network together   5 tries are free
///     account                       20 tries are free: many machines that guess one password
///     network                       50 tries are free: one machine that guesses at many accounts
///
/// After those each failure doubles the wait, from a second up to `longestWait` (for networks half a minute), and a day without failures forgets them. No wait
/// is for ever, and the owner does not share it with a stranger: a browser in which the account's owner has logged in before
/// (`device`) is counted on its own.
package struct LoginGuard: Sendable {
    /// Longest wait that failures lead to.
    package static let longestWait = Duration.minutes(15)

    /// Who tries to log in.
    package struct Attempt: Sendable {
        /// The account that was named, whether it exists or not; in one spelling.
        package let account: String
        /// Where it comes from.
        package let network: PeerNetwork
        /// A browser in which this account has logged in before; nil for any other.
        package let device: String?

        /// A try to log in.
        package init(account: String, network: PeerNetwork, device: String? = nil) {
            self.account = account
            self.network = network
            self.device = device
        }
    }

    private struct Place: Hashable {
        let account: String
        let network: PeerNetwork
    }

    private var places = Backoff<Place>(free: 5, longestWait: longestWait)
    private var accounts = Backoff<String>(free: 20, longestWait: longestWait)
    // Short: behind a proxy, or on one machine, everybody is one network.
    private var networks = Backoff<PeerNetwork>(free: 50, longestWait: .seconds(30))
    private var devices = Backoff<String>(free: 10, longestWait: longestWait)

    /// Nothing has happened.
    package init() {}

    /// Lets a try through and counts it as a failure, or says how long it has to wait.
    ///
    /// - Returns: Nil, or the seconds until it may be made.
    package mutating func begin(_ attempt: Attempt, now: Timestamp) -> Int? {
        if let device = attempt.device {
            if let wait = devices.secondsToWait(device, now: now) { return wait }
            devices.failed(device, now: now)
            return nil
        }
        let place = Place(account: attempt.account, network: attempt.network)
        let waits = [
            places.secondsToWait(place, now: now), accounts.secondsToWait(attempt.account, now: now),
            networks.secondsToWait(attempt.network, now: now),
        ]
        if let longest = waits.compactMap(\.self).max() { return longest }
        places.failed(place, now: now)
        accounts.failed(attempt.account, now: now)
        networks.failed(attempt.network, now: now)
        return nil
    }

    /// The try that was let through was right.
    package mutating func succeeded(_ attempt: Attempt) {
        if let device = attempt.device {
            devices.forget(device)
            return
        }
        places.forget(Place(account: attempt.account, network: attempt.network))
        // Not forgotten: whoever has an account of their own could guess at others for ever.
        accounts.takeBack(attempt.account)
        networks.takeBack(attempt.network)
    }

    /// The try that was let through was never decided: the service was too busy.
    package mutating func undecided(_ attempt: Attempt) {
        if let device = attempt.device { devices.takeBack(device) }
        places.takeBack(Place(account: attempt.account, network: attempt.network))
        accounts.takeBack(attempt.account)
        networks.takeBack(attempt.network)
    }
}

/// Failures, and waits that double. Bounded: past the bound, the half that has been quiet for longest is forgotten.
struct Backoff<Key: Hashable & Sendable>: Sendable {
    private struct Entry {
        var failures: Int
        var last: Timestamp
    }

    private static var tableLimit: Int { 10_000 }
    private static var memory: Duration { .hours(24) }

    private let free: Int
    private let longestWait: Duration
    private var entries: [Key: Entry] = [:]

    init(free: Int, longestWait: Duration) {
        self.free = free
        self.longestWait = longestWait
    }

    /// Nil, or the seconds until another try may be made.
    func secondsToWait(_ key: Key, now: Timestamp) -> Int? {
        guard let entry = entries[key], entry.failures >= free else { return nil }
        let end = entry.last + wait(after: entry.failures)
        // A clock that jumped back does not make anybody wait longer.
        let rest = min(end - now, wait(after: entry.failures))
        return rest <= .zero ? nil : max(1, Int(rest.inSeconds.rounded(.up)))
    }

    mutating func failed(_ key: Key, now: Timestamp) {
        if entries[key] == nil, entries.count >= Self.tableLimit { makeRoom() }
        let before = entries[key].map { now - $0.last < Self.memory ? $0.failures : 0 } ?? 0
        entries[key] = Entry(failures: before + 1, last: now)
    }

    mutating func takeBack(_ key: Key) {
        guard let entry = entries[key] else { return }
        if entry.failures <= 1 { entries[key] = nil } else { entries[key]?.failures -= 1 }
    }

    mutating func forget(_ key: Key) { entries[key] = nil }

    private func wait(after failures: Int) -> Duration {
        min(longestWait, .seconds(1 << min(failures - free, 30)))
    }

    private mutating func makeRoom() {
        for (key, _) in entries.sorted(by: { $0.value.last < $1.value.last }).prefix(Self.tableLimit / 2) {
            entries[key] = nil
        }
    }
}
