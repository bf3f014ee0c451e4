import HTTP
import Net
import System
import TestKit
import Testing

/// What one peer does must not cost another its place. Whole attacks, on a real gateway, are in `Tests/Attacks`.
@Suite struct HostilePeerTests {
    private static let event = "POST /event HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n"

    @Test func `one address that fills the table makes room by its own connections`() async throws {
        let rig = try await ServerRig { $0.connectionsPerLoop = 20 }
        let patient = try RawClient(port: rig.plainPort)  // has waited longest, and is of no use yet
        try await eventually("the first") { await rig.server.connectionCount() == 1 }
        var crowd: [RawClient] = []
        for number in 0..<60 {
            crowd.append(try RawClient(elsewhereTo: rig.plainPort))
            if number % 2 == 0 { try crowd.last?.send("POST /event HTTP/1.1\r\nhost") }
        }
        try await eventually("connections made room") { rig.events.all.count == 41 }
        #expect(rig.events.all.allSatisfy { $0 == .connectionEnded(.madeRoom) })
        try patient.send(Self.event)
        #expect(patient.read(until: "\r\n\r\n").hasPrefix("HTTP/1.1 204"))
        await rig.stop()
    }

    @Test func `a client whose events are good keeps its place before all newcomers`() async throws {
        let rig = try await ServerRig { $0.connectionsPerLoop = 20 }
        let known = try RawClient(port: rig.plainPort)
        try known.send(Self.event)
        #expect(known.read(until: "\r\n\r\n").hasPrefix("HTTP/1.1 204"))
        let neighbours = try (0..<100).map { _ in try RawClient(port: rig.plainPort) }
        try await eventually("all have been there") { rig.events.all.count == 81 }
        try known.send(Self.event)
        #expect(known.read(until: "\r\n\r\n").hasPrefix("HTTP/1.1 204"))
        #expect(neighbours.count == 100)
        await rig.stop()
    }

    @Test func `handshakes under way are few, whatever the table holds`() async throws {
        let rig = try await ServerRig { $0.handshakesPerLoop = 10 }
        let waiting = try (0..<30).map { _ in try RawClient(elsewhereTo: rig.tlsPort) }
        try await eventually("handshakes made room") { rig.events.all.count == 20 }
        #expect(await rig.server.connectionCount() == 10)
        #expect(try await rig.curl(["-w", "%{http_code}", "-d", "x", "\(rig.tlsURL)/event"]).output == "204")
        #expect(waiting.count == 30)
        await rig.stop()
    }

    @Test(arguments: ["--http1.1", "--http2"])
    func `the last of too many refused tokens in a row ends the connection`(_ version: String) async throws {
        let rig = try await ServerRig { $0.refusedTokensInARow = 3 }
        let result = try await rig.curl([
            version, "-o", "/dev/null", "-w", "%{num_connects},", "\(rig.tlsURL)/denied?[1-6]",
        ])
        #expect(result.output == "1,0,0,1,0,0,")
        #expect(rig.events.all == [.connectionEnded(.refusedTokens), .connectionEnded(.refusedTokens)])
        await rig.stop()
    }

    @Test func `a good answer in between forgives the refused tokens before`() async throws {
        let rig = try await ServerRig { $0.refusedTokensInARow = 3 }
        let client = try RawClient(port: rig.plainPort)
        let denied = "GET /denied HTTP/1.1\r\nhost: x\r\n\r\n"
        for _ in 0..<5 { try client.send(denied + denied + Self.event) }
        var answers = 0
        for _ in 0..<15 where answers < 15 { answers += client.read(until: "HTTP/1.1").components(of: "HTTP/1.1 ") }
        #expect(rig.events.all.isEmpty)
        try client.send(Self.event + Self.event.replacing("content", with: "connection: close\r\ncontent"))
        #expect(client.read().hasSuffix("<end>"))
        await rig.stop()
    }

    @Test func `the last quarter of the memory for bodies is kept for known clients`() async throws {
        let rig = try await ServerRig { $0.bufferedBytesPerLoop = 400_000 }
        let known = try RawClient(port: rig.plainPort)
        try known.send(Self.event)
        #expect(known.read(until: "\r\n\r\n").hasPrefix("HTTP/1.1 204"))
        let half =
            "POST /event HTTP/1.1\r\nhost: x\r\ncontent-length: 200000\r\n\r\n" + String(repeating: "x", count: 150_000)
        let hoarder = try RawClient(port: rig.plainPort)
        try hoarder.send(half)
        let second = try RawClient(port: rig.plainPort)
        try second.send(half)
        #expect(second.read(until: "\r\n").hasPrefix("HTTP/1.1 503"))
        #expect(rig.events.all == [.connectionEnded(.memoryFull)])
        try known.send(half + String(repeating: "x", count: 50_000))
        #expect(known.read(until: "\r\n\r\n").hasPrefix("HTTP/1.1 204"))
        await rig.stop()
    }

    @Test func `every cut-off has its reason`() async throws {
        let rig = try await ServerRig { options in
            options.headTime = .milliseconds(200)
            options.bodyTime = .milliseconds(200)
            options.idleTime = .milliseconds(200)
        }
        let starts: [(String, ConnectionEndReason)] = [
            ("", .silent), ("PRI * HT", .slowHead), ("POST /event HT", .slowHead), (Self.event, .idle),
            ("POST /event HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nabc", .slowBody),
            ("GET / HTTP/1.1\nhost: x\n\n", .badRequest), ("GET /" + String(repeating: "x", count: 9000), .tooLarge),
        ]
        for (index, (start, reason)) in starts.enumerated() {
            let client = try RawClient(port: rig.plainPort)
            try client.send(start)
            _ = client.read()
            try await eventually("a reason") { rig.events.all.count == index + 1 }
            #expect(rig.events.all.last == .connectionEnded(reason), "\(start.prefix(20))")
        }
        let secure = try RawClient(port: rig.tlsPort)
        _ = secure.read()
        try await eventually("a reason") { rig.events.all.count == starts.count + 1 }
        #expect(rig.events.all.last == .connectionEnded(.slowHandshake))
        let noise = try RawClient(port: rig.tlsPort)
        try noise.send("GET / HTTP/1.1\r\n\r\n")
        _ = noise.read()
        #expect(rig.events.all.last == .connectionEnded(.handshakeFailed))
        await rig.stop()
    }
}
