package import Crypto
internal import JSON
internal import System
package import Time

/// Where an entry stands in the chain.
package struct AuditReceipt: Sendable, Equatable {
    /// Its number, from 1.
    package let number: Int64
    /// Its hash, 64 digits.
    package let hash: String
}

/// An audit log that is written to. An entry is taken when it survives a power cut; entries that arrive while the disk works are
/// written together with one sync.
///
/// - Isolation: any thread may append. One thread of its own touches the disk; `done` closures run on it, so they only hand on.
package final class AuditLog: Sendable {
    /// How much.
    package struct Settings: Sendable {
        /// A file that is as long is followed by another one: 4 KiB to 256 MiB.
        package var maxFileBytes = 64 << 20
        /// Entries that may wait for the disk. One more is refused, and so must its call be.
        package var maxWaiting = 4096
        /// Bytes of recordings that may wait for the disk.
        package var maxWaitingRecordingBytes = 8 << 20

        /// 64 MiB, 4096 entries, 8 MiB.
        package init() {}
    }

    enum Work {
        case entry(JSONObject, @Sendable (Result<AuditReceipt, AuditError>) -> Void)
        case recorded(path: String, [UInt8], failed: @Sendable () -> Void)
        case recordingEnded(path: String, @Sendable (Result<(bytes: Int, sha256: String), AuditError>) -> Void)
    }

    private struct Queue {
        var work: [Work] = []
        var recordingBytes = 0
        var isClosing = false
        /// Nothing is taken any more.
        var isOver = false
    }

    /// What the writing thread shares with the log: the log itself may go first.
    private final class Shared: Sendable {
        let queue = Monitor(Queue())
    }

    private static let batchLimit = 512

    private let shared = Shared()
    private let settings: Settings
    let folder: String

    /// Opens the log of a folder, or begins one. What the last writer left unfinished is found and noted in the chain.
    ///
    /// Blocks on the disk: for the start of a service.
    ///
    /// - Parameters:
    ///   - folder: Its own; made with mode 0700 when missing.
    ///   - key: ES256 or RS256; signs checkpoints. Its public half is added to `keys.json`.
    ///   - facts: Written into the entry `started`: version, hash of the policy.
    /// - Throws: `.disk` (also when another process writes this log), `.crypto`, `.keys`.
    package init(
        folder: String, planeID: String, key: SigningKey, clock: any WallClock, settings: Settings = Settings(),
        facts: [String: String] = [:]
    ) throws(AuditError) {
        self.settings = settings
        self.folder = folder
        var writer = try ChainWriter.open(
            folder: folder, planeID: planeID, key: key, maxFileBytes: min(max(4096, settings.maxFileBytes), 256 << 20))
        _ = try writer.write(
            writer.findings + [AuditEntry.noted("started", facts).members], now: clock.now())
        try writer.writeHead(now: clock.now())
        let box = WriterBox(writer)
        do {
            let thread = try SystemThread.start("audit") { [shared] in Self.run(box, shared, clock) }
            thread.detach()
        } catch { throw .disk(error) }
    }

    deinit { shared.queue.change { $0.isClosing = true } }

    /// Writes an entry; `done` is told when it is on disk, or why it will never be.
    package func append(
        _ entry: AuditEntry, _ done: @escaping @Sendable (Result<AuditReceipt, AuditError>) -> Void
    ) {
        let members = entry.members
        let refusal: AuditError? = shared.queue.withLock { queue in
            if queue.isOver || queue.isClosing { return .closed }
            if queue.work.count >= settings.maxWaiting { return .overloaded(limit: settings.maxWaiting) }
            queue.work.append(.entry(members, done))
            return nil
        }
        if let refusal { done(.failure(refusal)) } else { shared.queue.wakeOne() }
    }

    /// Writes an entry and returns when it is on disk. A call whose `opened` throws must not be made.
    ///
    /// - Throws: `.closed`, `.overloaded`, `.disk`, `.crypto`.
    @discardableResult
    package func append(_ entry: AuditEntry) async throws(AuditError) -> AuditReceipt {
        let result = await withCheckedContinuation { continuation in
            append(entry) { continuation.resume(returning: $0) }
        }
        return try result.get()
    }

    /// Writes what waits, an entry `stopped` and a signed checkpoint; returns when that is done. Later entries are refused.
    package func close() {
        shared.queue.change { $0.isClosing = true }
        _ = shared.queue.wait { queue in queue.isOver ? true : nil }
    }

    // MARK: Recordings

    /// Hands bytes of a recording to the writing thread.
    ///
    /// - Returns: False when they cannot be kept: the session must end.
    func record(path: String, _ bytes: [UInt8], failed: @escaping @Sendable () -> Void) -> Bool {
        let isTaken = shared.queue.withLock { queue in
            guard !queue.isOver, !queue.isClosing,
                queue.recordingBytes + bytes.count <= settings.maxWaitingRecordingBytes
            else { return false }
            queue.recordingBytes += bytes.count
            queue.work.append(.recorded(path: path, bytes, failed: failed))
            return true
        }
        if isTaken { shared.queue.wakeOne() }
        return isTaken
    }

    func endRecording(
        path: String, _ done: @escaping @Sendable (Result<(bytes: Int, sha256: String), AuditError>) -> Void
    ) {
        let isTaken = shared.queue.withLock { queue in
            guard !queue.isOver else { return false }
            queue.work.append(.recordingEnded(path: path, done))
            return true
        }
        if isTaken { shared.queue.wakeOne() } else { done(.failure(.closed)) }
    }

    // MARK: The writing thread

    /// Carries the writer to its thread. Unchecked: `init` touches it before the thread starts, then only the thread does.
    private final class WriterBox: @unchecked Sendable {
        var writer: ChainWriter?

        init(_ writer: consuming ChainWriter) { self.writer = consume writer }
    }

    private static func run(_ box: WriterBox, _ shared: Shared, _ clock: any WallClock) {
        guard var writer = box.writer.take() else { return }
        var reason = AuditError.closed
        do throws(AuditError) {
            while try turn(&writer, shared, clock) {}
        } catch {
            // What is on disk is not known: nobody may act on the promise of an entry any more.
            reason = error
        }
        // Gives the lock back first: whoever waited for the end may open the log again at once.
        _ = consume writer
        end(shared, reason)
    }

    /// Writes what waits.
    ///
    /// - Returns: False when the log was closed and nothing is left.
    private static func turn(
        _ writer: inout ChainWriter, _ shared: Shared, _ clock: any WallClock
    ) throws(AuditError) -> Bool {
        let wait: Duration? = writer.isHeadStale ? .seconds(1) : nil
        let next: (work: [Work], isLast: Bool)? = shared.queue.wait(upTo: wait) { queue in
            guard queue.isClosing || !queue.work.isEmpty else { return nil }
            let taken = Array(queue.work.prefix(batchLimit))
            queue.work.removeFirst(taken.count)
            for case .recorded(_, let bytes, _) in taken { queue.recordingBytes -= bytes.count }
            return (taken, queue.isClosing && queue.work.isEmpty)
        }
        guard let next else {
            try writer.writeHead(now: clock.now())
            return true
        }
        try perform(next.work, &writer, clock)
        if writer.isHeadDue { try writer.writeHead(now: clock.now()) }
        if next.isLast { try writer.finish(now: clock.now()) }
        return !next.isLast
    }

    /// Refuses everything that waits, and from now on.
    private static func end(_ shared: Shared, _ error: AuditError) {
        let left = shared.queue.change { queue in
            queue.isOver = true
            defer { queue.work = [] }
            return queue.work
        }
        for work in left { refuse(work, error) }
    }

    private static func refuse(_ work: Work, _ error: AuditError) {
        switch work {
        case .entry(_, let done): done(.failure(error))
        case .recorded(_, _, let failed): failed()
        case .recordingEnded(_, let done): done(.failure(error))
        }
    }

    private static func perform(_ work: [Work], _ writer: inout ChainWriter, _ clock: any WallClock) throws(AuditError)
    {
        var entries: [JSONObject] = []
        for case .entry(let members, _) in work { entries.append(members) }
        let receipts: [AuditReceipt]
        do {
            receipts = entries.isEmpty ? [] : try writer.write(entries, now: clock.now())
        } catch {
            for item in work { refuse(item, error) }
            throw error
        }
        var index = 0
        for item in work {
            switch item {
            case .entry(_, let done):
                done(.success(receipts[index]))
                index += 1
            case .recorded(let path, let bytes, let failed):
                do {
                    var file = try AppendFile(path)
                    try file.append(bytes)
                } catch { failed() }
            case .recordingEnded(let path, let done): done(RecordingFile.seal(path))
            }
        }
    }
}
