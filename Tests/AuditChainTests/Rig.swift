import AuditChain
import Crypto
import Synchronization
import TestKit
import Testing
import Time

/// A log in a folder of its own, with a clock that stands still.
struct AuditRig {
    let folder: TemporaryFolder
    let clock = ManualClock()
    let key: SigningKey

    init(folder: TemporaryFolder? = nil) throws {
        self.folder = try folder ?? TemporaryFolder()
        key = try SigningKey.generate(.es256)
    }

    func open(maxFileBytes: Int = 64 << 20, maxWaiting: Int = 4096) throws -> AuditLog {
        var settings = AuditLog.Settings()
        settings.maxFileBytes = maxFileBytes
        settings.maxWaiting = maxWaiting
        return try AuditLog(
            folder: folder.path, planeID: "p1", key: key, clock: clock, settings: settings, facts: ["version": "1"])
    }

    /// Writes a log of `count` calls and closes it.
    func write(_ count: Int, maxFileBytes: Int = 64 << 20) async throws {
        let log = try open(maxFileBytes: maxFileBytes)
        for number in 0..<count {
            try await log.append(.opened(call("c\(number)")))
            try await log.append(.closed(id: "c\(number)", AuditedOutcome(status: 200, bytesOut: number)))
        }
        log.close()
    }

    func verify(anchor: String? = nil) throws -> AuditReport {
        try AuditVerifier.verify(folder.path, anchor: anchor.flatMap { AuditVerifier.Anchor($0) })
    }

    /// Names of the chain's files.
    func files() throws -> [String] { try folder.names().filter { $0.hasPrefix("audit-") } }

    /// The lines of a file, without line feeds.
    func lines(_ file: String? = nil) throws -> [String] {
        let name = try file ?? #require(files().first)
        return try folder.readText(name).split(separator: "\n").map(String.init)
    }

    func replace(_ lines: [String], in file: String? = nil) throws {
        let name = try file ?? #require(files().first)
        try folder.write(name, text: lines.map { $0 + "\n" }.joined())
    }
}

func call(_ id: String) -> AuditedCall {
    AuditedCall(
        id: id, reqID: "r-\(id)",
        actor: AuditedActor(subject: "anna@example.com", organization: "o1", address: "192.0.2.7"),
        kind: "http", verb: "list", group: "apps", resource: "deployments", namespace: "shop",
        path: "/apis/apps/v1/namespaces/shop/deployments", ruleID: "apps", reason: "ticket 7")
}

/// The line with another text in it, and a hash that fits again: what an attacker makes who knows the format.
func forged(_ line: String, _ old: String, _ new: String) throws -> String {
    let changed = line.replacing(old, with: new)
    let body = changed.dropLast(9 + 64 + 2) + "}"
    let hash = try SHA256.hash(Array(body.utf8)).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }
        .joined()
    return body.dropLast() + ",\"hash\":\"\(hash)\"}"
}
