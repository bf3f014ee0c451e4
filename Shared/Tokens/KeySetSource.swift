// Where verifiers get the issuer's keys:
//
//    issuer ──TLS──► fetch ──► KeySet ──► SharedKeySet ──► verifiers of all loops
//                                │
//                            copy on disk ──► used at start, so that the plane starts while its issuer is away
//
// The copy: {"version":1,"issuer":…,"fetchedAt":…(RFC 3339),"keys":[…]}, mode 0600, replaced atomically. A copy of another
// issuer, of a newer version, or one that cannot be read is left alone and not used.

package import EventLoop
import JSON
import Synchronization
import System
package import Time

/// Why the keys could not be fetched. The text is for a log: an address and a reason.
package struct KeySetFetchFailure: Error, Sendable, Equatable {
    /// What went wrong.
    package let reason: String

    /// Names a reason.
    package init(_ reason: String) { self.reason = reason }
}

/// What a source tells about itself, for log lines and metrics.
package enum KeySetEvent: Sendable, Equatable {
    /// The keys came from the copy on disk; this is when they were fetched.
    case copyUsed(fetchedAt: Timestamp)
    /// There is a copy and it cannot be used.
    case copyRefused(reason: String)
    /// Fetched; `changed` says whether the keys differ from those before.
    case fetched(keyCount: Int, changed: Bool)
    /// Not fetched; tried again after this time.
    case fetchFailed(reason: String, retryIn: Duration)
    /// Fetched, but the copy could not be written: a start without the issuer would use older keys.
    case copyNotWritten(reason: String)
}

/// Keeps the keys of one issuer fresh.
///
/// - Isolation: everything happens on the loop given; `keys` may be read from anywhere.
package final class KeySetSource: @unchecked Sendable {
    // Unchecked: all variables are touched on `loop` only.

    /// Gets the JWKS document and calls back once, from any thread. Has a deadline of its own.
    package typealias Fetch =
        @Sendable (
            _ done: @escaping @Sendable (Result<[UInt8], KeySetFetchFailure>) -> Void
        ) -> Void

    /// The keys, for verifiers.
    package let keys = SharedKeySet()

    private let issuer: String
    private let copyPath: String
    private let loop: EventLoop
    private let clock: any WallClock
    private let fetch: Fetch
    private let tell: @Sendable (KeySetEvent) -> Void
    private let noted = Atomic<Bool>(false)
    private var refresh: KeySetRefresh
    private var timer: TimerID?
    private var stopped = false

    /// A source that has not begun.
    ///
    /// - Parameters:
    ///   - issuer: Whose keys; written into the copy.
    ///   - copy: Path of the copy on disk; its folder has to exist.
    ///   - loop: Where timers and callbacks run. It writes small files, so it should not be a loop that serves events.
    ///   - fetch: See `Fetch`.
    ///   - tell: Called on `loop`.
    package init(
        issuer: String, copy: String, loop: EventLoop, clock: any WallClock,
        limits: KeySetRefresh.Limits = KeySetRefresh.Limits(), fetch: @escaping Fetch,
        tell: @escaping @Sendable (KeySetEvent) -> Void
    ) {
        self.issuer = issuer
        copyPath = copy
        self.loop = loop
        self.clock = clock
        self.fetch = fetch
        self.tell = tell
        refresh = KeySetRefresh(limits)
    }

    /// Reads the copy (blocking, a few kB) and begins to fetch. Call it once.
    package func start() {
        readCopy()
        keys.onUnknownKey { [weak self] in self?.unknownKeySeen() }
        loop.post { [self] in plan() }
    }

    /// Fetches no more.
    package func stop() {
        loop.post { [self] in
            stopped = true
            if let timer { loop.cancel(timer) }
        }
    }

    /// From any thread, as often as strangers like: at most one piece of work is waiting.
    private func unknownKeySeen() {
        guard !noted.exchange(true, ordering: .acquiringAndReleasing) else { return }
        loop.post { [self] in
            noted.store(false, ordering: .releasing)
            refresh.unknownKey()
            plan()
        }
    }

    private var now: Duration { .nanoseconds(MonotonicTime.now().nanoseconds) }

    private func plan() {
        if let timer { loop.cancel(timer) }
        timer = nil
        guard !stopped, let due = refresh.due else { return }
        let wait = due - now
        if wait <= .zero { return begin() }
        timer = loop.schedule(after: wait) { [weak self] in self?.plan() }
    }

    private func begin() {
        refresh.started(at: now)
        fetch { [self] result in
            loop.post { [self] in ended(result) }
        }
    }

    private func ended(_ result: Result<[UInt8], KeySetFetchFailure>) {
        switch result {
        case .success(let document):
            do {
                let set = try KeySet(jwks: document)
                refresh.succeeded(at: now)
                let changed = keys.replace(set)
                tell(.fetched(keyCount: set.keys.count, changed: changed))
                if changed { writeCopy(set) }
            } catch {
                failed("the document is no key set that we can use")
            }
        case .failure(let failure): failed(failure.reason)
        }
        plan()
    }

    private func failed(_ reason: String) {
        let wait = refresh.failed(at: now, random: Double.random(in: 0...1))
        tell(.fetchFailed(reason: reason, retryIn: wait))
    }

    private func writeCopy(_ set: KeySet) {
        let copy: JSONValue = [
            "version": 1, "issuer": .string(issuer), "fetchedAt": .string(clock.now().text),
            "keys": set.document()["keys"] ?? [],
        ]
        do {
            try File.writeAtomically(copyPath, copy.bytes(), mode: 0o600)
        } catch {
            tell(.copyNotWritten(reason: error.description))
        }
    }

    private func readCopy() {
        do {
            guard try File.status(copyPath) != nil else { return }
            let bytes = try File.read(copyPath, limit: KeySet.byteLimit * 2)
            let copy = try JSONValue.parse(bytes, depthLimit: 16)
            guard copy["version"]?.int64 == 1 else { return refused("it has another version") }
            guard copy["issuer"]?.string == issuer else { return refused("it is of another issuer") }
            let fetchedAt = try Timestamp(text: copy["fetchedAt"]?.string ?? "")
            keys.replace(try KeySet(jwks: bytes))
            let tell = self.tell
            loop.post { tell(.copyUsed(fetchedAt: fetchedAt)) }
        } catch {
            refused("it cannot be read")
        }
    }

    private func refused(_ reason: String) {
        let tell = self.tell
        loop.post { tell(.copyRefused(reason: reason)) }
    }
}
