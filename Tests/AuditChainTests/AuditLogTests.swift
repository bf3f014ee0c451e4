import AuditChain
import Crypto
import Glibc
import JSON
import Synchronization
import TestKit
import Testing
import Time

@Suite struct AuditLogTests {
    @Test func `a call is two entries, and a stranger finds the chain whole`() async throws {
        let rig = try AuditRig()
        let log = try rig.open()
        let opened = try await log.append(.opened(call("c1")))
        var refused = call("c2")
        refused.ruleID = "(default)"
        try await log.append(.refused(refused))
        var exec = call("c3")
        exec.command = ["sh", "-c", "id\u{1B}[31m\n"]
        try await log.append(.opened(exec))
        try await log.append(
            .closed(id: "c1", AuditedOutcome(status: 200, bytesIn: 5, bytesOut: 70_000, durationMs: 12)))
        log.close()

        let lines = try rig.lines()
        #expect(lines.count == 7, "started, four of ours, stopped, checkpoint")
        let entry = try JSONValue.parse(lines[1])
        #expect(entry["n"]?.int64 == 2 && entry["entry"] == "opened" && entry["decision"] == "allowed")
        #expect(entry["actor"]?["sub"] == "anna@example.com" && entry["ruleID"] == "apps" && entry["planeID"] == "p1")
        #expect(entry["hash"]?.string == opened.hash && opened.number == 2)
        #expect(try JSONValue.parse(lines[2])["decision"] == "denied")
        #expect(try JSONValue.parse(lines[4])["bytesOut"]?.int64 == 70_000)
        let script = """
            import hashlib, json, sys
            before = "0" * 64
            for number, line in enumerate(sys.stdin, 1):
                entry = json.loads(line)
                digest = entry["hash"]
                body = line[:line.rindex(',"hash":')] + "}"
                assert hashlib.sha256(body.encode()).hexdigest() == digest, number
                assert entry["prevHash"] == before and entry["n"] == number, number
                before = digest
            assert number == 7
            """
        try await Strangers.runPython(script, input: rig.folder.read(#require(rig.files().first)))

        let report = try rig.verify()
        #expect(report.problem == nil && report.entries == 7 && report.checkpoints == 1 && report.unfinished == 1)
        #expect(report.unsigned == 0 && !report.hasTrustedKeys)
        #expect(try rig.folder.mode(of: rig.files()[0]) == 0o600)
    }

    @Test func `a log goes on where it ended, in one chain`() async throws {
        let rig = try AuditRig()
        for _ in 0..<3 { try await rig.write(2) }
        let report = try rig.verify()
        #expect(report.problem == nil && report.entries == 3 * 7 && report.checkpoints == 3 && report.files == 1)
    }

    @Test func `a day's log ends with a signed checkpoint, and the chain goes on in the next file`() async throws {
        let rig = try AuditRig()
        let log = try rig.open()
        try await log.append(.opened(call("a")))
        rig.clock.advance(by: .hours(24))
        try await log.append(.opened(call("b")))
        try await log.append(.opened(call("c")))
        log.close()
        let files = try rig.files()
        #expect(files == ["audit-000000000001.jsonl", "audit-000000000004.jsonl"])
        #expect(try JSONValue.parse(rig.lines(files[0]).last ?? "")["entry"] == "checkpoint")
        let report = try rig.verify()
        #expect(report.problem == nil && report.checkpoints == 2 && report.files == 2)
        // Days later, by another process.
        rig.clock.advance(by: .days(3))
        try await rig.write(1)
        #expect(try rig.verify().problem == nil)
        #expect(try rig.files().count == 3)
    }

    @Test func `a full file is followed by the next`() async throws {
        let rig = try AuditRig()
        try await rig.write(60, maxFileBytes: 4096)
        #expect(try rig.files().count > 5)
        let report = try rig.verify()
        #expect(report.problem == nil && report.entries == 123 && report.files > 5)
        // The first files may be kept elsewhere.
        for file in try rig.files().prefix(2) { rig.folder.remove(file) }
        let rest = try rig.verify()
        #expect(rest.problem == nil && rest.firstNumber > 1 && rest.lastNumber == 123)
    }

    @Test func `entries that arrive together are written with few syncs`() async throws {
        let rig = try AuditRig()
        let log = try rig.open()
        let done = Mutex(0)
        for number in 0..<2000 {
            log.append(.opened(call("c\(number)"))) { result in
                if case .success = result { done.withLock { $0 += 1 } }
            }
        }
        log.close()
        #expect(done.withLock { $0 } == 2000)
        #expect(try rig.verify().entries == 2003)
    }

    @Test func `what a caller sends has a largest size in the log`() async throws {
        let rig = try AuditRig()
        let log = try rig.open()
        let long = String(repeating: "é\u{0}", count: 100_000)
        var call = call("x")
        call.path = long
        call.reason = long
        call.name = long
        call.actor.subject = long
        call.command = Array(repeating: long, count: 1000)
        try await log.append(.opened(call))
        try await log.append(.noted("policy", ["hash": long]))
        log.close()
        for line in try rig.lines() { #expect(line.utf8.count < 64 << 10) }
        #expect(try rig.verify().problem == nil)
        #expect(try rig.lines()[1].contains("more bytes)"))
    }

    @Test func `too many entries at once are refused, and none is lost`() throws {
        let rig = try AuditRig()
        let log = try rig.open(maxWaiting: 8)
        let counts = Mutex((taken: 0, refused: 0))
        for number in 0..<20_000 {
            log.append(.opened(call("c\(number)"))) { result in
                counts.withLock { counts in
                    switch result {
                    case .success: counts.taken += 1
                    case .failure: counts.refused += 1
                    }
                }
            }
        }
        log.close()
        let (taken, refused) = counts.withLock { $0 }
        #expect(taken + refused == 20_000 && refused > 0)
        #expect(try rig.verify().entries == taken + 3)
    }

    @Test func `a closed log takes nothing, and a folder has one writer`() async throws {
        let rig = try AuditRig()
        let log = try rig.open()
        #expect(throws: AuditError.self) { try rig.open() }
        log.close()
        log.close()
        await #expect(throws: AuditError.closed) { try await log.append(.opened(call("x"))) }
    }

    @Test(arguments: [1, 40, 200, 350])
    func `a line that was torn stays, and the chain says so`(kept: Int) async throws {
        let rig = try AuditRig()
        try await rig.write(3)
        let file = try #require(rig.files().first)
        let bytes = try rig.folder.read(file)
        let start = try #require(bytes.dropLast().lastIndex(of: 0x0A)) + 1
        // The head is a second behind when a machine dies: here it is the one before the last line.
        let before = Array(bytes[..<start])
        try rig.folder.write(file, before)
        rig.folder.remove("head.json")
        let torn = bytes[start...].prefix(kept)
        try await rig.write(0)  // makes a head
        rig.folder.remove(file)
        rig.folder.remove("head.json")
        try rig.folder.write(file, before)
        let old = try oldHead(rig)
        try rig.folder.write(file, before + torn)
        try rig.folder.write("head.json", old)
        #expect(try rig.verify().problem == nil, "torn, and not opened again yet")
        for _ in 0..<2 { try await rig.write(1) }
        let report = try rig.verify()
        #expect(report.problem == nil && report.tears == 1, "\(report.problem?.description ?? "")")
        // A torn line that is changed later is found.
        var changed = try rig.folder.read(file)
        changed[start] ^= 1
        try rig.folder.write(file, changed)
        #expect(try rig.verify().problem?.kind == .changed)
    }

    /// A head of the log's first entry, signed by its key.
    private func oldHead(_ rig: AuditRig) throws -> [UInt8] {
        let first = try #require(rig.lines().first)
        let entry = try JSONValue.parse(first)
        let hash = entry["hash"]?.string ?? ""
        let at = "2026-01-01T00:00:00.000Z"
        let signature = try rig.key.sign(Array("polder audit head v1\np1\n1\n\(hash)\n\(at)\n".utf8))
        let keys = try JSONValue.parse(rig.folder.read("keys.json"))
        let value: JSONValue = [
            "planeID": "p1", "n": 1, "hash": .string(hash), "at": .string(at),
            "keyID": keys["keys"]?[0]?["kid"] ?? "", "signature": .string(base64URL(signature)),
        ]
        return value.bytes()
    }

    @Test func `a writer that is killed again and again leaves a chain without a gap`() async throws {
        let folder = try TemporaryFolder()
        let key = try SigningKey.generate(.es256)
        try folder.write("key.pem", try key.privatePEM().withBytes { [UInt8]($0) })
        try folder.makeFolder("log")
        for round in 0..<3 {
            try folder.write("round", text: "\(round)")
            await #expect(processExitsWith: .signal(SIGKILL)) { [path = folder.path as String] in
                try await writeUntilKilled(TemporaryFolder(ofParent: path))
            }
        }
        let promised = try folder.readText("promised").split(separator: "\n").map(String.init)
        #expect(promised.count > 20)
        let report = try AuditVerifier.verify(folder.file("log"))
        #expect(report.problem == nil, "\(report.problem?.description ?? "")")
        let text = try folder.names(in: "log").filter { $0.hasPrefix("audit-") }.map {
            try folder.readText("log/\($0)")
        }.joined()
        for id in promised { #expect(text.contains("\"id\":\"\(id)\""), "what was promised is there") }
    }

    @Test func `an exec's recording is tied to the chain`() async throws {
        let rig = try AuditRig()
        let log = try rig.open()
        let recording = try ExecRecording(
            in: log, id: "c1", columns: 80, rows: 24, at: rig.clock.now(), limit: 4096)
        #expect(recording.record(.input, Array("id\r".utf8), after: .milliseconds(100)))
        // A character in two pieces, and bytes that are no text.
        #expect(recording.record(.output, [0xE2, 0x82], after: .milliseconds(200)))
        #expect(recording.record(.output, [0xAC, 0x0A, 0xFF, 0x1B, 0x5B], after: .milliseconds(201)))
        #expect(recording.resize(columns: 120, rows: 40, after: .seconds(2)))
        let facts = try await recording.finish()
        try await log.append(.closed(id: "c1", AuditedOutcome(exitCode: 0, recording: facts)))
        log.close()
        let lines = try rig.folder.readText("recordings/c1.cast").split(separator: "\n").map {
            try JSONValue.parse(String($0))
        }
        #expect(lines[0]["version"]?.int64 == 2 && lines[0]["width"]?.int64 == 80)
        #expect(lines[1][2] == "id\r" && lines[2][2] == "€\n\u{FFFD}\u{1B}[" && lines[3][2] == "120x40")
        #expect(try rig.verify().recordings == 1)
        try rig.folder.write("recordings/c1.cast", text: "{}")
        #expect(try rig.verify().problem?.kind == .recording)
        rig.folder.remove("recordings/c1.cast")
        #expect(try rig.verify().problem?.kind == .recording)
    }

    @Test func `a recording that is full ends its session`() async throws {
        let rig = try AuditRig()
        let log = try rig.open()
        let recording = try ExecRecording(
            in: log, id: "../../x", columns: 1, rows: 1, at: rig.clock.now(), limit: 100_000)
        var pieces = 0
        while recording.record(.output, [UInt8](repeating: 0x61, count: 1000), after: .seconds(1)) { pieces += 1 }
        #expect(90...100 ~= pieces)
        #expect(!recording.record(.output, [0x61], after: .seconds(1)), "and it stays full")
        let facts = try await recording.finish()
        #expect(facts.isFull && facts.bytes <= 100_000 && !facts.file.contains("/"))
        log.close()
        #expect(try rig.folder.names(in: "recordings") == [facts.file])
    }
}

/// What the killed process does: it notes an entry as promised only after the log took it.
private func writeUntilKilled(_ folder: TemporaryFolder) async throws {
    let round = try folder.readText("round")
    var pem = try folder.read("key.pem")
    let key = try SigningKey(pem: SecretBytes(taking: &pem))
    let log = try AuditLog(folder: folder.file("log"), planeID: "p1", key: key, clock: ManualClock())
    let promised = open(folder.file("promised"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    for number in 0..<100_000 {
        let id = "r\(round)-\(number)"
        // Some wait, some do not: the kill meets a batch.
        log.append(.opened(call("unwaited-\(id)"))) { _ in }
        try await log.append(.opened(call(id)))
        let line = Array("\(id)\n".utf8)
        _ = write(promised, line, line.count)
        if number == 12 + (Int(round) ?? 0) { kill(getpid(), SIGKILL) }
    }
}

private func base64URL(_ bytes: [UInt8]) -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
    var text: [UInt8] = []
    var value = 0
    var bits = 0
    for byte in bytes {
        value = value << 8 | Int(byte)
        bits += 8
        while bits >= 6 {
            bits -= 6
            text.append(alphabet[value >> bits & 63])
        }
    }
    if bits > 0 { text.append(alphabet[value << (6 - bits) & 63]) }
    return String(decoding: text, as: UTF8.self)
}
