internal import Bytes
internal import Crypto
internal import JSON
internal import Synchronization
internal import System
package import Time

/// What was typed and shown in an exec, kept in asciicast v2 (docs.asciinema.org), so that any player shows it:
///
/// ```
/// {"version":2,"width":80,"height":24,"timestamp":1767225600}
/// [0.104233,"i","id\r"]
/// [0.131102,"o","uid=0(root)\r\n"]
/// [2.5,"r","120x40"]
/// ```
///
/// It has a largest size. ``record(_:_:after:)`` answers false when it is full or cannot be written: the session must end then,
/// or the rest of it would happen unseen.
///
/// - Isolation: any thread; nothing blocks.
package final class ExecRecording: Sendable {
    /// Where bytes come from.
    package enum Channel: String, Sendable {
        /// What is typed.
        case input = "i"
        /// What is shown, errors included.
        case output = "o"
    }

    private struct State {
        var buffer: [UInt8]
        var count = 0
        /// The start of a character whose end has not come yet.
        var halves: [Channel: [UInt8]] = [:]
        var isFull = false
        var hasFailed = false
    }

    private let log: AuditLog
    private let path: String
    private let name: String
    private let limit: Int
    private let state: Mutex<State>

    /// Bytes that are collected before they are handed to the disk.
    private static let pieceSize = 32 << 10

    /// Begins the recording of a call.
    ///
    /// - Parameters:
    ///   - id: The call's id; of it only letters, digits and `-` stand in the file's name.
    ///   - limit: Bytes of the file.
    /// - Throws: `.disk` when the folder cannot be made.
    package init(
        in log: AuditLog, id: String, columns: Int, rows: Int, at moment: Timestamp, limit: Int
    ) throws(AuditError) {
        self.log = log
        let isPlain = id.utf8.allSatisfy { ASCII.isLetter($0) || ASCII.isDigit($0) || $0 == UInt8(ascii: "-") }
        name = (isPlain && (1...64).contains(id.utf8.count) ? id : try ChainLink.digest(Array(id.utf8))) + ".cast"
        let folder = "\(log.folder)/\(ChainFolder.recordings)"
        do { try Directory.create(folder, mode: 0o700) } catch { throw .disk(error) }
        path = "\(folder)/\(name)"
        self.limit = limit
        let header: JSONValue = [
            "version": 2, "width": JSONValue(columns), "height": JSONValue(rows),
            "timestamp": JSONValue(moment.seconds),
        ]
        state = Mutex(State(buffer: header.bytes() + [ASCII.lf]))
    }

    /// Keeps bytes of a channel.
    ///
    /// - Parameter elapsed: Since the start.
    /// - Returns: False when they are not kept: end the session.
    package func record(_ channel: Channel, _ bytes: [UInt8], after elapsed: Duration) -> Bool {
        keep(after: elapsed) { state in
            let (whole, half) = Self.split((state.halves[channel] ?? []) + bytes)
            state.halves[channel] = half
            return whole.isEmpty ? nil : (channel.rawValue, String(decoding: whole, as: UTF8.self))
        }
    }

    /// Keeps a change of the terminal's size.
    ///
    /// - Returns: False when it is not kept: end the session.
    package func resize(columns: Int, rows: Int, after elapsed: Duration) -> Bool {
        keep(after: elapsed) { _ in ("r", "\(columns)x\(rows)") }
    }

    /// Ends it. The facts belong into the call's `closed` entry: they tie the file to the chain.
    ///
    /// - Throws: `.disk`, `.closed`, `.crypto`: the recording is not whole.
    package func finish() async throws(AuditError) -> RecordingFacts {
        let (rest, isFull) = state.withLock { state in
            defer { state.buffer = [] }
            return (state.buffer, state.isFull)
        }
        if !rest.isEmpty, !hand(rest) { throw .closed }
        let result = await withCheckedContinuation { continuation in
            log.endRecording(path: path) { continuation.resume(returning: $0) }
        }
        let (bytes, sha256) = try result.get()
        if state.withLock({ $0.hasFailed }) { throw .closed }
        return RecordingFacts(file: name, bytes: bytes, sha256: sha256, isFull: isFull)
    }

    private func keep(
        after elapsed: Duration, _ event: (inout State) -> (code: String, text: String)?
    ) -> Bool {
        let piece: [UInt8]? = state.withLock { state in
            guard !state.isFull, !state.hasFailed, let event = event(&state) else { return nil }
            let seconds = elapsed.inSeconds
            let value: JSONValue = [
                .number(JSONNumber(seconds) ?? JSONNumber(0)), .string(event.code), .string(event.text),
            ]
            let line = value.bytes() + [ASCII.lf]
            guard state.count + state.buffer.count + line.count <= limit else {
                state.isFull = true
                return nil
            }
            state.buffer += line
            guard state.buffer.count >= Self.pieceSize else { return nil }
            state.count += state.buffer.count
            defer { state.buffer = [] }
            return state.buffer
        }
        if let piece, !hand(piece) { state.withLock { $0.hasFailed = true } }
        return state.withLock { !$0.isFull && !$0.hasFailed }
    }

    private func hand(_ bytes: [UInt8]) -> Bool {
        log.record(path: path, bytes) { [weak self] in self?.state.withLock { $0.hasFailed = true } }
    }

    /// Whole characters, and the up to three bytes of one that may still become whole.
    private static func split(_ bytes: [UInt8]) -> (whole: [UInt8], half: [UInt8]) {
        for count in 1...3 where bytes.count >= count {
            let lead = bytes[bytes.count - count]
            if lead & 0xC0 == 0x80 { continue }
            let needed = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1
            return needed > count ? (Array(bytes.dropLast(count)), Array(bytes.suffix(count))) : (bytes, [])
        }
        return (bytes, [])
    }
}

/// A recording on disk.
enum RecordingFile {
    /// No recording is longer: policies allow 16 MiB.
    static let limit = 64 << 20

    /// Makes sure that it survives, and what it is.
    static func seal(_ path: String) -> Result<(bytes: Int, sha256: String), AuditError> {
        do throws(AuditError) {
            let bytes: [UInt8]
            do {
                let file = try AppendFile(path)
                try file.sync()
                try Directory.sync(File.parent(of: path))
                bytes = try File.read(path, limit: limit)
            } catch { throw AuditError.disk(error) }
            return .success((bytes.count, try ChainLink.digest(bytes)))
        } catch { return .failure(error) }
    }
}
