internal import Bytes
internal import Crypto
internal import JSON
internal import System
package import Tokens

/// What looking at an audit log found.
package struct AuditReport: Sendable, Equatable {
    /// Files that were read.
    package var files = 0
    /// Good entries.
    package var entries = 0
    /// Number of the first entry; above 1 when earlier files were taken elsewhere. 0 without any.
    package var firstNumber: Int64 = 0
    /// Number of the last good entry.
    package var lastNumber: Int64 = 0
    /// Hash of the last good entry.
    package var lastHash = ""
    /// Checkpoints whose signature is good.
    package var checkpoints = 0
    /// Entries behind the last signature, of a checkpoint or the head: only the chain itself speaks for them.
    package var unsigned = 0
    /// Lines that a crash left unfinished, as the chain says.
    package var tears = 0
    /// Calls that were opened and not closed: they run, or the agent died.
    package var unfinished = 0
    /// Recordings whose digest is good.
    package var recordings = 0
    /// Whether the caller brought the keys; otherwise they are the folder's own, and whoever could write there could change them.
    package var hasTrustedKeys = false
    /// The first thing that is wrong; nil when nothing is.
    package var problem: AuditProblem?

    /// Nothing found yet.
    package init() {}
}

/// What is wrong with a log.
package struct AuditProblem: Sendable, Equatable, CustomStringConvertible {
    /// The ways in which a log can be wrong.
    package enum Kind: String, Sendable, CaseIterable {
        /// An entry is not what was written.
        case changed
        /// Entries are missing in front of the named one.
        case removed
        /// The entry was not there.
        case inserted
        /// The entry stands in another place.
        case reordered
        /// The end is missing.
        case truncated
        /// A signature is not that of a known key.
        case forged
        /// A recording is not what the chain says.
        case recording
        /// The writer itself found damage when it opened the log.
        case damaged
    }

    /// What.
    package let kind: Kind
    /// The file's name.
    package let file: String
    /// The line, from 1; 0 for the whole file.
    package let line: Int
    /// The entry's number, where it is known.
    package let number: Int64?
    /// One sentence.
    package let detail: String

    /// `audit-000000000001.jsonl:7: changed: …`.
    package var description: String {
        "\(file)\(line > 0 ? ":\(line)" : ""): \(kind.rawValue): \(detail)"
    }
}

