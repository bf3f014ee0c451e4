import Bytes
import HTTP2Rules
import JSON
import TestKit
import Testing

/// The event gateway as a process, seen by an HTTP/2 client that breaks the rules and has no token: over TLS and without, judged by
/// nothing but the frames that come back. The gateway refuses such requests by their heads, and must hold what follows to the rules.
@Suite struct GatewayConformanceTests {
    @Test func `every rule of the RFCs is kept on the wire, however the frames are sent`() async throws {
        let plane = try await Plane()
        var cases: [(rule: Rule, conversation: Conversation)] = []
        for rule in Rules.all {
            for tls in [true, false] {
                cases.append((rule, Conversation(rule, tls, asOne: true)))
                if !rule.opensConnection { cases.append((rule, Conversation(rule, tls, asOne: false))) }
            }
        }
        // On a machine so slow that seconds passed between two frames, a client that left its body open was asked to stop (NO_ERROR),
        // and the rule was not put to the test: again.
        for _ in 0..<10 where !cases.isEmpty {
            let outcomes = try await plane.play(cases.map(\.conversation))
            var again: [(rule: Rule, conversation: Conversation)] = []
            for (entry, outcome) in zip(cases, outcomes) {
                if outcome.steps.contains(where: { $0.contains { $0.resetCode == 0 } }) {
                    again.append(entry)
                    continue
                }
                let fault = outcome.fault(against: entry.rule)
                #expect(fault == nil, "\(entry.rule), \(entry.conversation): \(outcome)")
            }
            cases = again
        }
        #expect(cases.isEmpty)
        try await plane.stop()
    }

    @Test func `what the gateway sends keeps to the client's windows, tables and lengths`() async throws {
        let plane = try await Plane()
        for tls in [true, false] {
            for exchange in Self.exchanges {
                let outcome = try await plane.play([Conversation(exchange, tls)])[0]
                try exchange.judge(Array(outcome.steps.dropFirst()))
                #expect(outcome.end == exchange.end, "\(exchange.name): \(outcome)")
            }
        }
        try await plane.stop()
    }

    /// What is sent after the opening, step by step, and a judge of what came back.
    struct Exchange: Sendable {
        let name: String
        let steps: [[UInt8]]
        let end: String
        let judge: @Sendable ([[WireFrame]]) throws -> Void

        init(
            _ name: String, _ steps: [[UInt8]], end: String = "open",
            _ judge: @escaping @Sendable ([[WireFrame]]) throws -> Void
        ) {
            self.name = name
            self.steps = steps
            self.end = end
            self.judge = judge
        }
    }

