internal import HTTP
internal import Net
internal import Synchronization
internal import System

/// `polder listen <stream>`: what the web-socket shows.
struct ListenCommand: Command {
    static let name = "listen"
    static let summary = "Shows the events of a stream as they come, through the web-socket."
    static let details = "Begins with the next event; one JSON text per line. Ends with --count, or with Ctrl-C."

    let dir: String?
    let count: Int?
    let stream: String

    init(reading arguments: inout ArgumentReader) {
        dir = arguments.dirOption()
        _ = arguments.outputOption()  // an event is JSON either way
        count = arguments.numberIfPresent("--count", "N", in: 0...Int.max, "Ends after N events.")
        stream = arguments.argument("stream", "The stream's name.", from: .names(.stream))
    }

    func run(_ context: CommandContext) async throws(PolderError) {
        let plane = try PlaneClient(dir, environment: context.environment)
        let document = try await plane.document()
        let (stream, isOfAPI) = try await plane.stream(stream, in: document, context)
        let began = MonotonicTime.now()
        guard let url = URLParts(document.urls["webSocket"] ?? "") else {
            throw .failed("the plane does not say where its web-socket is")
        }
        let countdown = Countdown(count ?? .max)
        while !countdown.isOver {
            // A new token each time: the server closes a socket when its token ends.
            let token = try await plane.token(for: stream, document)
            let console = context.console
            let listening = Task { () -> Result<WebSocketCloseCode, NetError> in
                do throws(NetError) {
                    let end = try await WebSocketClient.listen(
                        to: url, tls: plane.tls, headers: ["authorization": "Bearer \(token)"], on: plane.loop
                    ) { text in
                        if countdown.take() { console.print(text) }
                    }
                    return .success(end.code)
                } catch {
                    return .failure(error)
                }
            }
            countdown.whenOver { listening.cancel() }
            switch await listening.value {
            case .success(let code):
                // 1000, 1001, 1005 and 1006 are the codes after which public clients connect again.
                guard [WebSocketCloseCode.normal, .goingAway, .noStatus, .abnormal].contains(code) else {
                    throw .refused("the web-socket was closed with code \(code.rawValue)")
                }
                if countdown.isOver { return }
                context.console.note("the web-socket was closed; connecting again")
                do { try await Task.sleep(for: .milliseconds(200)) } catch { throw .interrupted }
            // The web-socket may not have heard of a new stream yet.
            case .failure(.upgradeRefused(_)) where isOfAPI && MonotonicTime.now() - began < .seconds(10):
                do { try await Task.sleep(for: .milliseconds(200)) } catch { throw .interrupted }
            case .failure(let error):
                throw .failed("\(url): \(error)")
            }
        }
    }
}

/// Counts events down, from any thread, and says when it is over.
private final class Countdown: Sendable {
    private struct State {
        var left: Int
        var end: (@Sendable () -> Void)?
    }

    private let state: Mutex<State>

    init(_ count: Int) { state = Mutex(State(left: count)) }

    var isOver: Bool { state.withLock { $0.left <= 0 } }

    /// False when it was over already.
    func take() -> Bool {
        let (taken, end) = state.withLock { state -> (Bool, (@Sendable () -> Void)?) in
            guard state.left > 0 else { return (false, nil) }
            state.left -= 1
            return (true, state.left == 0 ? state.end : nil)
        }
        end?()
        return taken
    }

    func whenOver(_ end: @escaping @Sendable () -> Void) {
        let isOver = state.withLock { state in
            state.end = end
            return state.left <= 0
        }
        if isOver { end() }
    }
}
