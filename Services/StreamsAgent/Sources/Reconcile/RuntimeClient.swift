internal import EventLoop
internal import HTTP
internal import JSON
internal import Net
internal import System
internal import Wire

/// Asks the runtime over its socket, from a thread that may block.
final class RuntimeClient: Sendable {
    /// The group of processes that belongs to this agent.
    static let group = "streams-agent"
    /// Lines of a process that are passed on when it is unhealthy.
    private static let logLines = 20
    private static let deadline: Duration = .seconds(10)

    private let endpoint: HTTPEndpoint
    private let client: HTTPClient

    init(socket: String, on loop: EventLoop) {
        endpoint = .unix(path: socket)
        var options = HTTPClientOptions()
        // A thousand processes with their settings.
        options.bodyLimit = 16 << 20
        client = HTTPClient(on: loop, options: options)
    }

    /// The processes of this agent.
    func processes() throws(StreamsAgentError) -> [RuntimeProcess] {
        let answer = try ask(Request(.get, "/v1/processes"))
        guard let list = try json(answer)["processes"]?.array else { throw .runtimeMisunderstood }
        return list.compactMap { RuntimeProcess(json: $0) }.filter { $0.group == Self.group }
    }

    /// Declares all processes of this agent.
    func declare(_ processes: [ProcessSpec]) throws(StreamsAgentError) {
        let body: JSONValue = ["processes": .array(processes.map(\.json))]
        let answer = try ask(Request(.put, "/v1/groups/\(Self.group)/processes", body: body.bytes()))
        guard answer.status == .noContent else {
            throw .runtimeRefused(
                status: answer.status.code, reason: String(decoding: answer.body.prefix(500), as: UTF8.self))
        }
    }

    /// The last lines that a process wrote; none when they cannot be had.
    func logs(of name: String) -> [String] {
        do throws(StreamsAgentError) {
            let answer = try ask(Request(.get, "/v1/processes/\(name)/logs?last=\(Self.logLines)"))
            guard answer.status == .ok else { return [] }
            return String(decoding: answer.body, as: UTF8.self).split(separator: "\n").map(String.init)
        } catch {
            return []  // the state is told without them
        }
    }

    func shutDown() { client.shutDown() }

    private func json(_ answer: Response) throws(StreamsAgentError) -> JSONValue {
        guard answer.status == .ok else {
            throw .runtimeRefused(
                status: answer.status.code, reason: String(decoding: answer.body.prefix(500), as: UTF8.self))
        }
        do throws(JSONError) { return try JSONValue.parse(answer.body) } catch { throw .runtimeMisunderstood }
    }

    private func ask(_ request: Request) throws(StreamsAgentError) -> Response {
        let outcome = Monitor<Result<Response, NetError>?>(nil)
        client.start(request, to: endpoint, deadline: Self.deadline) { result in outcome.change { $0 = result } }
        guard let result = outcome.wait({ $0 }) else { throw .runtimeUnreachable("no answer") }
        switch result {
        case .success(let answer): return answer
        case .failure(let error): throw .runtimeUnreachable("\(error)")
        }
    }
}
