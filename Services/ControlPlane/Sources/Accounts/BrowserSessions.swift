package import Crypto
import Synchronization
package import Time

/// Browsers that are logged in to the account page.
///
/// In memory only, by the digest of the cookie: a restart logs everybody out of a page that is rarely used. Programs do not use
/// these; they have tokens. Bounded: the oldest are forgotten.
package final class BrowserSessions: Sendable {
    private struct Entry {
        let userID: String
        let began: Timestamp
        var used: Timestamp
    }

    private static let idle = Duration.minutes(15)
    private static let lifetime = Duration.hours(8)
    private static let tableLimit = 10_000
    private let entries = Mutex<[[UInt8]: Entry]>([:])

    /// Nobody is logged in.
    package init() {}

    /// Somebody has logged in.
    ///
    /// - Returns: The value of the cookie.
    /// - Throws: `CryptoError` when there is no randomness.
    package func begin(_ userID: String, now: Timestamp) throws(CryptoError) -> String {
        let cookie = try FormTokens.newCookie()
        let digest = try SHA256.hash(Array(cookie.utf8))
        entries.withLock { entries in
            if entries.count >= Self.tableLimit { Self.makeRoom(&entries) }
            entries[digest] = Entry(userID: userID, began: now, used: now)
        }
        return cookie
    }

    /// Who is logged in with this cookie; nil when nobody is, or was for too long.
    ///
    /// - Throws: `CryptoError` when OpenSSL fails.
    package func user(_ cookie: String?, now: Timestamp) throws(CryptoError) -> String? {
        guard let cookie else { return nil }
        let digest = try SHA256.hash(Array(cookie.utf8))
        return entries.withLock { entries in
            guard let entry = entries[digest] else { return nil }
            guard now - entry.used < Self.idle, now - entry.began < Self.lifetime else {
                entries[digest] = nil
                return nil
            }
            entries[digest]?.used = now
            return entry.userID
        }
    }

    /// Nobody is logged in with this cookie any more.
    ///
    /// - Throws: `CryptoError` when OpenSSL fails.
    package func end(_ cookie: String) throws(CryptoError) {
        let digest = try SHA256.hash(Array(cookie.utf8))
        entries.withLock { $0[digest] = nil }
    }

    /// This person is logged in nowhere any more.
    package func endAll(of userID: String) {
        entries.withLock { entries in entries = entries.filter { $0.value.userID != userID } }
    }

    private static func makeRoom(_ entries: inout [[UInt8]: Entry]) {
        for (digest, _) in entries.sorted(by: { $0.value.used < $1.value.used }).prefix(tableLimit / 2) {
            entries[digest] = nil
        }
    }
}
