import Bytes
import HTTP
import JSON
import System
import TestKit
import Testing
import Tunnel

/// `Tests/Strangers/tunnel/vectors.json`: written by another implementation of the specification.
private struct Vectors {
    let frames: [JSONValue]
    let refused: [JSONValue]
    let rules: [JSONValue]

    init() throws {
        let text = try readFile("\(Strangers.packageRoot)/Tests/Strangers/tunnel/vectors.json")
        let document = try JSONValue.parse(text)
        frames = try #require(document["frames"]?.array)
        refused = try #require(document["refused"]?.array)
        rules = try #require(document["rules"]?.array)
    }
}

/// Hexadecimal; `…*N` repeats the last byte up to N bytes.
private func unpack(_ text: String) throws -> [UInt8] {
    let parts = text.split(separator: "*")
    var bytes = try #require(Hex.decode(text.isEmpty ? "" : parts[0]))
    if parts.count == 2, let last = bytes.last, let count = Int(parts[1]) {
        bytes.append(contentsOf: repeatElement(last, count: count - bytes.count))
    }
    return bytes
}

/// Reads a frame and the message in it, and writes it again.
func rewritten(_ message: [UInt8]) throws(TunnelError) -> [UInt8] {
    let frame = try TunnelFrame(reading: message)
    guard let type = frame.type else { return message }
    let payload: [UInt8] =
        switch type {
        case .hello: try TunnelHello(payload: frame.payload).payload()
        case .welcome: try TunnelWelcome(payload: frame.payload).payload()
        case .drain: try TunnelDrain(payload: frame.payload).payload()
        case .goodbye: try TunnelGoodbye(payload: frame.payload).payload()
        case .open: try TunnelOpen(payload: frame.payload).payload()
        case .head: try TunnelHead(payload: frame.payload).payload()
        case .trailer: try TunnelTrailer(payload: frame.payload).payload()
        case .reset: try TunnelReset(payload: frame.payload).payload()
        case .event: try TunnelFact(payload: frame.payload).payload()
        case .ping, .pong, .ack, .data, .credit, .eventAck: Array(frame.payload)
        }
    return TunnelFrame.message(type, frame.flags, stream: frame.stream, payload: payload)
}

