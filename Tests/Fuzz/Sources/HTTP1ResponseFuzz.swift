internal import Bytes
internal import HTTP

/// Responses come out the same however the network cuts them, and what the writer writes reads as it was meant.
enum HTTP1ResponseFuzz {
    static func run(_ bytes: UnsafeRawBufferPointer) throws(BrokenInvariant) {
        var input = FuzzInput(bytes)
        let limits = HTTPLimits.small(from: &input)
        let cuts = input.cuts()
        let method = input.element(of: [HTTP.Method.get, .head, .post])
        let stream = input.rest
        let whole = Answers(stream, .none, limits, method)
        for cuts in [cuts, .everywhere] {
            let other = Answers(stream, cuts, limits, method)
            try require(whole.responses == other.responses, "cuts do not change the responses")
            try require(whole.end.agrees(with: other.end), "cuts do not change the end: \(whole.end), \(other.end)")
        }
        for response in whole.responses { try checkRewriting(response, method) }
    }

    private static func checkRewriting(_ response: Response, _ method: HTTP.Method) throws(BrokenInvariant) {
        var out = OutputBuffer()
        HTTP1Writer.write(response, to: method, keepsAlive: true, into: &out)
        // An interim answer announces another one; only 101 is the last.
        guard !response.status.isInformational || response.status == .switchingProtocols else { return }
        let again = Answers(out.bytes, .none, .wide, method)
        try require(again.responses.count == 1, "one response is written as one response: \(again.end)")
        try require(again.responses[0].status == response.status, "the status survives")
        let keepsBody = response.status.mayHaveBody && method != .head
        try require(again.responses[0].body == (keepsBody ? response.body : []), "the body survives")
    }
}

/// A client connection's responses, and what came of it.
private struct Answers {
    var responses: [Response] = []
    var end = StreamEnd.waiting(idle: true)

    init(_ stream: UnsafeRawBufferPointer, _ cuts: Cuts, _ limits: HTTPLimits, _ method: HTTP.Method) {
        var parser = ResponseParser(limits: limits)
        parser.expectResponse(to: method)
        var isSwitched = false
        do throws(HTTPError) {
            try cuts.forEachPiece(of: stream) { piece throws(HTTPError) in
                guard !isSwitched else { return }
                parser.feed(piece)
                while let response = try parser.next() {
                    responses.append(response)
                    // What follows belongs to another protocol.
                    isSwitched = response.status == .switchingProtocols
                    if isSwitched { break }
                }
            }
            if !isSwitched, let last = try parser.inputEnded() { responses.append(last) }
            end = .waiting(idle: isSwitched || parser.isIdle)
        } catch {
            end = .refused(error)
        }
    }
}
