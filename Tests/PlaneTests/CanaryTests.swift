import Bytes
import Glibc
import JSON
import System
import TestKit
import Testing

/// Plaintext personal data lives in memory only: unique values go in, and are looked for in every byte on disk.
@Suite struct CanaryTests {
    @Test func `personal values are on disk only in the derived streams that may hold them`() async throws {
        let plane = try await Plane()
        let ready = try plane.ready()
        let token = try await plane.polder("token", "demo").output.trimmed
        let run = String(UInt64.random(in: .min ... .max), radix: 36)
        var refused: [String] = []
        for number in 0..<40 {
            // One in four is refused: no key field, an unknown member, broken JSON, a wrong token.
            let bad = number % 8
            let body = """
                {"strmMeta": {"eventContractRef": "strmprivacy/example/1.5.0", "consentLevels": [0, 1, 2, 3]},
                 "uniqueIdentifier": "canary-level1-\(run)-\(number)e",
                 "consistentValue": "\(bad == 1 ? "" : "canary-level2-\(run)-\(number)e")",
                 "someSensitiveValue": "canary-level3-\(run)-\(number)e"
                 \(bad == 3 ? ", \"surplus\": \"canary-unknown-\(run)\"" : "")\(bad == 5 ? "" : "}")
                """
            let result = try await runTool(
                "curl",
                [
                    "--silent", "--show-error", "--cacert", ready.document["caFile"]?.string ?? "", "--data-binary",
                    "@-",
                    "--header", "Strm-Schema-Ref: strmprivacy/example/1.5.0", "--write-out", "\n%{http_code}",
                    "--header", "Authorization: Bearer \(bad == 7 ? "canary-token-\(run)" : token)",
                    ready.url("events"),
                ], input: Array(body.utf8))
            let status = result.output.split(separator: "\n").last.map(String.init)
            #expect(status == (bad == 7 ? "401" : bad % 2 == 1 ? "400" : "204"), "\(number): \(result.output)")
            #expect(!result.output.contains("canary"), "an error body repeats what was sent: \(result.output)")
            if status != "204" { refused.append("-\(run)-\(number)e") }
        }
        try await eventually("all derived events") {
            try await plane.polder("read", "demo-0-1-2-3", "--from", "earliest").output.split(separator: "\n").count
                == 20
        }
        try await expectOnDisk(run, of: plane, masked: "demo-M0-1", levels: 1...3, refused: refused)
    }

    @Test func `personal values of JSON events are on disk only where they may be, too`() async throws {
        let folder = try TemporaryFolder()
        try folder.write("orders.yaml", text: Self.orders)
        let plane = try await Plane(configuration: folder.path)
        let ready = try plane.ready()
        let token = try await plane.polder("token", "orders").output.trimmed
        let run = String(UInt64.random(in: .min ... .max), radix: 36)
        var refused: [String] = []
        for number in 0..<16 {
            // One in four is refused: a value against the schema, broken JSON.
            let bad = number % 8
            let body = """
                {"strmMeta": {"eventContractRef": "canary/orders/1.0.0", "consentLevels": [1, 2]},
                 "email": "canary-level1-\(run)-\(number)e", "names": ["canary-level2-\(run)-\(number)e", "x"],
                 "total": \(bad == 1 ? "-1" : "1")\(bad == 5 ? "" : "}")
                """
            let status = try await runTool(
                "curl",
                [
                    "--silent", "--show-error", "--cacert", ready.document["caFile"]?.string ?? "", "--data-binary",
                    "@-", "--header", "Strm-Schema-Ref: canary/orders/1.0.0", "--write-out", "\n%{http_code}",
                    "--header", "Authorization: Bearer \(token)", ready.url("events"),
                ], input: Array(body.utf8)
            ).output
            #expect(status.hasSuffix(bad % 4 == 1 ? "400" : "204"), "\(number): \(status)")
            #expect(!status.contains("canary-"), "an error body repeats what was sent: \(status)")
            if bad % 4 == 1 { refused.append("-\(run)-\(number)e") }
        }
        try await eventually("all derived events") {
            try await plane.polder("read", "orders-1-2", "--from", "earliest").output.split(separator: "\n").count == 12
        }
        try await expectOnDisk(run, of: plane, masked: "orders-M1", levels: 1...2, refused: refused)
    }

