internal import Bytes
internal import Crypto
internal import JSON
internal import System
internal import Time
internal import Tokens

/// Writes the chain of one folder:
///
/// ```
/// audit-000000000001.jsonl     lines; the name is the number of the first one
/// audit-000000048211.jsonl     the next file: another day, or the one before was full
/// head.json                    signed: how far the chain reached, at most a second ago
/// keys.json                    the public keys (JWKS, RFC 7517) of all signatures in the folder
/// recordings/ID.cast           what was kept of an exec
/// lock                         held by whoever writes
/// ```
///
/// - Isolation: belongs to the log's writing thread.
struct ChainWriter: ~Copyable {
    let folder: String
    private let planeID: String
    private let key: SigningKey
    private let keyID: String
    private let maxFileBytes: Int
    private let lock: FileLock
    private var file: AppendFile?
    private var number: Int64 = 0
    private var hash = ChainLink.firstHash
    /// Day of the last line, `2026-03-01`; empty before the first.
    private var day = ""
    /// The head on disk is older than the chain.
    private(set) var isHeadStale = false
    private var headWritten = MonotonicTime.now()
    /// What opening found: written as the first entries.
    private(set) var findings: [JSONObject] = []

    /// Opens the chain of a folder for writing, finds its end and what is wrong with it (``findings``).
    static func open(
        folder: String, planeID: String, key: SigningKey, maxFileBytes: Int
    ) throws(AuditError) -> ChainWriter {
        let keyID: String
        do { keyID = try KeySet.thumbprint(key.publicComponents) } catch { throw .crypto(error) }
        let lock: FileLock
        do {
            try Directory.create(folder, mode: 0o700)
            lock = try FileLock("\(folder)/lock")
        } catch { throw .disk(error) }
        var writer = ChainWriter(folder, planeID, key, keyID, maxFileBytes, lock)
        try writer.publishKey()
        try writer.recover()
        return writer
    }

    private init(
        _ folder: String, _ planeID: String, _ key: SigningKey, _ keyID: String, _ maxFileBytes: Int,
        _ lock: consuming FileLock
    ) {
        self.folder = folder
        self.planeID = planeID
        self.key = key
        self.keyID = keyID
        self.maxFileBytes = maxFileBytes
        self.lock = lock
    }

    // MARK: Writing

    /// Writes entries and returns when they survive a power cut.
    ///
    /// - Returns: Number and hash of each.
    /// - Throws: `.disk`, `.crypto`. What of it is on disk is not known then: nothing may be written any more.
    mutating func write(_ entries: [JSONObject], now: Timestamp) throws(AuditError) -> [AuditReceipt] {
        var receipts: [AuditReceipt] = []
        var buffer: [UInt8] = []
        let today = String(now.text.prefix(10))
        if !day.isEmpty, day != today {
            try append(try checkpoint(now), now, to: &buffer)
            try flush(&buffer)
            file = nil
        }
        day = today
        for entry in entries {
            if let size = file?.size, size + buffer.count >= maxFileBytes {
                try flush(&buffer)
                file = nil
            }
            try append(entry, now, to: &buffer)
            receipts.append(AuditReceipt(number: number, hash: hash))
        }
        try flush(&buffer)
        return receipts
    }

    /// Ends the day's work: a checkpoint and a head.
    mutating func finish(now: Timestamp) throws(AuditError) {
        _ = try write([["entry": "noted", "what": "stopped"]], now: now)
        var buffer: [UInt8] = []
        try append(try checkpoint(now), now, to: &buffer)
        try flush(&buffer)
        try writeHead(now: now)
    }

    private mutating func append(_ members: JSONObject, _ now: Timestamp, to buffer: inout [UInt8]) throws(AuditError) {
        if file == nil { try startFile() }
        let line = try ChainLink.line(number: number + 1, at: now, planeID: planeID, members, previousHash: hash)
        number += 1
        hash = line.hash
        buffer += line.bytes
    }

    private mutating func startFile() throws(AuditError) {
        do {
            file = try AppendFile("\(folder)/\(ChainFolder.fileName(from: number + 1))")
            try Directory.sync(folder)
        } catch { throw .disk(error) }
    }

    private mutating func flush(_ buffer: inout [UInt8]) throws(AuditError) {
        guard !buffer.isEmpty else { return }
        do {
            try file?.append(buffer)
            try file?.sync()
        } catch { throw .disk(error) }
        buffer.removeAll(keepingCapacity: true)
        isHeadStale = true
    }

    // MARK: Signatures

    private func checkpoint(_ now: Timestamp) throws(AuditError) -> JSONObject {
        let state = SignedState(purpose: .checkpoint, planeID: planeID, number: number, hash: hash, at: now.text)
        return [
            "entry": "checkpoint", "upTo": JSONValue(number), "keyID": .string(keyID),
            "signature": .string(try sign(state)),
        ]
    }

    /// Says, signed, how far the chain reached: who cuts lines off its end cannot say it again.
    mutating func writeHead(now: Timestamp) throws(AuditError) {
        let state = SignedState(purpose: .head, planeID: planeID, number: number, hash: hash, at: now.text)
        let value: JSONValue = [
            "planeID": .string(planeID), "n": JSONValue(number), "hash": .string(hash), "at": .string(now.text),
            "keyID": .string(keyID), "signature": .string(try sign(state)),
        ]
        do { try File.writeAtomically("\(folder)/\(ChainFolder.head)", value.bytes(), mode: 0o600) } catch {
            throw .disk(error)
        }
        isHeadStale = false
        headWritten = .now()
    }

    /// Whether the head is as old as it may get, however busy the log is.
    var isHeadDue: Bool { isHeadStale && MonotonicTime.now() - headWritten >= .seconds(1) }