    private static let exchanges = [
        Exchange(
            "SETTINGS are acknowledged, PING is answered with its content",
            [Raw.settings([(3, 9)]) + Raw.ping("hi there")]
        ) {
            #expect($0[0].contains { $0.type == 4 && $0.flags == 1 && $0.payload.isEmpty })
            #expect($0[0].contains { $0.type == 6 && $0.flags == 1 && $0.payload == Array("hi there".utf8) })
        },
        Exchange(
            "a stream's error does not keep a PING from being answered",
            [Raw.headers(1, []) + Raw.ping("under it") + Raw.headers(3)]
        ) {
            #expect($0[0].contains { $0.stream == 1 && $0.resetCode == Code.protocolError })
            #expect($0[0].contains { $0.type == 6 && $0.payload == Array("under it".utf8) })
            #expect($0[0].status(3) == "404" && $0[0].hasEnd(3))
        },
        Exchange(
            "GOAWAY names the last request that was read", [Raw.headers(1), Raw.headers(7) + Raw.data(9, [1])],
            end: "closed"
        ) { steps in
            #expect(steps[0].status(1) == "404")
            #expect(steps[1].compactMap(\.goAwayCode) == [Code.protocolError])
            #expect(steps[1].last?.payload.starts(with: [0, 0, 0, 7]) ?? false)
        },
        Exchange(
            "an answer of one byte at a time, and a window below zero",
            [
                Raw.settings([(4, 1)]) + Raw.headers(1), Raw.settings([(4, 3)]), Raw.settings([(4, 2)]),
                Raw.window(1, 1),
                Raw.window(1, 1), Raw.window(1, 1000),
            ]
        ) { steps in
            let bodies = steps.map { $0.body(1) }
            #expect(steps[0].status(1) == "404")
            #expect(Array(bodies.dropLast()) == [1, 2, 0, 0, 1])
            #expect(bodies.reduce(0, +) == steps[0].contentLength(1) && steps[5].hasEnd(1))
        },
        Exchange(
            "an answer that waits for its window",
            [
                Raw.settings([(4, 0)]) + Raw.headers(1), Raw.window(0, 1000), Raw.window(1, 1000),
            ]
        ) { steps in
            #expect(steps[0].status(1) == "404" && !steps[0].hasEnd(1))
            #expect(steps.map { $0.body(1) } == [0, 0, steps[0].contentLength(1)])
            #expect(steps[2].hasEnd(1))
        },
        Exchange(
            "the connection's window",
            // Never more under way than the gateway's SETTINGS allow.
            (0..<10).map { step in (0..<130).flatMap { Raw.headers(2 * (130 * step + $0) + 1) } }
                + [Raw.window(0, 1 << 20)]
        ) { steps in
            let sent = steps.dropLast().joined().reduce(0) { $0 + ($1.type == 0 ? $1.payload.count : 0) }
            #expect(sent == 65_535)
            let lastHasEnded = steps[10].hasEnd(2599)
            #expect(lastHasEnded)
        },
        Exchange(
            "GET, HEAD, POST, OPTIONS on a path that is not there",
            [
                Raw.headers(1), Raw.headers(3, Raw.request("HEAD")),
                Raw.headers(5, Raw.post, end: false) + Raw.data(5, [1, 2]), Raw.headers(7, Raw.request("OPTIONS")),
            ]
        ) { steps in
            for (index, stream) in [UInt32(1), 3, 5, 7].enumerated() {
                #expect(steps[index].status(stream) == "404" && steps[index].hasEnd(stream))
                #expect(steps[index].contentLength(stream) > 0)
                #expect((steps[index].body(stream) > 0) == (stream != 3))
            }
        },
        Exchange(
            "a request without a token",
            [
                Raw.headers(
                    1,
                    Raw.block([(":method", "POST"), (":scheme", "https"), (":path", "/event"), (":authority", "x")]),
                    end: false),
                Raw.data(1, [1, 2, 3]),
            ]
        ) { steps in
            #expect(steps[0].status(1) == "401" && steps[0].hasEnd(1))
            #expect(steps[0].body(1) == steps[0].contentLength(1) && steps[0].body(1) > 0)
            #expect(steps[1].isEmpty)
        },
        Exchange(
            "a table of no size is confirmed in the next block (RFC 7541 section 4.2)",
            [
                Raw.settings([(1, 0)]), Raw.headers(1), Raw.headers(3),
            ]
        ) { steps in
            #expect(steps[1].first { $0.type == 1 }?.payload.first == 0x20)
            #expect(steps[2].first { $0.type == 1 }?.payload.first != 0x20)
        },
        Exchange(
            "more of a body than any window allowed",
            [
                Raw.headers(1, Raw.post, end: false),
                (0..<96).flatMap { _ in Raw.data(1, [UInt8](repeating: 7, count: 16_384), end: false) },
                Raw.headers(3),
            ]
        ) { steps in
            #expect(steps[0].status(1) == "404" && steps[0].hasEnd(1))
            // On a machine that takes seconds for this, the client was asked to stop before (NO_ERROR).
            let resets = steps[1].compactMap(\.resetCode)
            #expect(resets == [Code.flowControl] || resets == [0])
            #expect(steps[2].status(3) == "404" && steps[2].hasEnd(3))
        },
        Exchange(
            "the rest of a body that nobody wants is let in, and the client is not stuck",
            [
                Raw.headers(1, Raw.post, end: false)
            ]
                + (0..<4).map { step in
                    (0..<12).flatMap { Raw.data(1, [UInt8](repeating: 7, count: 16_384), end: step == 3 && $0 == 11) }
                }
        ) { steps in
            #expect(steps[0].status(1) == "404" && steps[0].hasEnd(1))
            #expect(steps.flatMap { $0 }.allSatisfy { $0.resetCode ?? 0 == 0 })
            #expect(steps.flatMap { $0 }.contains { $0.type == 8 && $0.stream == 1 })
        },
    ]
}