    /// A stream of JSON events with personal values of two purposes, and what is derived of it.
    private static let orders = """
        kind: Stream
        spec: {ref: {name: orders}}
        ---
        kind: Stream
        spec: {linkedStream: orders, consentLevels: [1]}
        ---
        kind: Stream
        spec: {linkedStream: orders, consentLevels: [1, 2]}
        ---
        kind: Stream
        spec:
          linkedStream: orders
          consentLevels: [1]
          maskedFields: {fieldPatterns: {canary/orders/1.0.0: {fieldPatterns: [email]}}}
        ---
        kind: DataContract
        spec:
          ref: {handle: canary, name: orders, version: 1.0.0}
          keyField: email
          fieldMetadata:
            - {fieldName: email, personalDataConfig: {isPii: true, purposeLevel: 1}}
            - {fieldName: names, personalDataConfig: {isPii: true, purposeLevel: 2}}
          schema:
            definition: |
              {"type": "object", "required": ["strmMeta", "email"], "properties": {
                "strmMeta": {"type": "object", "required": ["eventContractRef", "consentLevels"], "properties": {
                  "eventContractRef": {"type": "string"}, "consentLevels": {"type": "array", "items": {"type": "integer"}}}},
                "email": {"type": "string"}, "names": {"type": "array", "items": {"type": "string"}},
                "total": {"type": "number", "minimum": 0}}}
        """

    /// Looks for the values `canary-level<purpose>-<run>` in every byte of the state folder, while the plane runs (write-ahead logs,
    /// sockets) and after it has stopped.
    ///
    /// - Parameters:
    ///   - masked: The stream that shows hashes of what its purposes would allow.
    ///   - refused: Parts of values in events that were refused: they must not be anywhere.
    private func expectOnDisk(
        _ run: String, of plane: Plane, masked: String, levels: ClosedRange<Int>, refused: [String]
    ) async throws {
        let streams = try plane.ready().document["streams"]?.array ?? []
        for moment in ["running", "stopped"] {
            if moment == "stopped" { try await plane.stop() }
            for stream in streams {
                let purposes = stream["purposes"]?.array?.compactMap(\.int64) ?? []
                for level in levels {
                    let topic = "\(plane.directory)/topics/\(stream["topic"]?.string ?? "?")"
                    let mayHold = purposes.contains(Int64(level)) && stream["name"]?.string != masked
                    let holds = try Self.files(below: topic).contains {
                        try Self.holds($0, "canary-level\(level)-\(run)")
                    }
                    #expect(
                        holds == mayHold, "\(moment): level \(level) in the topic of \(stream["name"]?.string ?? "?")")
                }
            }
            for file in try Self.files(below: plane.directory) where !file.contains("/topics/") {
                #expect(try !Self.holds(file, run), "\(moment): \(file)")
            }
            for file in try Self.files(below: plane.directory) {
                for event in refused { #expect(try !Self.holds(file, event), "\(moment), refused event: \(file)") }
            }
        }
        #expect(!plane.logs.contains(run), "a log line holds what was sent")
    }