/// Checks a log: every hash, every link, every signature, every recording.
package struct AuditVerifier {
    /// How far a log reached when somebody outside looked at it.
    package struct Anchor: Sendable, Equatable {
        /// The entry's number.
        package let number: Int64
        /// Its hash.
        package let hash: String

        /// From `NUMBER:HASH`; nil when it is not that.
        package init?(_ text: String) {
            let parts = text.split(separator: ":")
            guard parts.count == 2, let number = Int64(parts[0]), number > 0, parts[1].utf8.count == 64,
                Hex.decode(parts[1]) != nil
            else { return nil }
            self.number = number
            hash = String(parts[1])
        }
    }

    private let folder: String
    private let keys: KeySet
    private let anchor: Anchor?
    private var report = AuditReport()
    private var place = Place()
    private var open: Set<String> = []
    /// The entries before the next one, newest last: enough to tell an inserted one from a changed one.
    private var previous: [(number: Int64, hash: String, place: Place)] = []
    /// Bytes that are no line, until an entry says that they were torn.
    private var torn: (bytes: [UInt8], place: Place)?
    private var lastSigned: Int64 = 0
    private var anchorFound = false
    private var headHash: String?
    private var head: (number: Int64, hash: String)?

    private struct Place {
        var file = ""
        var line = 0
    }

    /// Looks at every entry of a folder's log. Memory is bounded by its largest file.
    ///
    /// - Parameters:
    ///   - trusted: Public keys from elsewhere; without them those in the folder are believed, which proves only that nobody
    ///     without access to them changed anything.
    ///   - anchor: An entry that is known from elsewhere: the log must have it.
    /// - Throws: `.noLog`, `.disk`, `.keys`, `.crypto`. What is wrong with the log is in the report.
    package static func verify(
        _ folder: String, trusted: KeySet? = nil, anchor: Anchor? = nil
    ) throws(AuditError) -> AuditReport {
        let names: [String]
        let document: [UInt8]?
        let path = "\(folder)/\(ChainFolder.keys)"
        do throws(SystemError) {
            let isFolder = try File.status(folder)?.isDirectory ?? false
            names = isFolder ? try ChainFolder.files(in: folder) : []
            document = try File.status(path) == nil ? nil : try File.read(path, limit: KeySet.byteLimit)
        } catch { throw .disk(error) }
        guard !names.isEmpty || document != nil else { throw .noLog(folder: folder) }
        guard let keys = trusted ?? document.flatMap(ChainFolder.keySet) else { throw .keys(path: path) }
        var verifier = AuditVerifier(folder: folder, keys: keys, anchor: anchor)
        verifier.report.hasTrustedKeys = trusted != nil
        return try verifier.run(names)
    }

    private init(folder: String, keys: KeySet, anchor: Anchor?) {
        self.folder = folder
        self.keys = keys
        self.anchor = anchor
    }

    private mutating func run(_ names: [String]) throws(AuditError) -> AuditReport {
        try readHead()
        for name in names where report.problem == nil {
            let bytes: [UInt8]
            do { bytes = try File.read("\(folder)/\(name)", limit: ChainFolder.fileLimit) } catch { throw .disk(error) }
            report.files += 1
            place = Place(file: name, line: 0)
            var start = 0
            while start < bytes.count, report.problem == nil {
                let end = bytes[start...].firstIndex(of: ASCII.lf) ?? bytes.count
                place.line += 1
                try check(bytes[start..<end], rest: bytes[min(end + 1, bytes.count)...], isWhole: end < bytes.count)
                start = end + 1
            }
        }
        if torn != nil { report.tears += 1 }
        if report.problem == nil { checkEnd() }
        report.unfinished = open.count
        report.unsigned = report.lastNumber > 0 ? Int(report.lastNumber - max(lastSigned, report.firstNumber - 1)) : 0
        return report
    }

    // MARK: A line

    private mutating func check(
        _ line: ArraySlice<UInt8>, rest: ArraySlice<UInt8>, isWhole: Bool
    ) throws(AuditError) {
        guard let link = try ChainLink(line) else {
            let bytes = (torn?.bytes ?? []) + line + (isWhole ? [ASCII.lf] : [])
            torn = (bytes, torn?.place ?? place)
            // Is it explained behind? Otherwise nobody tore it, somebody changed it.
            if !(try isExplained(rest)) {
                note(.changed, torn?.place ?? place, nil, "the line is not what its hash says")
            }
            return
        }
        try checkPlace(link, rest)
        guard report.problem == nil else { return }
        if torn != nil { try checkTear(link) }
        guard report.problem == nil else { return }
        try checkContent(link)
        guard report.problem == nil else { return }
        if report.entries == 0 { report.firstNumber = link.number }
        report.entries += 1
        report.lastNumber = link.number
        report.lastHash = link.hash
        previous.append((link.number, link.hash, place))
        if previous.count > 3 { previous.removeFirst() }
        compareWithAnchors(link)
    }

    /// Whether the next good line says that the bytes before it were torn, or there is none: the writer has not come back yet.
    private func isExplained(_ rest: ArraySlice<UInt8>) throws(AuditError) -> Bool {
        var start = rest.startIndex
        while start < rest.endIndex {
            let end = rest[start...].firstIndex(of: ASCII.lf) ?? rest.endIndex
            if let link = try ChainLink(rest[start..<end]) { return link.entry == "torn" || link.entry == "damaged" }
            start = end + 1
        }
        return true
    }

    /// Whether the entry follows the one before.
    private mutating func checkPlace(_ link: ChainLink, _ rest: ArraySlice<UInt8>) throws(AuditError) {
        guard let last = previous.last else {
            // The first file may have been taken elsewhere, whole: then the chain begins with the number in the file's name.
            let isStart = link.number == 1 && link.previousHash == ChainLink.firstHash
            if !isStart, place.line > 1 || place.file != ChainFolder.fileName(from: link.number) {
                note(.removed, place, link.number, "the entries before \(link.number) are missing")
            }
            return
        }
        let expected = last.number + 1
        if link.number == expected, link.previousHash == last.hash { return }
        if let before = previous.dropLast().last, link.number == last.number, link.previousHash == before.hash,
            link.hash != last.hash
        {
            return note(
                .inserted, last.place, last.number,
                "the next line is entry \(link.number), too, and follows the same one")
        }
        if link.number == expected {
            return note(
                .changed, last.place, last.number, "its hash was made anew: the next entry follows another one")
        }
        if link.number > expected {
            let isLater = try contains(expected, rest)
            return isLater
                ? note(.reordered, place, link.number, "entry \(expected) belongs here, and stands behind it")
                : note(
                    .removed, place, link.number,
                    "\(link.number - expected) entries before it are missing, from \(expected) on")
        }
        note(
            .inserted, place, link.number,
            link.number == last.number ? "it repeats the line before" : "entry \(expected) belongs here")
    }

    private func contains(_ number: Int64, _ rest: ArraySlice<UInt8>) throws(AuditError) -> Bool {
        for line in rest.split(separator: ASCII.lf) {
            if let link = try ChainLink(line), link.number == number { return true }
        }
        return false
    }

    private mutating func checkTear(_ link: ChainLink) throws(AuditError) {
        guard let torn else { return }
        guard link.entry == "torn", link.value["bytes"]?.int64 == Int64(torn.bytes.count),
            link.value["sha256"]?.string == (try ChainLink.digest(torn.bytes))
        else { return note(.changed, torn.place, nil, "the line is not what its hash says") }
        report.tears += 1
        self.torn = nil
    }

    private mutating func checkContent(_ link: ChainLink) throws(AuditError) {
        let id = link.value["id"]?.string ?? ""
        switch link.entry {
        case "opened": if open.count < 100_000 { open.insert(id) }
        case "closed":
            open.remove(id)
            if let recording = link.value["recording"] { try checkRecording(recording, link) }
        case "checkpoint":
            let state = SignedState(
                purpose: .checkpoint, planeID: link.value["planeID"]?.string ?? "", number: link.number - 1,
                hash: link.previousHash, at: link.value["at"]?.string ?? "")
            guard link.value["upTo"]?.int64 == link.number - 1,
                isSigned(state, link.value["keyID"]?.string, link.value["signature"]?.string)
            else { return note(.forged, place, link.number, "the checkpoint's signature is not that of a known key") }
            report.checkpoints += 1
            lastSigned = link.number
        case "damaged":
            note(
                .damaged, place, link.number,
                "when the log was opened: \(shownName(link.value["what"]?.string ?? "unknown"))")
        default: break
        }
    }

    private mutating func checkRecording(_ recording: JSONValue, _ link: ChainLink) throws(AuditError) {
        guard let name = recording["file"]?.string, !name.utf8.contains(UInt8(ascii: "/")), !name.hasPrefix(".") else {
            return note(.recording, place, link.number, "the entry names no recording")
        }
        let path = "\(folder)/\(ChainFolder.recordings)/\(name)"
        let bytes: [UInt8]?
        do { bytes = try File.status(path) == nil ? nil : try File.read(path, limit: RecordingFile.limit) } catch {
            throw .disk(error)
        }
        guard let bytes else { return note(.recording, place, link.number, "\(shownName(name, limit: 80)) is missing") }
        guard recording["sha256"]?.string == (try ChainLink.digest(bytes)) else {
            return note(.recording, place, link.number, "\(shownName(name, limit: 80)) was changed")
        }
        report.recordings += 1
    }

    // MARK: Signatures and the end

    private func isSigned(_ state: SignedState, _ keyID: String?, _ signature: String?) -> Bool {
        guard let keyID, let signature, let bytes = Base64.decode(signature, .url) else { return false }
        return keys.keys.contains { key in
            key.keyID == keyID && key.key.isValid(signature: bytes, for: state.signedText)
        }
    }

    private mutating func readHead() throws(AuditError) {
        let path = "\(folder)/\(ChainFolder.head)"
        let place = Place(file: ChainFolder.head, line: 0)
        let bytes: [UInt8]?
        do { bytes = try File.status(path) == nil ? nil : try File.read(path, limit: 4096) } catch {
            throw .disk(error)
        }
        guard let bytes else {
            return note(.removed, place, nil, "the file that says how far the log reached is missing")
        }
        guard let head = ChainFolder.head(bytes), isSigned(head.state, head.keyID, head.signature) else {
            return note(.forged, place, nil, "its signature is not that of a known key")
        }
        self.head = (head.number, head.hash)
    }

    private mutating func compareWithAnchors(_ link: ChainLink) {
        if let head, head.number == link.number {
            headHash = link.hash
            lastSigned = max(lastSigned, link.number)
            if head.hash != link.hash {
                note(.changed, place, link.number, "\(ChainFolder.head) signs another entry of this number")
            }
        }
        if let anchor, anchor.number == link.number {
            anchorFound = true
            if anchor.hash != link.hash {
                note(.changed, place, link.number, "the anchor names another entry of this number")
            }
        }
    }

    private mutating func checkEnd() {
        let last = report.lastNumber
        if let head, head.number > last {
            note(
                .truncated, place, last > 0 ? last : nil,
                "the log ends with entry \(last); \(ChainFolder.head) signs \(head.number)")
        } else if let anchor, !anchorFound, anchor.number > last {
            note(
                .truncated, place, last > 0 ? last : nil,
                "the log ends with entry \(last); the anchor is \(anchor.number)")
        } else if let anchor, !anchorFound {
            note(.removed, place, nil, "entry \(anchor.number), the anchor, is not in the files that are here")
        }
    }

    private mutating func note(_ kind: AuditProblem.Kind, _ place: Place, _ number: Int64?, _ detail: String) {
        guard report.problem == nil else { return }
        report.problem = AuditProblem(kind: kind, file: place.file, line: place.line, number: number, detail: detail)
    }
}
