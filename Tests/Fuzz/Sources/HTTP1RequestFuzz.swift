internal import Bytes
internal import HTTP

/// Requests come out the same however the network cuts them, and a second reader sees them end where the parser does.
enum HTTP1RequestFuzz {
    static func run(_ bytes: UnsafeRawBufferPointer) throws(BrokenInvariant) {
        var input = FuzzInput(bytes)
        let limits = HTTPLimits.small(from: &input)
        let cuts = input.cuts()
        let stream = input.rest
        let whole = Dialogue(stream, .none, limits)
        for cuts in [cuts, .everywhere] {
            let other = Dialogue(stream, cuts, limits)
            try require(whole.requests == other.requests, "cuts do not change the requests")
            try require(whole.end.agrees(with: other.end), "cuts do not change the end: \(whole.end), \(other.end)")
        }
        try checkFraming(whole, [UInt8](stream))
        for request in whole.requests { try checkRewriting(request) }
    }

    /// What a plain reader makes of the same bytes, one accepted request after the other.
    private static func checkFraming(_ dialogue: Dialogue, _ stream: [UInt8]) throws(BrokenInvariant) {
        var rest = stream[...]
        for request in dialogue.requests {
            let plain = try require(PlainFraming(requestAt: rest), "an accepted request can be read in one way only")
            try require(plain.body == request.body, "both readers see the same body")
            try require(plain.fields.map(\.name) == request.fields.map(\.name), "both readers see the same names")
            try require(plain.fields.map(\.value) == request.fields.map(\.value), "both readers see the same values")
            rest = rest.dropFirst(plain.count)
        }
    }

    /// A request that was taken in and is sent on is the same request.
    private static func checkRewriting(_ request: Dialogue.Request) throws(BrokenInvariant) {
        guard String(validating: request.fields.flatMap(\.value), as: UTF8.self) != nil else { return }
        var message = HTTP.Request(HTTP.Method(request.method), request.target, body: request.body)
        for field in request.fields {
            if field.name == "host" {
                message.authority = String(decoding: field.value, as: UTF8.self)
            } else {
                message.headers.add(field.name, String(decoding: field.value, as: UTF8.self))
            }
        }
        message.headers["expect"] = nil
        var out = OutputBuffer()
        HTTP1Writer.write(message, into: &out)
        let again = Dialogue(out.bytes, .none, .wide)
        try require(again.requests.count == 1, "one request is written as one request: \(again.end)")
        let copy = again.requests[0]
        try require(copy.method == request.method && copy.body == request.body, "method and body survive")
        try require(copy.target == request.target, "the target survives")
    }
}

extension HTTPLimits {
    /// Room for what a writer adds to a message that was at its limits.
    static var wide: HTTPLimits {
        var limits = HTTPLimits()
        limits.headBytes *= 2
        limits.lineBytes *= 2
        limits.fieldCount *= 2
        return limits
    }

    /// Limits so small that short inputs reach them.
    static func small(from input: inout FuzzInput) -> HTTPLimits {
        var limits = HTTPLimits()
        let choice = input.byte()
        if choice & 1 != 0 { limits.lineBytes = 48 }
        if choice & 2 != 0 { limits.headBytes = 160 }
        if choice & 4 != 0 { limits.fieldCount = 4 }
        if choice & 8 != 0 { limits.bodyBytes = 32 }
        return limits
    }
}

/// How a stream of bytes ended for its reader.
enum StreamEnd: CustomStringConvertible {
    case waiting(idle: Bool)
    case refused(HTTPError)

    var description: String {
        switch self {
        case .waiting(let idle): idle ? "between messages" : "inside a message"
        case .refused(let error): "\(error)"
        }
    }

    /// The same end. A message that breaks two rules may be refused for either; one of them is then a limit, which is met
    /// as soon as there are too many bytes, with or without the line's end.
    func agrees(with other: StreamEnd) -> Bool {
        switch (self, other) {
        case (.waiting(let one), .waiting(let two)): one == two
        case (.refused(let one), .refused(let two)): one == two || one.isLimit || two.isLimit
        case (.waiting, .refused), (.refused, .waiting): false
        }
    }
}

extension HTTPError {
    fileprivate var isLimit: Bool {
        switch self {
        case .targetTooLong, .headTooLarge, .bodyTooLarge: true
        case .malformed(let reason): reason == "chunk line too long"
        case .unknownExpectation, .unknownTransferCoding, .unknownVersion, .truncated, .webSocket: false
        }
    }
}

/// One connection's requests, and what came of it.
private struct Dialogue {
    struct Request: Equatable {
        struct Field: Equatable {
            var name: String
            var value: [UInt8]
        }

        var method: String
        var target: String
        var fields: [Field]
        var body: [UInt8]
        var keepsAlive: Bool
        var isHTTP10: Bool
        var upgrades: Bool
    }

    var requests: [Request] = []
    var end = StreamEnd.waiting(idle: true)

    init(_ stream: UnsafeRawBufferPointer, _ cuts: Cuts, _ limits: HTTPLimits) {
        let parser = RequestParser(limits: limits)
        do throws(HTTPError) {
            try cuts.forEachPiece(of: stream) { piece throws(HTTPError) in
                parser.feed(piece)
                try readRequests(parser)
            }
            end = .waiting(idle: parser.isIdle)
        } catch {
            end = .refused(error)
        }
    }

    private mutating func readRequests(_ parser: borrowing RequestParser) throws(HTTPError) {
        while true {
            switch try parser.next() {
            case .needMore: return
            case .continueExpected: continue
            case .request: break
            }
            let (keepsAlive, isHTTP10, upgrades) = (parser.keepsAlive, parser.isHTTP10, parser.upgrades)
            let request = parser.withRequest { head, body in
                var fields: [Request.Field] = []
                head.forEachHeader { name, value in
                    let name = String(decoding: name, as: UTF8.self).lowercased()
                    fields.append(Request.Field(name: name, value: [UInt8](value)))
                }
                let path = String(decoding: head.path, as: UTF8.self)
                let query = String(decoding: head.query, as: UTF8.self)
                return Request(
                    method: String(decoding: head.method, as: UTF8.self),
                    target: query.isEmpty ? path : "\(path)?\(query)", fields: fields, body: [UInt8](body),
                    keepsAlive: keepsAlive, isHTTP10: isHTTP10, upgrades: upgrades)
            }
            requests.append(request)
            parser.consume()
        }
    }
}