    private func sign(_ state: SignedState) throws(AuditError) -> String {
        do { return Base64.encode(try key.sign(state.signedText), .url) } catch { throw .crypto(error) }
    }

    /// Adds our public key to the folder's, so that entries under an older key can still be checked.
    private func publishKey() throws(AuditError) {
        let path = "\(folder)/\(ChainFolder.keys)"
        let document: [UInt8]?
        do { document = try File.status(path) == nil ? nil : try File.read(path, limit: KeySet.byteLimit) } catch {
            throw .disk(error)
        }
        var keys: [KeySet.Key] = []
        if let document {
            guard let known = ChainFolder.keySet(document) else { throw .keys(path: path) }
            keys = known.keys
        }
        guard !keys.contains(where: { $0.keyID == keyID }) else { return }
        do { keys.append(KeySet.Key(keyID: keyID, key: try key.verifyingKey())) } catch { throw .crypto(error) }
        do { try File.writeAtomically(path, KeySet(keys: keys).document().bytes(), mode: 0o600) } catch {
            throw .disk(error)
        }
    }

    // MARK: Opening

    /// Finds the end of the chain. Bytes that are no line (the machine died while it wrote them) stay where they are: they are
    /// closed with a line feed, and an entry says what they were.
    private mutating func recover() throws(AuditError) {
        let names: [String]
        do { names = try ChainFolder.files(in: folder) } catch { throw .disk(error) }
        var torn: [UInt8] = []
        for name in names.reversed() {
            let path = "\(folder)/\(name)"
            let bytes: [UInt8]
            do { bytes = try File.read(path, limit: ChainFolder.fileLimit) } catch { throw .disk(error) }
            let (last, rest) = try Self.lastLink(bytes)
            if name == names.last {
                do {
                    var opened = try AppendFile(path)
                    if let end = bytes.last, end != ASCII.lf { try opened.append([ASCII.lf]) }
                    file = consume opened
                } catch { throw .disk(error) }
                torn = rest + (bytes.last == ASCII.lf || bytes.isEmpty ? [] : [ASCII.lf])
            } else if last == nil || !rest.isEmpty {
                // A whole file without a line, or one that does not end with a line, in the middle: not what a crash leaves.
                findings.append(["entry": "damaged", "what": "file", "file": .string(name)])
            }
            guard let last else { continue }
            number = last.number
            hash = last.hash
            day = String((last.value["at"]?.string ?? "").prefix(10))
            break
        }
        if !torn.isEmpty {
            findings.append([
                "entry": "torn", "bytes": JSONValue(torn.count), "sha256": .string(try ChainLink.digest(torn)),
            ])
        }
        try compareWithHead(hasFiles: !names.isEmpty)
    }

    private mutating func compareWithHead(hasFiles: Bool) throws(AuditError) {
        let path = "\(folder)/\(ChainFolder.head)"
        let bytes: [UInt8]?
        do { bytes = try File.status(path) == nil ? nil : try File.read(path, limit: 4096) } catch {
            throw .disk(error)
        }
        guard let bytes else {
            if hasFiles { findings.append(["entry": "damaged", "what": "head is missing"]) }
            try writeHead(now: Timestamp(milliseconds: 0))
            return
        }
        let head = ChainFolder.head(bytes)
        guard let head, head.number < number || (head.number == number && head.hash == hash) else {
            findings.append([
                "entry": "damaged", "what": "end is missing", "headNumber": JSONValue(head?.number ?? -1),
                "headHash": .string(head?.hash ?? ""),
            ])
            return
        }
    }

    /// The last good line, and the bytes behind it.
    private static func lastLink(_ bytes: [UInt8]) throws(AuditError) -> (ChainLink?, rest: [UInt8]) {
        var end = bytes.count
        while end > 0 {
            let start = (bytes[..<(end - 1)].lastIndex(of: ASCII.lf) ?? -1) + 1
            let line = bytes[start..<end]
            if line.last == ASCII.lf, let link = try ChainLink(line.dropLast()) { return (link, Array(bytes[end...])) }
            end = start
        }
        return (nil, bytes)
    }
}

/// The names in an audit log's folder, and what they hold.
enum ChainFolder {
    static let head = "head.json"
    static let keys = "keys.json"
    static let recordings = "recordings"
    /// No file of a chain is longer: settings allow 256 MiB and a last line.
    static let fileLimit = 512 << 20

    static func fileName(from number: Int64) -> String {
        let digits = String(number)
        return "audit-\(String(repeating: "0", count: max(0, 12 - digits.count)))\(digits).jsonl"
    }

    /// The chain's files in order.
    static func files(in folder: String) throws(SystemError) -> [String] {
        try Directory.list(folder).filter { $0.hasPrefix("audit-") && $0.hasSuffix(".jsonl") }
    }

    static func keySet(_ document: [UInt8]) -> KeySet? {
        do { return try KeySet(jwks: document) } catch { return nil }
    }

    /// A head, its signature unchecked.
    static func head(_ document: [UInt8]) -> (
        number: Int64, hash: String, state: SignedState, keyID: String, signature: String
    )? {
        let value: JSONValue
        do { value = try JSONValue.parse(document, depthLimit: 4) } catch { return nil }
        guard let planeID = value["planeID"]?.string, let number = value["n"]?.int64, let hash = value["hash"]?.string,
            let at = value["at"]?.string, let keyID = value["keyID"]?.string, let signature = value["signature"]?.string
        else { return nil }
        let state = SignedState(purpose: .head, planeID: planeID, number: number, hash: hash, at: at)
        return (number, hash, state, keyID, signature)
    }
}
