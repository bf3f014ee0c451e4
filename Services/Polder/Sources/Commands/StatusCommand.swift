internal import Faults
internal import JSON
internal import System
internal import Time
internal import Wire

/// `polder status`: what runs.
struct StatusCommand: Command {
    static let name = "status"
    static let summary = "Shows the processes and streams of a running plane."
    static let details = """
        With --wait it prints nothing before every process is ready, so that a script can go on after it. When the time is
        over it fails like the status at that moment: 3 when no plane runs, 1 when it is not ready.
        """

    let dir: String?
    let wait: Duration?
    let output: OutputFormat

    init(reading arguments: inout ArgumentReader) {
        dir = arguments.dirOption()
        wait = arguments.optionIfPresent("--wait", "TIME", "Waits until the plane is ready, at most this long: 30s.")
        output = arguments.outputOption()
    }

    func run(_ context: CommandContext) async throws(PolderError) {
        if let wait { try await Self.waitUntilReady(dir, context, for: wait) }
        let plane = try PlaneClient(dir, environment: context.environment)
        let processes = try await plane.processes()
        let isReady = !processes.isEmpty && processes.allSatisfy { $0.status == .ready }
        let document: ReadyDocument? = isReady ? try await plane.document() : nil
        switch output {
        case .json:
            var object: JSONObject = [
                "dir": .string(plane.state.path), "ready": .bool(isReady), "processes": .array(processes.map(\.json)),
            ]
            // Everything but the secrets.
            object["urls"] = document?.json["urls"]
            object["streams"] = document.map { document in
                .array(document.streams.map { JSONValue.object(JSONObject($0)) })
            }
            context.console.print(JSONValue.object(object).text())
        case .text: show(processes, document, isReady, plane.state, context.console)
        }
    }

    /// Asks again and again: before its first start a plane has neither a folder nor a socket to wait on.
    private static func waitUntilReady(
        _ dir: String?, _ context: CommandContext, for limit: Duration
    ) async throws(PolderError) {
        let end = MonotonicTime.now() + limit
        var client: PlaneClient?
        while true {
            do throws(PolderError) {
                let plane: PlaneClient
                if let client { plane = client } else { plane = try PlaneClient(dir, environment: context.environment) }
                client = plane
                _ = try await plane.document()
                return
            } catch {
                guard error.retry == .afterBackoff, MonotonicTime.now() < end else { throw error }
            }
            do {
                try await Task.sleep(for: .milliseconds(50))
            } catch {
                throw .interrupted
            }
        }
    }

    private func show(
        _ processes: [RuntimeProcess], _ document: ReadyDocument?, _ isReady: Bool, _ state: StateFolder,
        _ console: Console
    ) {
        let word = isReady ? console.styled("ready", .green) : console.styled("not ready", .yellow)
        console.print("plane on \(state.path): \(word)")
        console.print("")
        let width = max(7, processes.map(\.name.count).max() ?? 0)
        console.print(
            console.styled("\(pad("process", width))  \(pad("status", 8))  \(pad("pid", 8))  restarts", .bold))
        for process in processes {
            let pid = process.pid.map { String($0) } ?? "-"
            let status = console.styled(pad(process.status.rawValue, 8), process.status == .ready ? .green : .yellow)
            console.print("\(pad(process.name, width))  \(status)  \(pad(pid, 8))  \(process.restarts)")
        }
        guard let document else { return }
        console.print("")
        let streams = document.streams
        let names = max(6, streams.map(\.name.count).max() ?? 0)
        console.print(console.styled("\(pad("stream", names))  \(pad("from", names))  purposes", .bold))
        for stream in streams {
            let purposes = stream.purposes.map { String($0) }.joined(separator: ", ")
            console.print("\(pad(stream.name, names))  \(pad(stream.derivedFrom ?? "-", names))  \(purposes)")
        }
        console.print("")
        for name in ["events", "webSocket", "auth"] {
            if let url = document.urls[name] { console.print("\(pad(name, 10))\(url)") }
        }
    }

    private func pad(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }
}

extension JSONObject {
    /// A stream without its secret.
    fileprivate init(_ stream: ReadyDocument.Stream) {
        self = [
            "name": .string(stream.name), "id": .string(stream.id), "topic": .string(stream.topic),
            "clientId": .string(stream.clientID), "derivedFrom": stream.derivedFrom.map { .string($0) } ?? .null,
            "purposes": .array(stream.purposes.map { JSONValue($0) }),
        ]
    }
}