/// What is said on one connection, in steps; behind those that settle, all that comes back is waited for.
struct Conversation: CustomStringConvertible {
    let tls: Bool
    let steps: [(bytes: [UInt8], settles: Bool)]
    /// Steps whose outcome is not judged.
    let given: Int
    let description: String

    /// A rule. Its requests are answered with a text, so a window of no size keeps their streams from being closed.
    init(_ rule: Rule, _ tls: Bool, asOne: Bool) {
        self.tls = tls
        description = "\(tls ? "TLS" : "h2c")\(asOne ? "" : ", frame by frame")"
        if rule.opensConnection {
            let ends = if case .connectionError = rule.verdict { true } else { false }
            (given, steps) = (0, [(rule.frames.flatMap { $0 }, !ends)])
            return
        }
        let opening = Raw.opening + (rule.answer == .never ? Raw.settings([(4, 0)]) : [])
        let frames = asOne ? [rule.frames.flatMap { $0 }] : rule.frames
        var isInBlock = false
        given = 1 + rule.given.count
        steps = ([opening] + rule.given + frames).map { bytes in
            isInBlock = Self.leavesBlockOpen(bytes, isInBlock)
            return (bytes, !isInBlock)
        }
    }

    /// An exchange.
    init(_ exchange: GatewayConformanceTests.Exchange, _ tls: Bool) {
        self.tls = tls
        description = "\(exchange.name), \(tls ? "TLS" : "h2c")"
        given = 0
        steps = ([Raw.opening] + exchange.steps).map { ($0, true) }
    }

    /// Whether these bytes, which may begin with the preface, leave a header block open: a ping would then be against the rules.
    private static func leavesBlockOpen(_ bytes: [UInt8], _ wasOpen: Bool) -> Bool {
        var rest = bytes.starts(with: Raw.preface) ? bytes[Raw.preface.count...] : bytes[...]
        var isOpen = wasOpen
        while rest.count >= 9 {
            let head = Array(rest.prefix(9))
            if head[3] == 1 || head[3] == 9 { isOpen = head[4] & 4 == 0 }
            rest = rest.dropFirst(9 + (Int(head[0]) << 16 | Int(head[1]) << 8 | Int(head[2])))
        }
        return isOpen
    }
}

/// A frame of the server, as the stranger read it.
struct WireFrame: CustomStringConvertible {
    let type: Int
    let flags: Int
    let stream: UInt32
    let payload: [UInt8]
    let fields: [(name: String, value: String)]

    init(_ json: JSONValue) {
        type = Int(json["type"]?.int64 ?? -1)
        flags = Int(json["flags"]?.int64 ?? 0)
        stream = UInt32(json["stream"]?.int64 ?? 0)
        payload = json["payload"]?.string.flatMap { Hex.decode($0) } ?? []
        fields = (json["fields"]?.array ?? []).map { ($0[0]?.string ?? "", $0[1]?.string ?? "") }
    }

    /// RST_STREAM's code.
    var resetCode: Int? { type == 3 ? payload.reduce(0) { $0 << 8 | Int($1) } : nil }
    /// GOAWAY's code.
    var goAwayCode: Int? { type == 7 ? payload[4..<8].reduce(0) { $0 << 8 | Int($1) } : nil }

