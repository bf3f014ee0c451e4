internal import AuditChain
internal import JSON
internal import System
internal import Tokens

/// `polder audit verify <folder>`: whether a plane's audit log is what was written.
struct AuditVerifyCommand: Command {
    static let name = "audit verify"
    static let summary = "Checks a plane's audit log and names the first entry that is wrong."
    static let details = """
        Every hash, every link between entries, every signature, every recording. Exit code 0: nothing is wrong; 1: something is, and the
        message says file, line and what; 4: there is no log.

        What is printed at the end can be kept elsewhere: --anchor proves later that the log still reaches there. --key takes the public
        keys (a copy of keys.json) that were kept elsewhere; without it those in the folder are believed.
        """

    let folder: String
    let key: String?
    let anchor: AuditVerifier.Anchor?
    let output: OutputFormat

    init(reading arguments: inout ArgumentReader) {
        key = arguments.optionIfPresent("--key", "FILE", "Public keys to trust: a JWKS document.", from: .file)
        let text: String? = arguments.optionIfPresent(
            "--anchor", "NUMBER:HASH", "An entry that is known from elsewhere; the log must have it.")
        anchor = text.flatMap { AuditVerifier.Anchor($0) }
        if let text, anchor == nil { arguments.refuse("--anchor must be NUMBER:HASH, not \(text)") }
        output = arguments.outputOption()
        folder = arguments.argument("folder", "The audit log's folder.", from: .folder)
    }

    func run(_ context: CommandContext) async throws(PolderError) {
        let report: AuditReport
        let keys = try trustedKeys()
        do { report = try AuditVerifier.verify(folder, trusted: keys, anchor: anchor) } catch {
            switch error {
            case .noLog: throw .missing("\(error)", next: "")
            case .disk, .closed, .overloaded, .crypto, .keys: throw .failed("\(error)")
            }
        }
        switch output {
        case .text: context.console.print(text(report))
        case .json: context.console.print(json(report).text())
        }
        if let problem = report.problem { throw .failed("\(problem)") }
    }

    private func trustedKeys() throws(PolderError) -> KeySet? {
        guard let key else { return nil }
        let bytes: [UInt8]
        do { bytes = try File.readWaiting(key, limit: KeySet.byteLimit) } catch { throw .failed("\(error)") }
        do { return try KeySet(jwks: bytes) } catch { throw .failed("\(key) is not a key set") }
    }

    private func text(_ report: AuditReport) -> String {
        var lines = [
            "\(report.entries) entries in \(report.files) files, \(report.checkpoints) signed checkpoints, "
                + "\(report.recordings) recordings"
        ]
        if report.firstNumber > 1 {
            lines.append("begins with entry \(report.firstNumber): earlier files are not here")
        }
        if report.tears > 0 { lines.append("\(report.tears) lines that a crash left unfinished") }
        if report.unfinished > 0 { lines.append("\(report.unfinished) calls without an end") }
        if report.unsigned > 0 { lines.append("\(report.unsigned) entries behind the last signature") }
        if !report.hasTrustedKeys { lines.append("the keys are the folder's own; --key takes others") }
        if report.problem == nil, report.lastNumber > 0 {
            lines.append("nothing is wrong up to \(report.lastNumber):\(report.lastHash)")
        }
        return lines.joined(separator: "\n")
    }

    private func json(_ report: AuditReport) -> JSONValue {
        var object: JSONObject = [
            "isWhole": .bool(report.problem == nil), "files": JSONValue(report.files),
            "entries": JSONValue(report.entries), "firstNumber": JSONValue(report.firstNumber),
            "lastNumber": JSONValue(report.lastNumber), "lastHash": .string(report.lastHash),
            "checkpoints": JSONValue(report.checkpoints), "unsigned": JSONValue(report.unsigned),
            "tears": JSONValue(report.tears), "unfinished": JSONValue(report.unfinished),
            "recordings": JSONValue(report.recordings), "hasTrustedKeys": .bool(report.hasTrustedKeys),
        ]
        if let problem = report.problem {
            var found: JSONObject = [
                "kind": .string(problem.kind.rawValue), "file": .string(problem.file), "line": JSONValue(problem.line),
            ]
            found["number"] = problem.number.map { JSONValue($0) }
            found["detail"] = .string(problem.detail)
            object["problem"] = .object(found)
        }
        return .object(object)
    }
}
