import Bytes
import HTTP
import HTTP2

/// Frames as bytes, legal or not.
enum Raw {
    static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

    static func frame(_ type: UInt8, flags: UInt8 = 0, stream: UInt32 = 0, _ payload: [UInt8] = []) -> [UInt8] {
        number(payload.count, 3) + [type, flags] + number(Int(stream), 4) + payload
    }

    static func number(_ value: Int, _ count: Int) -> [UInt8] {
        (0..<count).reversed().map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }

    static func data(_ stream: UInt32, _ bytes: [UInt8], end: Bool = true) -> [UInt8] {
        frame(0, flags: end ? 1 : 0, stream: stream, bytes)
    }

    static func headers(_ stream: UInt32, _ block: [UInt8] = get, end: Bool = true, complete: Bool = true) -> [UInt8] {
        frame(1, flags: (end ? 1 : 0) | (complete ? 4 : 0), stream: stream, block)
    }

    static func continuation(_ stream: UInt32, _ block: [UInt8], complete: Bool = true) -> [UInt8] {
        frame(9, flags: complete ? 4 : 0, stream: stream, block)
    }

    static func reset(_ stream: UInt32, _ code: Int = 8) -> [UInt8] { frame(3, stream: stream, number(code, 4)) }

    static func settings(_ values: [(Int, Int)] = [], acknowledges: Bool = false) -> [UInt8] {
        frame(4, flags: acknowledges ? 1 : 0, values.flatMap { number($0.0, 2) + number($0.1, 4) })
    }

    static func ping(_ text: String = "pingping", acknowledges: Bool = false) -> [UInt8] {
        frame(6, flags: acknowledges ? 1 : 0, Array(text.utf8))
    }

    static func goAway(_ code: Int = 0, last: Int = 0) -> [UInt8] { frame(7, number(last, 4) + number(code, 4)) }

    static func window(_ stream: UInt32, _ increment: Int) -> [UInt8] { frame(8, stream: stream, number(increment, 4)) }

    static func priority(_ stream: UInt32, dependsOn parent: Int = 0) -> [UInt8] {
        frame(2, stream: stream, number(parent, 4) + [15])
    }

    /// A block of literals that are not indexed, names as they are given.
    static func block(_ fields: [(String, String)]) -> [UInt8] {
        fields.flatMap { [0] + string($0.0) + string($0.1) }
    }

    static func string(_ text: String) -> [UInt8] {
        let bytes = Array(text.utf8)
        if bytes.count < 127 { return [UInt8(bytes.count)] + bytes }
        var rest = bytes.count - 127
        var coded: [UInt8] = [127]
        while rest >= 128 {
            coded.append(UInt8(rest & 127 | 128))
            rest >>= 7
        }
        return coded + [UInt8(rest)] + bytes
    }

    static let get = request("GET")
    static let post = request("POST")

    static func request(_ method: String, _ more: [(String, String)] = []) -> [UInt8] {
        block([(":method", method), (":scheme", "https"), (":path", "/"), (":authority", "x")] + more)
    }
}

/// What a session has sent, frame by frame.
enum Sent: Equatable, CustomStringConvertible {
    case settings
    case settingsAcknowledged
    case headers(UInt32, [String], end: Bool)
    case data(UInt32, Int, end: Bool)
    case reset(UInt32, Int)
    case pinged(String)
    case goAway(last: Int, Int)
    case window(UInt32, Int)

    var description: String {
        switch self {
        case .settings: "SETTINGS"
        case .settingsAcknowledged: "SETTINGS ack"
        case .headers(let stream, let lines, let end): "HEADERS \(stream) \(lines)\(end ? " end" : "")"
        case .data(let stream, let count, let end): "DATA \(stream) \(count)\(end ? " end" : "")"
        case .reset(let stream, let code): "RST_STREAM \(stream) \(code)"
        case .pinged(let text): "PING ack \(text)"
        case .goAway(let last, let code): "GOAWAY \(last) \(code)"
        case .window(let stream, let increment): "WINDOW_UPDATE \(stream) \(increment)"
        }
    }
}

/// A client that says what it is told, byte for byte, to a session in memory, and reads the frames that come back.
final class RawPeer {
    let server: MemoryServer
    private let decoder = HPACKDecoder()
    private var pending: [UInt8] = []
    private(set) var sent: [Sent] = []

    /// - Parameter handshake: The preface, SETTINGS and the acknowledgement of the server's.
    init(
        _ kind: HTTP2Implementation = .ingest, _ limits: HTTP2ServerLimits = HTTP2ServerLimits(), handshake: Bool = true
    ) throws {
        server = try MemoryServer(kind, limits)
        server.answer = { _ in .text(.ok, "hello, world\n") }
        if handshake { try say(Raw.preface + Raw.settings() + Raw.settings(acknowledges: true)) }
    }

    /// Gives the bytes to the session and takes all that it then sends.
    @discardableResult
    func say(_ bytes: [UInt8]) throws -> [Sent] {
        let before = sent.count
        do {
            try bytes.withUnsafeBytes { try server.session.receive($0) }
        } catch is HTTP2Error {
            server.session.terminate()
        }
        try pull()
        return Array(sent[before...])
    }

    func pull() throws {
        var out = OutputBuffer()
        try server.session.pullOutput(into: &out, upTo: 1 << 20)
        pending += out.copyBytes()
        while pending.count >= 9 {
            let length = Int(pending[0]) << 16 | Int(pending[1]) << 8 | Int(pending[2])
            precondition(pending.count >= 9 + length, "a session sends whole frames")
            try read(pending[3], pending[4], UInt32(value(pending[5..<9])), Array(pending[9..<(9 + length)]))
            pending.removeFirst(9 + length)
        }
        precondition(pending.isEmpty, "a session sends whole frames")
    }

    private func value(_ bytes: some Sequence<UInt8>) -> Int { bytes.reduce(0) { $0 << 8 | Int($1) } }

    private func read(_ type: UInt8, _ flags: UInt8, _ stream: UInt32, _ payload: [UInt8]) throws {
        let end = flags & 1 == 1
        switch type {
        case 0: sent.append(.data(stream, payload.count, end: end))
        case 1: sent.append(.headers(stream, try decoder.lines(payload), end: end))
        case 3: sent.append(.reset(stream, value(payload)))
        case 4: sent.append(end ? .settingsAcknowledged : .settings)
        case 6: sent.append(.pinged(String(decoding: payload, as: UTF8.self)))
        case 7: sent.append(.goAway(last: value(payload[..<4]), value(payload[4..<8])))
        case 8: sent.append(.window(stream, value(payload)))
        default: preconditionFailure("no server sends frames of type \(type)")
        }
    }

    /// The code of the GOAWAY that ended the connection.
    var goAwayCode: Int? {
        for case .goAway(_, let code) in sent where code != 0 || server.session.isFinished { return code }
        return nil
    }

    func resetCode(_ stream: UInt32) -> Int? {
        for case .reset(stream, let code) in sent { return code }
        return nil
    }

    func status(_ stream: UInt32) -> String? {
        for case .headers(stream, let lines, _) in sent {
            return lines.first { $0.hasPrefix(":status: ") }.map { String($0.dropFirst(9)) }
        }
        return nil
    }

    func body(_ stream: UInt32) -> Int {
        sent.reduce(0) { if case .data(stream, let count, _) = $1 { $0 + count } else { $0 } }
    }
}
