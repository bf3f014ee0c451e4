package import Crypto
package import EventLoop
import Faults
package import Privacy
import SQLite
import Synchronization
import System
package import Time
import Wire

/// The embedded key vault: one SQLite file, keys wrapped under the key-encryption key.
///
/// Requests are answered by one thread of its own, which takes whatever arrived while the last commit ran and does it in
/// one transaction (natural group commit). Several vaults, in several processes, may stand on one file: SQLite's write
/// lock decides who makes a key, the others find it.
package final class SQLiteKeyVault: KeyVault {
    /// What an operator decides.
    package struct Options: Sendable {
        /// How long the event log keeps records: no key goes before the last event that it sealed.
        package var logRetention: Duration = .days(7)
        /// How many requests may wait for the disk.
        package var queueLimit = 65_536
        /// How long another process may hold the write lock.
        package var busyTimeout: Duration = .seconds(5)

        /// Defaults.
        package init() {}
    }

    private struct Waiting {
        var requests: [KeyRequest]
        var now: Timestamp
        var answer: LoopAnswer
    }

    private struct Queue {
        var waiting: [Waiting] = []
        var requestCount = 0
        var scheduled = false
        var closed = false
    }

    /// The connection; used by the vault's thread alone.
    private final class Engine: @unchecked Sendable {
        // Unchecked: made in init and then touched only by work on `thread`, one piece after the other.
        private let path: String
        private let kek: SecretBytes
        private let hash: PersonHash
        private let options: Options
        private var opened: KeyStore?
        /// Why nothing is written any more: a sync failed, so what the disk holds is unknown until the process starts anew.
        var poison: KeyVaultError?
        /// Keys made since the last checkpoint.
        var uncheckpointed = 0

        init(path: String, kek: consuming SecretBytes, hash: PersonHash, options: Options) {
            self.path = path
            self.kek = kek
            self.hash = hash
            self.options = options
        }

        /// The file, opened when that was not possible before.
        func open() throws(KeyVaultError) {
            guard opened == nil else { return }
            let store = try KeyStore(path: path, kek: kek.duplicate(), hash: hash, busyTimeout: options.busyTimeout)
            do throws(SQLiteError) {
                try store.keepKeys(forLogRetention: options.logRetention)
            } catch {
                throw .store(error)
            }
            opened = store
        }

        /// - Precondition: `open` has succeeded.
        var store: KeyStore {
            guard let opened else { preconditionFailure("the vault's file is open") }
            return opened
        }
    }

    /// Why the file could not be opened at start, when that may pass: the disk is full, or fails. It is tried again with each
    /// request; until then, all of them fail.
    package let failureAtStart: KeyVaultError?

    private let queue = Mutex(Queue())
    private let engine: Engine
    private let thread: BlockingThread
    private let hash: PersonHash
    private let options: Options

    private static let purgeLimit = 1000
    private static let keysPerCheckpoint = 256

    /// Opens the file, or makes it.
    ///
    /// - Parameters:
    ///   - path: The file; its folder is made when it is missing.
    ///   - kek: The key-encryption key, 32 bytes; taken over.
    ///   - hash: The plane's hashes of people.
    /// - Throws: `.wrongKeyEncryptionKey` or `.wrongHashKey` when the file was made under others; `.store` when it can never be
    ///   opened. What may pass is `failureAtStart`.
    package init(
        path: String, kek: consuming SecretBytes, hash: PersonHash, options: Options = Options()
    ) throws(KeyVaultError) {
        do throws(SystemError) {
            let folder = File.parent(of: path)
            try Directory.create(folder, mode: 0o700)
            try Directory.sync(File.parent(of: folder))  // the folder's own name must survive a power cut too
        } catch {
            throw .file(error)
        }
        engine = Engine(path: path, kek: kek, hash: hash, options: options)
        self.hash = hash
        self.options = options
        var failure: KeyVaultError?
        do throws(KeyVaultError) {
            try engine.open()
        } catch {
            guard case .store(let cause) = error, cause.retry == .afterBackoff else { throw error }
            failure = error
        }
        failureAtStart = failure
        do throws(SystemError) { thread = try BlockingThread(name: "key-vault") } catch { throw .file(error) }
    }

    /// Gets or creates keys; see `KeyVault.resolve`.
    package func resolve(
        _ requests: [KeyRequest], now: Timestamp, on loop: EventLoop, _ done: @escaping ([KeyOutcome]) -> Void
    ) {
        let answer = LoopAnswer(loop: loop, done: done)
        let refusal = queue.withLock { queue -> KeyVaultError? in
            if queue.closed { return .closed }
            guard queue.requestCount + requests.count <= options.queueLimit else { return .overloaded }
            queue.waiting.append(Waiting(requests: requests, now: now, answer: answer))
            queue.requestCount += requests.count
            if !queue.scheduled {
                queue.scheduled = true
                thread.run { [self] in serve() }
            }
            return nil
        }
        if let refusal { answer.give(requests.map { _ in .failed(refusal) }) }
    }

    /// Removes keys whose time is over; blocks until the vault's thread has done it.
    @discardableResult
    package func purge(now: Timestamp) throws(KeyVaultError) -> Int {
        // A piece at a time, so that requests for keys have their turn in between.
        var total = 0
        while true {
            let removed = try purgeSome(now)
            total += removed
            if removed < Self.purgeLimit { return total }
        }
    }

    private func purgeSome(_ now: Timestamp) throws(KeyVaultError) -> Int {
        let result = Monitor<Result<Int, KeyVaultError>?>(nil)
        let accepted = thread.run { [self] in
            let outcome: Result<Int, KeyVaultError>
            if let poison = engine.poison {
                result.change { $0 = .failure(poison) }
                return
            }
            do throws(KeyVaultError) {
                try engine.open()
                outcome = .success(
                    try sqlite { () throws(SQLiteError) in
                        try engine.store.purge(now: now, limit: Self.purgeLimit)
                    })
            } catch {
                outcome = .failure(error)
                if case .store(.syncFailed) = error { engine.poison = error }
            }
            result.change { $0 = outcome }
        }
        guard accepted, let outcome = result.wait({ $0 }) else { throw .closed }
        return try outcome.get()
    }

    /// Finishes what is queued and stops the vault's thread.
    package func close() {
        queue.withLock { $0.closed = true }
        thread.stop()
    }

    // MARK: On the vault's thread

    private func serve() {
        let batch = queue.withLock { queue -> [Waiting] in
            let batch = queue.waiting
            queue.waiting = []
            queue.requestCount = 0
            queue.scheduled = false
            return batch
        }
        var outcomes: [[KeyOutcome]] = []
        do throws(KeyVaultError) {
            outcomes = try resolve(batch)
        } catch {
            outcomes = batch.map { waiting in waiting.requests.map { _ in .failed(error) } }
        }
        for (waiting, outcomes) in zip(batch, outcomes) { waiting.answer.give(outcomes) }
        checkpointIfDue()
    }

    /// After the answers are out. A failure here fails nobody's request, and the next round tries again; but a sync that failed
    /// is the end of writing.
    private func checkpointIfDue() {
        guard engine.uncheckpointed >= Self.keysPerCheckpoint, engine.poison == nil else { return }
        engine.uncheckpointed = 0
        do throws(SQLiteError) {
            try engine.store.database.checkpoint(.passive)
        } catch {
            if case .syncFailed = error { engine.poison = .store(error) }
        }
    }

    /// A request with its hashes.
    private struct Wanted {
        var request: KeyRequest
        var now: Timestamp
        var person: [UInt8]
        var subject: [UInt8]?
        var found: KeyLink?
    }

    private func resolve(_ batch: [Waiting]) throws(KeyVaultError) -> [[KeyOutcome]] {
        try engine.open()
        var wanted: [Wanted] = []
        for waiting in batch {
            for request in waiting.requests {
                wanted.append(try hashed(request, waiting.now))
            }
        }
        // Most requests after a restart are for keys that exist: these need no write lock.
        var complete = true
        for index in wanted.indices {
            wanted[index].found = try sqlite { () throws(SQLiteError) in try lookUp(wanted[index]) }
            if wanted[index].found == nil { complete = false }
        }
        var made: [KeyLink: StoredKey] = [:]
        if !complete { made = try create(&wanted) }
        var known: [KeyLink: KeyOutcome] = made.mapValues { .key($0, isNew: true) }
        var outcomes: [[KeyOutcome]] = []
        var next = wanted.makeIterator()
        for waiting in batch {
            var answers: [KeyOutcome] = []
            for _ in waiting.requests {
                guard let link = next.next()?.found else { preconditionFailure("every request was looked up or made") }
                answers.append(outcome(for: link, &known))
            }
            outcomes.append(answers)
        }
        return outcomes
    }

    private func outcome(for link: KeyLink, _ known: inout [KeyLink: KeyOutcome]) -> KeyOutcome {
        if let outcome = known[link] {
            if case .key(let key, isNew: true) = outcome { known[link] = .key(key, isNew: false) }
            return outcome
        }
        var outcome: KeyOutcome
        do throws(KeyVaultError) {
            let key = try engine.store.key(for: link)
            outcome = key.map { .key($0, isNew: false) } ?? .failed(.damagedKey(link))
        } catch {
            outcome = .failed(error)
        }
        known[link] = outcome
        return outcome
    }

    private func hashed(_ request: KeyRequest, _ now: Timestamp) throws(KeyVaultError) -> Wanted {
        try personHash { () throws(PrivacyError) in
            Wanted(
                request: request, now: now,
                person: try hash.hash(request.keyField.bytes, as: .keyField, in: request.stream),
                subject: try request.subject.map { subject throws(PrivacyError) in
                    try hash.hash(subject.bytes, as: .dataSubject, in: request.stream)
                })
        }
    }

    /// The link of an open window whose pair with the subject is stored; nil when something has to be written.
    private func lookUp(_ wanted: Wanted) throws(SQLiteError) -> KeyLink? {
        let stream = wanted.request.stream
        guard let newest = try engine.store.newest(stream, wanted.person), newest.window.isOpen(at: wanted.now) else {
            return nil
        }
        if let subject = wanted.subject, try !engine.store.hasSubject(stream, subject, newest.link) { return nil }
        return newest.link
    }

    /// Makes what is missing in one transaction, which holds the write lock from its first line: whoever comes second,
    /// on another loop, in another vault or process, finds the key of whoever came first.
    private func create(_ wanted: inout [Wanted]) throws(KeyVaultError) -> [KeyLink: StoredKey] {
        if let poison = engine.poison { throw poison }
        let keys = engine.store
        var made: [KeyLink: StoredKey] = [:]
        try sqlite { () throws(SQLiteError) in try keys.database.begin() }
        do throws(KeyVaultError) {
            for index in wanted.indices where wanted[index].found == nil {
                let one = wanted[index]
                let stream = one.request.stream
                let newest = try sqlite { () throws(SQLiteError) in try keys.newest(stream, one.person) }
                let link: KeyLink
                if let newest, newest.window.isOpen(at: one.now) {
                    link = newest.link
                } else {
                    let key = try fresh(one)
                    let wrapped = try keys.wrapped(key.key, key.link)
                    try sqlite { () throws(SQLiteError) in
                        try keys.insert(stream, one.person, key, wrapped, keepUntil: keepUntil(key))
                    }
                    made[key.link] = key
                    link = key.link
                }
                if let subject = one.subject {
                    try sqlite { () throws(SQLiteError) in try keys.insertSubject(stream, subject, link) }
                }
                wanted[index].found = link
            }
            try sqlite { () throws(SQLiteError) in try keys.database.commit() }
        } catch {
            keys.database.rollBack()
            if case .store(.syncFailed) = error { engine.poison = error }
            throw error
        }
        engine.uncheckpointed += made.count
        return made
    }

    private func fresh(_ wanted: Wanted) throws(KeyVaultError) -> StoredKey {
        do throws(PrivacyError) {
            var generator = SystemRandomNumberGenerator()
            let policy = wanted.request.policy
            return StoredKey(
                key: try DataKey.random(), link: .random(using: &generator), window: KeyWindow(start: wanted.now),
                policyID: policy.id, expires: wanted.now + policy.retention)
        } catch {
            throw .privacy(error)
        }
    }

    private func keepUntil(_ key: StoredKey) -> Timestamp {
        max(key.expires, key.window.end + options.logRetention + KeyStore.margin)
    }
}

/// A caller's completion and the loop where it may run.
private struct LoopAnswer: @unchecked Sendable {
    // Unchecked: `done` is made on `loop`'s side and called only there.
    let loop: EventLoop
    let done: ([KeyOutcome]) -> Void

    func give(_ outcomes: [KeyOutcome]) { loop.post { done(outcomes) } }
}
