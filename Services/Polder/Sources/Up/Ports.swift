package import JSON
package import System

/// How the listeners of a plane get their ports.
package enum PortChoice: String, CaseIterable, Sendable {
    /// The well-known numbers that the public clients expect; admin ports of decrypters are free ones.
    case standard = "default"
    /// Free ones: those of the last time, while nobody else has taken them.
    case auto
}

/// The ports of one plane, all on loopback.
package struct Ports: Sendable, Equatable {
    /// Event gateway, TLS.
    package var events: UInt16 = 8443
    /// Event gateway, plain.
    package var eventsPlain: UInt16 = 8080
    /// Web-socket, TLS.
    package var webSocket: UInt16 = 8444
    /// Web-socket, plain.
    package var webSocketPlain: UInt16 = 8082
    /// Control plane, TLS: tokens.
    package var auth: UInt16 = 8543
    /// Control plane, plain.
    package var authPlain: UInt16 = 8180
    /// Control plane, TLS: the API.
    package var api: UInt16 = 50052
    /// Control plane, plain: the API.
    package var apiPlain: UInt16 = 50051
    /// Admin listener of the event gateway.
    package var eventGatewayAdmin: UInt16 = 9101
    /// Admin listener of the web-socket.
    package var webSocketAdmin: UInt16 = 9102
    /// Admin listener of the control plane.
    package var controlPlaneAdmin: UInt16 = 9103

    /// The well-known numbers.
    package init() {}

    /// Ports that were free a moment ago. All are held until the last is known, so that they differ.
    ///
    /// - Throws: `.call` when the machine has none.
    package static func free() throws(SystemError) -> Ports {
        let numbers = try freePorts(11)
        var ports = Ports()
        ports.events = numbers[0]
        ports.eventsPlain = numbers[1]
        ports.webSocket = numbers[2]
        ports.webSocketPlain = numbers[3]
        ports.auth = numbers[4]
        ports.authPlain = numbers[5]
        ports.eventGatewayAdmin = numbers[6]
        ports.webSocketAdmin = numbers[7]
        ports.controlPlaneAdmin = numbers[8]
        ports.api = numbers[9]
        ports.apiPlain = numbers[10]
        return ports
    }

    /// As many different ports of 127.0.0.1 as asked for, free a moment ago.
    package static func freePorts(_ count: Int) throws(SystemError) -> [UInt16] {
        var held: [Int32] = []
        defer { for raw in held { FileDescriptor.close(raw: raw) } }
        var ports: [UInt16] = []
        for _ in 0..<count {
            let socket = try Socket.listen(on: try SocketAddress(ip: "127.0.0.1", port: 0))
            let address = try Socket.localAddress(raw: socket.raw)
            held.append(socket.take())
            ports.append(address?.port ?? 0)
        }
        return ports
    }

    /// Which port is whose: a process and what its listener is for.
    private static var owners: [(process: String, name: String, port: WritableKeyPath<Ports, UInt16>)] {
        [
            ("event-gateway", "events", \.events), ("event-gateway", "eventsPlain", \.eventsPlain),
            ("event-gateway", "eventGatewayAdmin", \.eventGatewayAdmin),
            ("web-socket", "webSocket", \.webSocket), ("web-socket", "webSocketPlain", \.webSocketPlain),
            ("web-socket", "webSocketAdmin", \.webSocketAdmin),
            ("control-plane", "auth", \.auth), ("control-plane", "authPlain", \.authPlain),
            ("control-plane", "api", \.api), ("control-plane", "apiPlain", \.apiPlain),
            ("control-plane", "controlPlaneAdmin", \.controlPlaneAdmin),
        ]
    }

    /// The ports of this plane that somebody holds at this moment.
    ///
    /// - Parameter processes: Those whose ports do not count, because they run.
    package func taken(besides processes: Set<String> = []) -> [UInt16] {
        Self.owners.filter { !processes.contains($0.process) }.map { self[keyPath: $0.port] }
            .filter { !Ports.isFree($0) }
    }

    /// What is written down for the next run: the number of each listener by its name.
    package var json: JSONValue {
        var object: JSONObject = ["version": 1]
        for owner in Self.owners { object[owner.name] = .number(JSONNumber(Int64(self[keyPath: owner.port]))) }
        return .object(object)
    }

    /// The ports that were written down; nil when something is missing.
    package init?(json: JSONValue) {
        guard json["version"]?.int64 == 1 else { return nil }
        for owner in Self.owners {
            guard let number = json[owner.name]?.int64, let port = UInt16(exactly: number), port > 0 else { return nil }
            self[keyPath: owner.port] = port
        }
    }

    /// True when nobody listens on this port of 127.0.0.1.
    package static func isFree(_ port: UInt16) -> Bool {
        do {
            _ = try Socket.listen(on: try SocketAddress(ip: "127.0.0.1", port: port))
            return true
        } catch {
            return false
        }
    }
}
