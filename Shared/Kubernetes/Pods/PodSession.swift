internal import HTTP
internal import JSON
internal import Net

/// A command in a container, or the container's own process (`attach`), with what is wanted of its input and output.
package struct PodSessionRequest: Sendable {
    /// Where the pod is.
    package var namespace: String
    /// Its name.
    package var pod: String
    /// Nil: its only one.
    package var container: String?
    /// The program and its arguments; nil attaches to the process that runs.
    package var command: [String]?
    /// Whether input will be sent.
    package var input = false
    /// Whether standard output is wanted.
    package var output = true
    /// Whether standard error is wanted; a terminal has none of its own.
    package var errors = true
    /// Gives the command a terminal.
    package var terminal = false

    /// A command whose output is wanted.
    package init(namespace: String, pod: String, container: String? = nil, command: [String]?) {
        self.namespace = namespace
        self.pod = pod
        self.container = container
        self.command = command
    }

    func target() throws(KubernetesError) -> String {
        if let command, command.isEmpty { throw .badRequest(field: "command", rule: "names at least a program") }
        let path = ResourcePath(
            .pods, namespace: namespace, name: pod, subresource: command == nil ? "attach" : "exec")
        var query = FormFields()
        for word in command ?? [] { query.add("command", word) }
        if let container { query.add("container", container) }
        query.add("stdin", input ? "true" : "false")
        query.add("stdout", output ? "true" : "false")
        query.add("stderr", errors && !terminal ? "true" : "false")
        query.add("tty", terminal ? "true" : "false")
        return try path.text() + "?" + query.encoded
    }
}

/// How a command ended.
package enum PodSessionEnd: Sendable, Equatable {
    /// With an exit code; above 128 a signal, whose number is the rest.
    case exited(Int)
    /// It was not started, or lost; the server's words.
    case failed(KubernetesStatus)
}

/// What a session tells.
package enum PodSessionEvent: Sendable, Equatable {
    /// A piece of standard output, or of the terminal.
    case output([UInt8])
    /// A piece of standard error.
    case errors([UInt8])
    /// It is over. The last event.
    case ended(PodSessionEnd)
}

/// The channels of a session (github.com/kubernetes/apimachinery, pkg/util/httpstream/wsstream; remotecommand/constants.go): each message
/// begins with the number of its channel.
enum PodChannel {
    static let input: UInt8 = 0
    static let output: UInt8 = 1
    static let errors: UInt8 = 2
    static let status: UInt8 = 3
    static let resize: UInt8 = 4
    /// In v5: the channel whose number follows is closed.
    static let close: UInt8 = 255

    /// Sub-protocols, the best first.
    static let protocols = ["v5.channel.k8s.io", "v4.channel.k8s.io"]

    /// What a message says; nil for one that says nothing.
    ///
    /// - Throws: `.unreadable`.
    static func event(_ message: [UInt8]) throws(KubernetesError) -> PodSessionEvent? {
        guard let channel = message.first else { throw .unreadable("a message without a channel") }
        let payload = Array(message.dropFirst())
        switch channel {
        case output: return payload.isEmpty ? nil : .output(payload)
        case errors: return payload.isEmpty ? nil : .errors(payload)
        case status: return payload.isEmpty ? nil : .ended(try end(payload))
        case close: return nil
        case _: throw .unreadable("a message on channel \(channel)")
        }
    }

    private static func end(_ payload: [UInt8]) throws(KubernetesError) -> PodSessionEnd {
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONValue.parse(payload)
        } catch {
            throw .unreadable("\(error)")
        }
        guard let status = KubernetesStatus(value) else { throw .unreadable("a session ends without a status") }
        if value["status"]?.string == "Success" { return .exited(0) }
        if status.reason == "NonZeroExitCode",
            let code = status.causes.first(where: { $0.reason == "ExitCode" }).flatMap({ Int($0.message) })
        {
            return .exited(code)
        }
        return .failed(status)
    }
}

/// An open session. Any thread; one task at a time asks for events. When it goes, or the task that waits is cancelled, the connection is
/// closed, and the node ends the command.
package final class PodSession: Sendable {
    private let socket: WebSocketStream

    init(_ socket: WebSocketStream) { self.socket = socket }

    /// The next event, nil behind `ended`. While nobody asks, the command has to wait when its output has filled what lies between.
    ///
    /// - Throws: `.net(.connectionEnded)` when the connection went before the command's end was told: nobody knows what became of it.
    package func next() async throws(KubernetesError) -> PodSessionEvent? {
        while true {
            let message: WebSocketMessage?
            do throws(NetError) {
                message = try await socket.next()
            } catch {
                throw .net(error)
            }
            switch message {
            case .binary(let bytes):
                guard let event = try PodChannel.event(bytes) else { continue }
                return event
            case .text: throw .unreadable("a text message in a session")
            case .ping, .pong, .close: continue  // not shown by the socket
            case nil: return nil
            }
        }
    }

    /// Sends input, and waits while the node is slow to read it.
    ///
    /// - Throws: `.net` when the session is over.
    package func send(_ input: [UInt8]) async throws(KubernetesError) { try await send(PodChannel.input, input) }

    /// True when the end of the input can be told (v5).
    package var canEndInput: Bool { socket.subprotocol == PodChannel.protocols[0] }

    /// Tells the command that no more input comes.
    ///
    /// - Throws: `.unreadable` when the server's protocol (v4) has no words for it; `.net` when the session is over.
    package func endInput() async throws(KubernetesError) {
        guard canEndInput else { throw .unreadable("the server's protocol cannot tell the end of the input") }
        try await send(PodChannel.close, [PodChannel.input])
    }

    /// Tells the terminal its size in characters.
    package func resize(columns: Int, rows: Int) async throws(KubernetesError) {
        let size: JSONValue = ["Width": JSONValue(columns), "Height": JSONValue(rows)]
        try await send(PodChannel.resize, size.bytes())
    }

    /// Ends the session; the node ends the command.
    package func close() { socket.close() }

    private func send(_ channel: UInt8, _ payload: [UInt8]) async throws(KubernetesError) {
        do throws(NetError) {
            try await socket.send(binary: [channel] + payload)
        } catch {
            throw .net(error)
        }
    }
}

extension KubernetesClient {
    /// Runs a command in a container, or attaches to what runs there.
    ///
    /// - Throws: `.refused` (no such pod, no permission …), `.net`, `.unreadable` for a server that speaks neither v5 nor v4 of the channel
    ///   protocol, `.badRequest`, `.badAccess`.
    package func openSession(_ wanted: PodSessionRequest) async throws(KubernetesError) -> PodSession {
        let socket = try await openWebSocket(try wanted.target(), protocols: PodChannel.protocols, .channels)
        guard socket.subprotocol != nil else { throw .unreadable("the server chose no protocol for a session") }
        return PodSession(socket)
    }
}

extension WebSocketOptions {
    /// Nodes send pieces of at most 32 KiB; others may not.
    static var channels: WebSocketOptions {
        var options = WebSocketOptions()
        options.messageLimit = 1 << 20
        return options
    }
}
