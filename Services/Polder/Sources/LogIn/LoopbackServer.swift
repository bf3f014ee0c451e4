internal import EventLoop
internal import HTTP
internal import Net
internal import Synchronization
internal import System

/// Waits on a port of this machine for the browser to come back from a login (RFC 8252 §7.3).
final class LoopbackServer: Sendable {
    private struct State {
        var flow: AuthorizationFlow?
        var waiting: CheckedContinuation<Result<String, PolderError>, Never>?
        var outcome: Result<String, PolderError>?
    }

    /// Where it listens.
    let port: UInt16
    private let server: HTTPServer
    private let state: Arrival

    /// Held by the handler, which must not hold the server.
    private final class Arrival: Sendable {
        let value = Mutex(State())

        func answer(_ request: Request) -> Response {
            guard let flow = value.withLock({ $0.flow }), request.method == .get,
                request.path == (flow.client.path.isEmpty ? "/" : flow.client.path)
            else { return .text(.notFound, "nothing is here\n") }
            let result: Result<String, PolderError>
            do throws(PolderError) {
                result = .success(try flow.code(in: request.queryItems))
            } catch {
                result = .failure(error)
                // Somebody else's answer must not end our wait.
                if request.queryItems["state"] != flow.state {
                    return page("This is not the login that is waited for.")
                }
            }
            settle(result)
            return page("You may close this page and go back to the terminal.")
        }

        func settle(_ result: Result<String, PolderError>) {
            let waiting = value.withLock { state in
                if state.outcome == nil { state.outcome = result }
                defer { state.waiting = nil }
                return state.waiting
            }
            waiting?.resume(returning: result)
        }

        private func page(_ text: String) -> Response {
            let html = "<!doctype html><html lang=\"en\"><title>polder</title><p>\(text)</p></html>\n"
            return Response(
                .ok,
                headers: [
                    "content-type": "text/html; charset=utf-8", "cache-control": "no-store",
                    "referrer-policy": "no-referrer", "content-security-policy": "default-src 'none'",
                ], body: Array(html.utf8))
        }
    }

    /// Listens on the first of the ports that is free; 0 is any.
    ///
    /// - Throws: `.failed` when none is.
    init(_ ports: [UInt16], on loop: EventLoop) async throws(PolderError) {
        let arrival = Arrival()
        state = arrival
        var started: HTTPServer?
        var reason = "no port"
        for port in ports where started == nil {
            do {
                started = try await HTTPServer.start(
                    on: [loop], listeners: [HTTPListener(try SocketAddress(ip: "127.0.0.1", port: port), tls: nil)],
                    answering: { arrival.answer($0) })
            } catch {
                reason = "\(error)"
            }
        }
        guard let started, let port = started.addresses.first?.port else {
            throw .failed("no port of this machine is free for the browser to come back to: \(reason)")
        }
        server = started
        self.port = port
    }

    /// The code that the browser brings.
    ///
    /// - Throws: `.refused`; `.failed` when nobody came within `limit`; `.interrupted`.
    func code(of flow: AuthorizationFlow, within limit: Duration) async throws(PolderError) -> String {
        state.value.withLock { $0.flow = flow }
        let timer = Task { [state] in
            do {
                try await Task.sleep(for: limit)
                state.settle(.failure(.failed("nobody logged in within \(limit.components.seconds / 60) minutes")))
            } catch {
                // The browser came first.
            }
        }
        defer { timer.cancel() }
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let outcome = state.value.withLock { state in
                    if state.outcome == nil { state.waiting = continuation }
                    return state.outcome
                }
                if let outcome { continuation.resume(returning: outcome) }
            }
        } onCancel: {
            state.settle(.failure(.interrupted))
        }
        // The page that says so is still on its way.
        _ = await server.drain(grace: .seconds(1))
        return try result.get()
    }
}
