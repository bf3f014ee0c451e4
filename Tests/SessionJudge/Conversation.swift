internal import HTTP2
internal import Bytes
internal import HTTP

/// What one server session made of one piece of a client's byte stream: everything that a peer or a handler could see.
struct Step: Equatable, CustomStringConvertible {
    /// Requests that were shown to the handler, each as text: head, fields, token and body.
    var requests: [String] = []
    /// Heads of answers by stream, as the fields that were decoded.
    var answers: [UInt32: [String]] = [:]
    /// Bytes of bodies by stream, and whether they ended.
    var bodies: [UInt32: Int] = [:]
    var ended: Set<UInt32> = []
    /// Codes of RST_STREAM by stream.
    var resets: [UInt32: Int] = [:]
    /// Code of GOAWAY; nil without one.
    var goAway: Int?
    /// Contents of the pings that were answered.
    var pings: [[UInt8]] = []
    var settingsAcknowledged = 0

    var description: String {
        var words = requests.map { "shown {\($0)}" }
        words += answers.sorted { $0.key < $1.key }.map { "answered \($0.key) \($0.value)" }
        words += bodies.sorted { $0.key < $1.key }.map { "body \($0.key) \($0.value)" }
        words += ended.sorted().map { "ended \($0)" }
        words += resets.sorted { $0.key < $1.key }.map { "reset \($0.key) \($0.value)" }
        words += pings.map { "ping \($0)" }
        if settingsAcknowledged > 0 { words.append("settings \(settingsAcknowledged)") }
        if let goAway { words.append("goaway \(goAway)") }
        return words.joined(separator: ", ")
    }
}

/// A session with a handler whose answers depend on nothing but the stream's number, so that two sessions get the same ones.
final class Conversation: HTTP2RequestReceiver {
    private var session: (any HTTP2ServerSession)!
    private let decoder = HPACKDecoder()
    private var step = Step()
    /// Streams whose answer waits, with the number of pieces that it waits for.
    private var waiting: [(stream: UInt32, pieces: Int)] = []
    /// The token that was shown last, and the number of its value on this connection.
    private var lastToken: (text: String, epoch: UInt32)?
    private(set) var hasEnded = false

    init(_ kind: HTTP2Implementation, _ limits: HTTP2ServerLimits) throws(HTTP2Error) {
        session = try kind.makeSession(receiver: self, pool: HTTP2StreamPool(limit: 16), limits: limits)
    }

    func headArrived(_ number: UInt32, head: borrowing RequestHead) -> Response? {
        if !note(head.authorization) { step.requests.append("\(number) had another's token") }
        return nil
    }

    /// Whether what the session says of a token's sameness is true. When it says so is its own affair: the two keep their heads
    /// for different times.
    private func note(_ token: TokenReference) -> Bool {
        let told = (text: Self.text(token.bytes), epoch: token.epoch)
        defer { lastToken = told }
        guard let lastToken else { return true }
        return token.epoch == lastToken.epoch ? told.text == lastToken.text : !token.sameAsPrevious
    }

    func requestArrived(_ number: UInt32, head: borrowing RequestHead, body: UnsafeRawBufferPointer) {
        var text = "\(number) \(Self.text(head.method)) \(Self.text(head.path)) ? \(Self.text(head.query))"
        text += " token \(Self.text(head.authorization.bytes))\(note(head.authorization) ? "" : ", which is another's")"
        head.forEachHeader { text += "\n\(Self.text($0)): \(Self.text($1))" }
        step.requests.append("\(text)\n\(Hex.encode(Array(body)))")
        switch number / 2 % 4 {
        case 0, 1: session.respondNoContent(number)
        case 2: answer(number)
        default: waiting.append((number, 2))  // any other remainder
        }
    }

    private static func text(_ bytes: UnsafeRawBufferPointer) -> String {
        // Not UTF-8 decoding, which would make different bytes equal.
        var text = String.UnicodeScalarView()
        for byte in bytes { text.append(Unicode.Scalar(byte)) }
        return String(text)
    }

    private func answer(_ number: UInt32) { session.respond(number, .text(.ok, "an answer with a body\n")) }

    /// Gives a piece to the session and answers what came of it.
    func say(_ bytes: UnsafeRawBufferPointer) -> Step {
        step = Step()
        if hasEnded { return step }
        do throws(HTTP2Error) {
            try session.receive(bytes)
        } catch {
            session.terminate()
            hasEnded = true
            step.goAway = 1
        }
        for index in waiting.indices { waiting[index].pieces -= 1 }
        for entry in waiting where entry.pieces == 0 { answer(entry.stream) }
        waiting.removeAll { $0.pieces <= 0 }
        var out = OutputBuffer()
        do throws(HTTP2Error) {
            try session.pullOutput(into: &out, upTo: 1 << 20)
        } catch {
            hasEnded = true
        }
        read(out.copyBytes())
        if session.endReason != nil || step.goAway ?? 0 != 0 || session.isFinished { hasEnded = true }
        return step
    }

    /// Reads the frames that the session has sent. Both sessions are ours to trust here: that their frames are well-formed is
    /// judged elsewhere, by strangers.
    private func read(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while rest.count >= 9 {
            let head = Array(rest.prefix(9))
            let length = Int(head[0]) << 16 | Int(head[1]) << 8 | Int(head[2])
            let payload = Array(rest.dropFirst(9).prefix(length))
            rest = rest.dropFirst(9 + length)
            frame(head[3], head[4], UInt32(Self.value(head[5...])), payload)
        }
    }

    private static func value(_ bytes: some Sequence<UInt8>) -> Int { bytes.reduce(0) { $0 << 8 | Int($1) } }

    private func frame(_ type: UInt8, _ flags: UInt8, _ stream: UInt32, _ payload: [UInt8]) {
        switch type {
        case 0:
            step.bodies[stream, default: 0] += payload.count
            if flags & 1 == 1 { step.ended.insert(stream) }
        case 1:
            let fields = payload.withUnsafeBytes { bytes -> [String] in
                do throws(HTTP2Error) {
                    return try decoder.decode(bytes).map {
                        String(decoding: $0.name, as: UTF8.self) + ": " + String(decoding: $0.value, as: UTF8.self)
                    }
                } catch {
                    return ["\(error)"]
                }
            }
            step.answers[stream, default: []] += fields
            if flags & 1 == 1 { step.ended.insert(stream) }
        case 3: step.resets[stream] = Self.value(payload)
        case 4: if flags & 1 == 1 { step.settingsAcknowledged += 1 }
        case 6: step.pings.append(payload)
        case 7: step.goAway = step.goAway ?? Self.value(payload.dropFirst(4).prefix(4))
        default: break  // a frame's number: windows are given back by different rules
        }
    }
}