    var description: String {
        let names = [
            "DATA", "HEADERS", "PRIORITY", "RST_STREAM", "SETTINGS", "PUSH_PROMISE", "PING", "GOAWAY", "WINDOW_UPDATE",
            "CONTINUATION",
        ]
        let detail = resetCode ?? goAwayCode ?? payload.count
        return "\(names[type]) \(stream) flags \(flags) \(fields.first?.value ?? "") \(detail)"
    }
}

extension [WireFrame] {
    func status(_ stream: UInt32) -> String? { field(stream, ":status") }
    func contentLength(_ stream: UInt32) -> Int { field(stream, "content-length").flatMap { Int($0) } ?? 0 }
    func body(_ stream: UInt32) -> Int {
        reduce(0) { $0 + ($1.type == 0 && $1.stream == stream ? $1.payload.count : 0) }
    }
    func hasEnd(_ stream: UInt32) -> Bool { contains { $0.type <= 1 && $0.stream == stream && $0.flags & 1 == 1 } }

    private func field(_ stream: UInt32, _ name: String) -> String? {
        lazy.filter { $0.type == 1 && $0.stream == stream }.compactMap {
            $0.fields.first { $0.name == name }?.value
        }.first
    }
}

/// What came back on one connection.
struct Outcome: CustomStringConvertible {
    let steps: [[WireFrame]]
    /// `open`, `closed` by the server, or `silent`.
    let end: String
    let given: Int

    var description: String { "\(end): \(steps.dropFirst(given))" }

    /// What is wrong with it; nil when the rule was kept.
    func fault(against rule: Rule) -> String? {
        let frames = steps.dropFirst(given).flatMap { $0 }
        let resets = frames.filter { $0.type == 3 }
        let goAways = frames.compactMap(\.goAwayCode)
        if case .connectionError(let code) = rule.verdict {
            if end != "closed" { return "not closed" }
            // §3.4: nothing need be said to whoever does not speak HTTP/2.
            return goAways == [code] || rule.opensConnection && frames.isEmpty ? nil : "GOAWAY \(goAways)"
        }
        if end != "open" || !goAways.isEmpty { return "ended" }
        switch rule.verdict {
        case .streamError(let stream, let code):
            return resets.map(\.stream) == [stream] && resets.map(\.resetCode) == [code] ? nil : "another reset"
        case .served(let stream):
            // The head alone may have been enough.
            let all = steps.flatMap { $0 }
            if !resets.isEmpty || all.status(stream) == nil { return "not answered" }
            return all.hasEnd(stream) || rule.answer == .never ? nil : "no end"
        case .answered(let stream, let status):
            return resets.isEmpty && frames.status(stream) == status ? nil : "not answered so"
        case .ignored, .connectionError: return resets.isEmpty ? nil : "reset"
        }
    }
}

extension Plane {
    /// Has a stranger say what is to be said to the event gateway.
    func play(_ conversations: [Conversation]) async throws -> [Outcome] {
        let script: [JSONValue] = conversations.map { conversation in
            let steps: [JSONValue] = conversation.steps.map {
                ["bytes": .string(Hex.encode($0.bytes)), "settle": .bool($0.settles)]
            }
            return ["tls": .bool(conversation.tls), "steps": .array(steps)]
        }
        let ready = try ready()
        let result = try await runTool(
            Strangers.python,
            [
                "\(Strangers.packageRoot)/Tests/Strangers/http2_player.py", ready.document["caFile"]?.string ?? "",
                Self.port(ready.url("events")), Self.port(ready.url("eventsPlain")),
            ], input: JSONValue.array(script).bytes(), deadline: .seconds(300))
        let told = try JSONValue.parse(result.outputBytes).array ?? []
        try #require(told.count == conversations.count)
        return zip(told, conversations).map { json, conversation in
            let steps = (json["steps"]?.array ?? []).map { ($0.array ?? []).map { WireFrame($0) } }
            return Outcome(steps: steps, end: json["end"]?.string ?? "", given: conversation.given)
        }
    }

    private static func port(_ url: String) -> String {
        url.split(separator: ":").last.map { String($0.prefix { $0.isNumber }) } ?? ""
    }
}
