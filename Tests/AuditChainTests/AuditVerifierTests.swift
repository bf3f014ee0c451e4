import AuditChain
import Crypto
import JSON
import TestKit
import Testing
import Tokens

@Suite struct AuditVerifierTests {
    /// Entries: 1 started, 2…9 four calls, 10 stopped, 11 checkpoint.
    private func rig() async throws -> AuditRig {
        let rig = try AuditRig()
        try await rig.write(4)
        return rig
    }

    private func expect(
        _ rig: AuditRig, _ kind: AuditProblem.Kind, line: Int, number: Int64?,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let problem = try rig.verify().problem
        #expect(
            problem?.kind == kind && problem?.line == line && problem?.number == number,
            "\(problem?.description ?? "none")",
            sourceLocation: sourceLocation)
    }

    @Test func `a changed entry is named`() async throws {
        let rig = try await rig()
        var lines = try rig.lines()
        lines[4] = lines[4].replacing("\"status\":200", with: "\"status\":404")
        lines[3] = lines[3].replacing("anna", with: "berta")
        try rig.replace(lines)
        try expect(rig, .changed, line: 4, number: nil)
    }

    @Test(arguments: Array(0..<11))
    func `whatever bit is changed, its line is the first bad one`(line: Int) async throws {
        let rig = try await rig()
        let lines = try rig.lines()
        for place in stride(from: 0, to: lines[line].utf8.count, by: 37) {
            var bytes = Array(lines[line].utf8)
            bytes[place] ^= 0x04
            var changed = lines
            changed[line] = String(decoding: bytes, as: UTF8.self)
            try rig.replace(changed)
            let problem = try rig.verify().problem
            // The last line could be a torn one: the signed head knows better.
            let isLast = line == 10
            #expect(
                problem?.kind == (isLast ? .truncated : .changed) && (isLast || problem?.line == line + 1),
                "\(problem?.description ?? "none")")
        }
    }

    @Test func `a changed entry with a new hash is named, though it fits itself`() async throws {
        let rig = try await rig()
        var lines = try rig.lines()
        lines[4] = try forged(lines[4], "\"bytesOut\":1", "\"bytesOut\":9")
        try rig.replace(lines)
        try expect(rig, .changed, line: 5, number: 5)
        // The last one has no follower, but the head.
        var other = try self.linesBefore(lines)
        other[10] = try forged(other[10], "checkpoint", "nothing-at")
        try rig.replace(other)
        let problem = try rig.verify().problem
        #expect(problem?.kind == .changed || problem?.kind == .forged)
    }

    private func linesBefore(_ lines: [String]) throws -> [String] {
        var lines = lines
        lines[4] = try forged(lines[4], "\"bytesOut\":9", "\"bytesOut\":1")
        return lines
    }

    @Test func `a removed entry is named by what stands behind it`() async throws {
        let rig = try await rig()
        var lines = try rig.lines()
        lines.removeSubrange(4...5)
        try rig.replace(lines)
        try expect(rig, .removed, line: 5, number: 7)
        let rest = Array(try await self.rig().lines().dropFirst())
        try rig.replace(rest)
        try expect(rig, .removed, line: 1, number: 2)
    }

    @Test func `an inserted entry is named`() async throws {
        let rig = try await rig()
        let lines = try rig.lines()
        // One that fits its predecessor: made by somebody who knows the format.
        let own = try forged(lines[5], "anna", "berta")
        try rig.replace(Array(lines[..<5] + [own] + lines[5...]))
        try expect(rig, .inserted, line: 6, number: 6)
        // An old one again.
        try rig.replace(Array(lines[..<7] + [lines[3]] + lines[7...]))
        try expect(rig, .inserted, line: 8, number: 4)
        try rig.replace(Array(lines[..<7] + [lines[6]] + lines[7...]))
        try expect(rig, .inserted, line: 8, number: 7)
        // No entry at all.
        try rig.replace(Array(lines[..<7] + ["{}", ""] + lines[7...]))
        try expect(rig, .changed, line: 8, number: nil)
    }

    @Test func `entries in another order are named`() async throws {
        let rig = try await rig()
        var lines = try rig.lines()
        lines.swapAt(4, 6)
        try rig.replace(lines)
        try expect(rig, .reordered, line: 5, number: 7)
    }

    @Test func `a log that lost its end is found by its head, or by what somebody else knows`() async throws {
        let rig = try await rig()
        let lines = try rig.lines()
        let report = try rig.verify()
        try rig.replace(Array(lines.dropLast(3)))
        try expect(rig, .truncated, line: 8, number: 8)
        // Cut in the middle of a line.
        let bytes = Array(lines.joined(separator: "\n").utf8)
        try rig.folder.write(#require(rig.files().first), Array(bytes.dropLast(700)))
        #expect(try rig.verify().problem?.kind == .truncated)
        rig.folder.remove("head.json")
        #expect(try rig.verify().problem?.kind == .removed)
        // Everything replaced by a log that ends earlier, head and all: only an anchor from outside tells.
        let other = try AuditRig(folder: TemporaryFolder())
        try await other.write(1)
        #expect(try other.verify().problem == nil)
        #expect(try other.verify(anchor: "\(report.lastNumber):\(report.lastHash)").problem?.kind == .truncated)
        #expect(try other.verify(anchor: "2:\(report.lastHash)").problem?.kind == .changed)
        try rig.replace(lines)
    }

    @Test func `a writer that finds its end missing says so in the chain`() async throws {
        let rig = try await rig()
        try rig.replace(Array(try rig.lines().dropLast(4)))
        try await rig.write(1)
        let problem = try rig.verify().problem
        #expect(problem?.kind == .damaged && problem?.number == 8, "\(problem?.description ?? "none")")
    }

    @Test func `a whole file that is gone is missed`() async throws {
        let rig = try AuditRig()
        try await rig.write(60, maxFileBytes: 4096)
        let files = try rig.files()
        rig.folder.remove(files[2])
        let problem = try rig.verify().problem
        #expect(problem?.kind == .removed && problem?.file == files[3] && problem?.line == 1)
    }

    @Test func `signatures are of keys that are known`() async throws {
        let rig = try await rig()
        let key = try rig.key.verifyingKey()
        let own = KeySet(keys: [.init(keyID: try KeySet.thumbprint(rig.key.publicComponents), key: key)])
        let report = try AuditVerifier.verify(rig.folder.path, trusted: own)
        #expect(report.problem == nil && report.hasTrustedKeys)
        let other = try SigningKey.generate(.es256)
        let foreign = KeySet(keys: [
            .init(keyID: try KeySet.thumbprint(other.publicComponents), key: try other.verifyingKey())
        ])
        #expect(try AuditVerifier.verify(rig.folder.path, trusted: foreign).problem?.kind == .forged)
        // The whole log made anew with another key: the folder's own keys believe it, the owner's do not.
        let fake = try AuditRig()
        try await fake.write(4)
        #expect(try fake.verify().problem == nil)
        #expect(try AuditVerifier.verify(fake.folder.path, trusted: own).problem?.kind == .forged)
    }

    @Test func `a folder without a log, or without keys, is an error`() throws {
        let folder = try TemporaryFolder()
        #expect(throws: AuditError.self) { try AuditVerifier.verify(folder.path) }
        #expect(throws: AuditError.self) { try AuditVerifier.verify(folder.file("nothing")) }
        try folder.write("keys.json", text: "{}")
        #expect(throws: AuditError.self) { try AuditVerifier.verify(folder.path) }
    }
}