    @Test
    func
        `keys, tokens and personal values are in no log, metric, argument, environment or file, and memory of keys is locked`()
        async throws
    {
        let plane = try await Plane(environment: ["LOG_LEVEL": "debug"])
        let ready = try plane.ready()
        let token = try await plane.polder("token", "demo").output.trimmed
        let run = "canary-" + String(UInt64.random(in: .min ... .max), radix: 36)
        for number in 0..<20 {
            let body = """
                {"strmMeta": {"eventContractRef": "strmprivacy/example/1.5.0", "consentLevels": []},
                 "uniqueIdentifier": "\(run)-\(number)", "consistentValue": "\(number % 4 == 0 ? "" : run)",
                 "someSensitiveValue": "\(run)", "notSensitiveValue": "n"}
                """
            _ = try await runTool(
                "curl",
                [
                    "--silent", "--cacert", ready.document["caFile"]?.string ?? "", "--data-binary", "@-", "--header",
                    "Strm-Schema-Ref: strmprivacy/example/1.5.0", "--header",
                    "Authorization: Bearer \(number % 5 == 0 ? token + run : token)", ready.url("events"),
                ], input: Array(body.utf8))
        }
        try await plane.quiet()
        var secrets = [run, token, token.split(separator: ".").last.map(String.init) ?? token]
        let keys = try await plane.polder("keys", "export", "demo", "--yes", "-o", "json").output
        for line in keys.split(separator: "\n") {
            let keyset = try JSONValue.parse(try JSONValue.parse(String(line))["encryptionKey"]?.string ?? "")
            secrets += (keyset["key"]?.array ?? []).compactMap { $0["keyData"]?["value"]?.string }
        }
        #expect(secrets.count > 3, "there are keys to look for")
        for stream in ready.document["streams"]?.array ?? [] {
            if let secret = stream["clientSecret"]?.string { secrets.append(secret) }
        }

        var services = ["polder": [plane.pid]]
        for (name, pids) in (ready.document["pids"]?.object?.members ?? []).map({ ($0.name, $0.value) }) {
            services[name] = (pids.array ?? []).compactMap(\.int64).map(Int32.init)
        }
        #expect(services.count >= 5)
        for (service, pids) in services {
            for pid in pids {
                for file in ["environ", "cmdline"] {
                    let text = try Self.proc(pid, file)
                    for secret in secrets { #expect(!text.contains(secret), "/proc/…/\(file) of \(service)") }
                }
                let limits = try Self.proc(pid, "limits").split(separator: "\n")
                let core = limits.first { $0.hasPrefix("Max core file size") }
                #expect(
                    core?.split(separator: " ").dropLast().suffix(2) == ["0", "0"],
                    "core dumps of \(service): \(core ?? "")")
                // Where the kernel refuses the lock, the service says so.
                if service != "polder", !plane.logs.contains("keys cannot be locked in memory") {
                    try expectLockedMemory(of: pid, service)
                }
            }
        }
        for (service, urls) in (ready.document["admin"]?.object?.members ?? []).map({ ($0.name, $0.value) }) {
            for url in urls.array ?? [] {
                let metrics = try await runTool(
                    "curl",
                    ["--silent", "--cacert", ready.document["caFile"]?.string ?? "", "\(url.string ?? "")/metrics"])
                #expect(metrics.output.contains("process_open_fds"), "\(service)")
                for secret in secrets { #expect(!metrics.output.contains(secret), "metrics of \(service)") }
            }
        }
        try await plane.stop()
        for secret in secrets {
            #expect(!plane.logs.contains(secret), "a log at its most verbose level")
        }
        for key in secrets.dropFirst(3) {
            guard let proto = Base64.decode(key), proto.count > 64 else { continue }
            // The key itself, in every form; the client secrets of the plane's own ready-file are no keys.
            let raw = Array(proto.suffix(64))
            for file in try Self.files(below: plane.directory) {
                let bytes = try File.read(file, limit: 1 << 30)
                for needle in [raw, Array(Hex.encode(raw).utf8), Array(key.utf8)] {
                    #expect(!Self.contains(bytes, needle), "a key in clear: \(file)")
                }
            }
        }
        for file in try Self.files(below: plane.directory) {
            #expect(try !Self.holds(file, token), "a token in \(file)")
        }
    }

    /// A mapping that is locked and kept out of core dumps.
    private func expectLockedMemory(of pid: Int32, _ service: String) throws {
        let maps = try Self.proc(pid, "smaps").split(separator: "\n").filter { $0.hasPrefix("VmFlags:") }
        let flags = maps.map { Set($0.split(separator: " ").dropFirst().map(String.init)) }
        #expect(flags.contains { $0.contains("dd") && $0.contains("lo") }, "no memory of \(service) is locked")
    }

    private static func proc(_ pid: Int32, _ name: String) throws -> String {
        String(decoding: try File.read("/proc/\(pid)/\(name)", limit: 1 << 24), as: UTF8.self)
    }

    /// Every regular file below a folder.
    private static func files(below folder: String) throws -> [String] {
        var found: [String] = []
        for name in try Directory.list(folder) {
            let path = "\(folder)/\(name)"
            guard let status = try File.status(path) else { continue }
            if status.isDirectory {
                found += try files(below: path)
            } else if !name.hasSuffix(".sock") {
                found.append(path)
            }
        }
        return found
    }

    /// Whether a file holds this text: as it is, in hex, or in Base64 at any of its three alignments.
    private static func holds(_ file: String, _ text: String) throws -> Bool {
        let bytes: [UInt8]
        do {
            bytes = try File.read(file, limit: 1 << 30)
        } catch {
            guard error.isNotFound else { throw error }
            return false  // gone since it was listed
        }
        var needles = [Array(text.utf8), Array(Hex.encode(Array(text.utf8)).utf8)]
        for shift in 0..<3 {
            // Characters that depend on the neighbours are cut off at both ends.
            let encoded = Array(Base64.encode(Array(repeating: 0, count: shift) + Array(text.utf8)).utf8)
            needles.append(Array(encoded.dropFirst(shift == 0 ? 0 : 4).dropLast(4)))
        }
        return needles.contains { contains(bytes, $0) }
    }
    /// The library's search compares element by element; files of a plane have megabytes.
    private static func contains(_ bytes: [UInt8], _ needle: [UInt8]) -> Bool {
        bytes.withUnsafeBytes { bytes in
            var from = 0
            while from + needle.count <= bytes.count,
                let hit = memchr(bytes.baseAddress! + from, Int32(needle[0]), bytes.count - needle.count + 1 - from)
            {
                if memcmp(hit, needle, needle.count) == 0 { return true }
                from = UnsafeRawPointer(hit) - bytes.baseAddress! + 1
            }
            return false
        }
    }
}
