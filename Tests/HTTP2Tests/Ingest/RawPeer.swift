import Bytes
import HTTP
import HTTP2
import HTTP2Rules

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
        if handshake { try say(Raw.opening) }
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

    func answerIsComplete(_ stream: UInt32) -> Bool {
        sent.contains { frame in
            switch frame {
            case .headers(stream, _, end: true), .data(stream, _, end: true): true
            case .settings, .settingsAcknowledged, .headers, .data, .reset, .pinged, .goAway, .window: false
            }
        }
    }

    func body(_ stream: UInt32) -> Int {
        sent.reduce(0) { if case .data(stream, let count, _) = $1 { $0 + count } else { $0 } }
    }
}
