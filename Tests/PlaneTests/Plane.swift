import Bytes
import Glibc
import JSON
import System
import TestKit
import Time

/// A whole plane of this test's own: `polder up` in a temporary folder on free ports, stopped when the test ends.
final class Plane: Sendable {
    /// The state folder; removed with the plane.
    let folder: TemporaryFolder
    private let supervisor: RunningTool

    /// What the ready-file says.
    struct Ready {
        let document: JSONValue

        func url(_ name: String) -> String { document["urls"]?[name]?.string ?? "" }
        func stream(_ name: String) -> JSONValue? {
            document["streams"]?.array?.first { $0["name"]?.string == name }
        }
        func pids(_ service: String) -> [Int32] {
            (document["pids"]?[service]?.array ?? []).compactMap(\.int64).map(Int32.init)
        }
    }

    var directory: String { folder.file("state") }
    var readyFile: String { folder.file("ready.json") }
    var pid: Int32 { supervisor.pid }

    /// Everything that the plane has logged.
    var logs: String { supervisor.output + supervisor.errors }

    /// Starts a plane and waits until it is ready.
    init(configuration: String? = nil, environment: [String: String] = [:]) async throws {
        folder = try TemporaryFolder()
        var arguments = [
            "up", "--dir", folder.file("state"), "--ports", "auto", "--ready-file", folder.file("ready.json"),
        ]
        if let configuration { arguments += ["--config", configuration] }
        supervisor = try RunningTool(Plane.binary("polder"), arguments, environment: environment)
        let tool = supervisor
        let ready = folder
        try await eventually(within: .seconds(60)) { ready.has("ready.json") || tool.exitStatus != nil }
        if let status = tool.exitStatus {
            throw PlaneError.ended(status: status, logs: tool.output + tool.errors)
        }
    }

    /// The path of a binary beside the running tests.
    static func binary(_ name: String) throws -> String {
        let products = File.parent(of: try Directory.executablePath())
        return products + "/" + name
    }

    /// The ready-file as it is now.
    func ready() throws -> Ready { Ready(document: try JSONValue.parse(try folder.read("ready.json"))) }

    /// Runs `polder` against this plane.
    func polder(
        _ arguments: String..., input: [UInt8] = [], mayFail: Bool = false, deadline: Duration = .seconds(120)
    ) async throws -> ToolResult {
        try await runTool(
            Plane.binary("polder"), arguments + ["--dir", directory], input: input, deadline: deadline, mayFail: mayFail
        )
    }

    /// Runs one of the strangers' scripts in `Tests/Strangers`.
    func stranger(_ script: String, _ arguments: [String], deadline: Duration = .seconds(300)) async throws -> JSONValue
    {
        let result = try await runTool(
            Strangers.python, ["\(Strangers.packageRoot)/Tests/Strangers/\(script)"] + arguments, deadline: deadline)
        return try JSONValue.parse(result.outputBytes)
    }

    /// Asks the plane to stop and waits for it.
    @discardableResult
    func stop(within deadline: Duration = .seconds(60)) async throws -> Int32 {
        supervisor.terminate()
        return try await supervisor.waitForEnd(within: deadline).status
    }

    /// Stops the supervisor at once, as a power cut would.
    func killSupervisor() { supervisor.send(signal: SIGKILL) }
}

enum PlaneError: Error {
    case ended(status: Int32, logs: String)
    case unexpected(String)
}

extension Plane {
    /// Waits until the decrypters have dealt with everything that is in their source streams.
    func quiet(within limit: Duration = .seconds(300)) async throws {
        var calm = 0
        try await eventually("the decrypters have nothing to do", within: limit) {
            try await Task.sleep(for: .milliseconds(300))
            guard folder.has("ready.json") else { return false }
            let document = try ready().document
            var lags: [String] = []
            for url in document["admin"]?["decrypter"]?.array ?? [] {
                let metrics = try await runTool(
                    "curl",
                    ["--silent", "--cacert", document["caFile"]?.string ?? "", "\(url.string ?? "")/metrics"],
                    mayFail: true)
                lags += metrics.output.split(separator: "\n").filter { $0.hasPrefix("strm_decrypter_lag_events{") }
                    .compactMap { $0.split(separator: " ").last.map(String.init) }
            }
            calm = !lags.isEmpty && lags.allSatisfy { $0 == "0" } ? calm + 1 : 0
            return calm == 3
        }
    }
}
