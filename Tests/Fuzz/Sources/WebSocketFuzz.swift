internal import Bytes
internal import HTTP

/// Web-socket messages come out the same however the network cuts the frames, and what the writer writes is read as it was meant.
enum WebSocketFuzz {
    static func run(_ bytes: UnsafeRawBufferPointer) throws(BrokenInvariant) {
        var input = FuzzInput(bytes)
        let role = input.flag() ? WebSocketRole.client : .server
        let messageLimit = input.flag() ? 64 : 1 << 16
        let cuts = input.cuts()
        let mask = input.flag() ? WebSocketWriter.Mask(truncatingIfNeeded: input.word()) : nil
        let stream = input.rest
        let whole = Messages(stream, .none, role, messageLimit)
        for cuts in [cuts, .everywhere] {
            let other = Messages(stream, cuts, role, messageLimit)
            try require(whole == other, "cuts change nothing: \(whole.error as Any), \(other.error as Any)")
        }
        for message in whole.messages { try checkRewriting(message, mask) }
    }

    private static func checkRewriting(
        _ message: WebSocketMessage, _ mask: WebSocketWriter.Mask?
    ) throws(BrokenInvariant) {
        var out = OutputBuffer()
        switch message {
        case .text(let text): WebSocketWriter.text(text, mask: mask, into: &out)
        case .binary(let bytes): bytes.withUnsafeBytes { WebSocketWriter.binary($0, mask: mask, into: &out) }
        case .ping(let bytes): WebSocketWriter.ping(bytes, mask: mask, into: &out)
        case .pong(let bytes): WebSocketWriter.pong(bytes, mask: mask, into: &out)
        case .close(let code, let reason): WebSocketWriter.close(code, reason: reason, mask: mask, into: &out)
        }
        // Clients mask and servers do not, so the mask decides who reads it.
        let again = Messages(out.bytes, .none, mask == nil ? .client : .server, 1 << 16)
        try require(again.error == nil && again.messages == [message], "a message survives: \(again.error as Any)")
    }
}

/// What one end of a connection makes of a stream.
private struct Messages: Equatable {
    var messages: [WebSocketMessage] = []
    var error: HTTPError?

    init(_ stream: UnsafeRawBufferPointer, _ cuts: Cuts, _ role: WebSocketRole, _ messageLimit: Int) {
        var decoder = WebSocketDecoder(role: role, messageLimit: messageLimit)
        do throws(HTTPError) {
            try cuts.forEachPiece(of: stream) { piece throws(HTTPError) in
                decoder.feed(piece)
                while let message = try decoder.next() { messages.append(message) }
            }
        } catch {
            self.error = error
        }
    }
}