@Suite struct VectorTests {
    @Test func `every frame of the vectors is read, and written byte for byte`() throws {
        var types: Set<String> = []
        for vector in try Vectors().frames {
            let name = try #require(vector["name"]?.string)
            let message = try unpack(try #require(vector["hex"]?.string))
            let frame = try TunnelFrame(reading: message)
            let type = try #require(frame.type)
            types.insert(type.name)
            #expect(type.name == vector["type"]?.string, "\(name)")
            #expect(Int64(frame.stream) == vector["stream"]?.int64 ?? 0, "\(name)")
            #expect(try rewritten(message) == message, "\(name)")
        }
        #expect(types == Set(TunnelFrameType.allCases.map(\.name)))
    }

    @Test func `what breaks a rule of form is refused`() throws {
        for vector in try Vectors().refused {
            let name = try #require(vector["name"]?.string)
            let message = try unpack(try #require(vector["hex"]?.string))
            #expect(throws: TunnelError.self, "\(name)") { try rewritten(message) }
        }
    }

    @Test func `a welcomed agent answers every message as the rules say`() throws {
        let now = MonotonicTime(nanoseconds: 1)
        for vector in try Vectors().rules {
            let name = try #require(vector["name"]?.string)
            var agent = TunnelSession(agent: TunnelLimits(), at: now)
            var hello = Link.hello
            hello.lastFact = 7
            agent.connectionOpened(hello, at: now)
            agent.receive(try unpack(try #require(vector["welcome"]?.string)), at: now)
            for message in try #require(vector["messages"]?.array) {
                agent.receive(try unpack(try #require(message.string)), at: now)
            }
            var goodbye: Int64?
            var reset: [Int64]?
            var out = OutputBuffer()
            while agent.nextMessage(into: &out, at: now) {
                let frame = try TunnelFrame(reading: out.copyBytes())
                out.removeAll()
                if frame.type == .goodbye { goodbye = Int64(try TunnelGoodbye(payload: frame.payload).code.rawValue) }
                if frame.type == .reset {
                    reset = [Int64(frame.stream), Int64(try TunnelReset(payload: frame.payload).code.rawValue)]
                }
            }
            #expect(goodbye == vector["goodbye"]?.int64, "\(name)")
            #expect(reset == vector["reset"]?.array?.compactMap(\.int64), "\(name)")
        }
    }

    @Test(arguments: [
        ("OPEN", #"{"kind":"http","reqID":"r","priority":"bulk","actor":{"sub":"a"}}"#, "OPEN has no 'actor.org'"),
        (
            "OPEN", #"{"kind":"http","priority":"fast"}"#,
            "'priority' of OPEN is not one of 'control', 'interactive', 'watch', 'bulk'"
        ),
        ("OPEN", #"{"deadlineMs":600001}"#, "'deadlineMs' of OPEN is not an integer from 1 to 600000"),
        ("OPEN", #"{"kind": http}"#, "OPEN is not JSON: unexpected character at line 1, column 10"),
        ("HELLO", #"{"limits":{"maxStreams":-1}}"#, "'limits' of HELLO is not an integer from 0 to 65536"),
        ("HEAD", #"{"status":200,"headers":[["a"]]}"#, "'headers' of HEAD is not a list of pairs"),
        ("HEAD", #"{"status":200,"status":200}"#, "'status' of HEAD is not there once"),
    ])
    func `a refusal names the message, the member and the rule`(_ message: String, _ text: String, _ error: String) {
        var found = ""
        do throws(TunnelError) {
            let payload = Array(text.utf8)[...]
            switch message {
            case "OPEN": _ = try TunnelOpen(payload: payload)
            case "HELLO": _ = try TunnelHello(payload: payload)
            default: _ = try TunnelHead(payload: payload)
            }
        } catch {
            found = error.description
        }
        #expect(found == error)
    }

    @Test func `unknown members are passed over, whatever they hold, and null is the same as absent`() throws {
        let text = #"{"x":[{"y":[1,2]},null],"status":204,"z":{"status":1},"headers":null}"#
        #expect(try TunnelHead(payload: Array(text.utf8)[...]) == TunnelHead(status: .init(204)))
        let members = (0..<65).map { "\"m\($0)\":0" }.joined(separator: ",")
        #expect(throws: TunnelError.self) { try TunnelTrailer(payload: Array("{\(members)}".utf8)[...]) }
        let deep = "{\"x\":" + String(repeating: "[", count: 16) + String(repeating: "]", count: 16) + "}"
        #expect(throws: TunnelError.self) { try TunnelTrailer(payload: Array(deep.utf8)[...]) }
    }

    @Test func `a text that is too long is cut at a character`() throws {
        let reset = TunnelReset(.cancel, String(repeating: "é", count: 600) + "x")
        let read = try TunnelReset(payload: reset.payload()[...])
        #expect(read.text == String(repeating: "é", count: 512))
        #expect(try TunnelGoodbye(payload: TunnelGoodbye(.flood, reset.text).payload()[...]).text.utf8.count == 1024)
    }

    @Test func `random messages are read or refused, and what is read is written as the same message`() throws {
        var random = SeededGenerator(seed: 11)
        let seeds = try Vectors().frames.map { try unpack(try #require($0["hex"]?.string)) }
        for round in 0..<20_000 {  // the fuzz target `tunnel-frame` does the rest
            var message = seeds[Int.random(in: 0..<seeds.count, using: &random)]
            for _ in 0..<Int.random(in: 0...4, using: &random) where !message.isEmpty {
                let place = Int.random(in: 0..<message.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: message[place] = UInt8.random(in: 0...255, using: &random)
                case 1: message.remove(at: place)
                case 2: message.insert(UInt8.random(in: 0x20...0x7E, using: &random), at: place)
                case _: if message.count > 12 { message[11] = UInt8(truncatingIfNeeded: message.count - 12) }
                }
            }
            guard let once = try? rewritten(message) else { continue }  // refused is fine
            #expect(try rewritten(once) == once, "round \(round)")
        }
    }
}

@Suite struct StrangerTests {
    private static let script = "\(Strangers.packageRoot)/Tests/Strangers/tunnel/tunnel.py"

    @Test func `the stranger reads and writes the vectors`() async throws {
        let vectors = "\(Strangers.packageRoot)/Tests/Strangers/tunnel/vectors.json"
        let result = try await runTool(try Strangers.python, [Self.script, "check", vectors])
        let report = try JSONValue.parse(result.output)
        #expect(report["faults"]?.array == [])
        let again = try await runTool(try Strangers.python, [Self.script, "write"])
        let file = try readFile(vectors)
        #expect(file == again.outputBytes, "vectors.json is what tunnel.py writes")
    }

    @Test func `frames of the stranger are read here and written as it wrote them`() async throws {
        let result = try await runTool(try Strangers.python, [Self.script, "random", "7", "2000"])
        var count = 0
        for line in result.output.split(separator: "\n") {
            let (hex, meaning) = (line.prefix { $0 != " " }, line.drop { $0 != " " }.dropFirst())
            let message = try #require(Hex.decode(hex))
            let again = try rewritten(message)
            if !meaning.contains("x-unknown") { #expect(again == message, "\(meaning)") }
            count += 1
        }
        #expect(count == 2000)
    }

    @Test func `a whole conversation of ours is frames to the stranger`() async throws {
        let link = Link.connected()
        var lines = ""
        func note(_ messages: [[UInt8]]) {
            for message in messages where message[0] == 0x12 || message[0] == 0x13 || message[0] == 0x07 {
                let frame = try? TunnelFrame(reading: message)  // ours
                guard let frame, let type = frame.type else { continue }
                var flags: [String] = []
                if frame.flags.contains(.end) { flags.append("\"END\"") }
                var members = ["\"type\":\"\(type.name)\""]
                if !flags.isEmpty { members.append("\"flags\":[\(flags.joined(separator: ","))]") }
                if frame.stream != 0 { members.append("\"stream\":\(frame.stream)") }
                if type == .data {
                    members.append("\"bytes\":\"\(Hex.encode(frame.payload))\"")
                } else {
                    members.append("\"count\":\(frame.payload.reduce(0) { $0 << 8 | UInt64($1) })")
                }
                lines += "\(Hex.encode(message)) {\(members.joined(separator: ","))}\n"
            }
        }
        let id = try link.accepted(.port)
        for round in 0..<40 {
            link.server.write(id, [UInt8](repeating: UInt8(round), count: 9000)[...], at: link.now)
            link.pump()
            note(link.toServer + link.toAgent)
            link.exchange()
            for case .data(_, _, let bytes) in link.agentEvents() { link.agent.consumed(id, bytes.count) }
        }
        link.server.finish(id)
        link.pump()
        note(link.toServer + link.toAgent)
        let result = try await runTool(try Strangers.python, [Self.script, "judge"], input: Array(lines.utf8))
        let report = try JSONValue.parse(result.output)
        #expect(report["faults"]?.array == [])
        #expect((report["frames"]?.int64 ?? 0) > 40)
    }
}
