import TestKit
import Testing

/// The real binary, where no plane runs.
@Suite struct BinaryTests {
    private func polder(_ arguments: String...) async throws -> ToolResult {
        try await runTool(builtBinary("polder"), arguments, mayFail: true)
    }

    @Test func `options of invented events and of a file do not go together`() async throws {
        let one = try await polder("send", "demo", "--schema", "strmprivacy/example/1.5.0")
        #expect(one.status == 2)
        #expect(one.errors.contains("--schema is for the events of --file, which is missing"))
        let other = try await polder("send", "demo", "--file", "e.jsonl", "--purposes", "0", "--session-range", "5")
        #expect(other.status == 2)
        #expect(other.errors.contains("--purposes is for invented events, not for those of --file"))
        #expect(other.errors.contains("--session-range is for invented events, not for those of --file"))
    }

    @Test func `a broken line of a file is told with line and column`() async throws {
        let folder = try TemporaryFolder()
        let good = #"{"strmMeta": {"eventContractRef": "a/b/1.0.0"}}"#
        let broken = try folder.write("broken.jsonl", text: "\(good)\n\n{\"a\": }\n")
        let result = try await polder("send", "demo", "--file", broken, "--dir", folder.path)
        #expect(result.status == 1)
        #expect(result.errors == "polder: \(broken):3:7: not JSON: unexpected character\n")
        let bare = try folder.write("bare.jsonl", text: "{}\n")
        #expect(
            try await polder("send", "demo", "--file", bare, "--dir", folder.path).errors.contains(
                "bare.jsonl:1: no strmMeta.eventContractRef to take the schema from; say --schema"))
    }

    @Test func `reading where there is no plane says so, and leaves nothing behind`() async throws {
        let folder = try TemporaryFolder()
        let nowhere = folder.file("nowhere")
        let result = try await polder("read", "demo", "--dir", nowhere)
        #expect(result.status == 3)
        #expect(result.errors == "polder: there is no plane in \(nowhere); make one with: polder up --dir \(nowhere)\n")
        #expect(try folder.names().isEmpty)
        #expect(
            try await polder("status", "--dir", nowhere).errors.contains("start one with: polder up --dir \(nowhere)"))
    }

    @Test func `values that cannot be are refused before anything is asked`() async throws {
        let result = try await polder("send", "demo", "--count", "-1", "--rate", "-5")
        #expect(result.status == 2)
        #expect(result.errors.contains("--count must be at least 0, not -1"))
        #expect(result.errors.contains("--rate must be from 0 to 1000000, not -5"))
        #expect(
            try await polder("read", "demo", "--from", "-3").errors.contains(
                "--from must be earliest, latest or an offset, not -3"))
    }
}
