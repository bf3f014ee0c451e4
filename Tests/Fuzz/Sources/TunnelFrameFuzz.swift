internal import Tunnel

/// A message is refused, or read and written as the same message; what was written is read as it was.
enum TunnelFrameFuzz {
    static func run(_ bytes: UnsafeRawBufferPointer) throws(BrokenInvariant) {
        let message = [UInt8](bytes)
        guard case .success(let once) = outcome({ () throws(TunnelError) in try rewritten(message) }) else { return }
        switch outcome({ () throws(TunnelError) in try rewritten(once) }) {
        case .success(let twice): try require(twice == once, "what was written is read and written alike")
        case .failure(let error): throw BrokenInvariant(description: "what was written is refused: \(error)")
        }
    }

    private static func rewritten(_ message: [UInt8]) throws(TunnelError) -> [UInt8] {
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
}
