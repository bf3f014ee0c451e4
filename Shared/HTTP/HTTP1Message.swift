internal import Bytes

// HTTP/1.1 framing (RFC 9112), for both directions. One buffer holds everything received and not yet consumed:
//
//      | consumed | start line CRLF | field CRLF … CRLF CRLF | body           | gap      | not yet parsed |
//      0          start                                      bodyStart        bodyEnd    cursor           count
//
// A body with `content-length` lies there as it came. A chunked body is moved together in place: the gap is chunk
// framing that was read over, and it is closed whenever the input runs dry. So a message costs no memory of its own.

/// The state of one direction of one connection.
struct HTTP1Message: ~Copyable {
    enum Role { case request, response }

    /// What is read next.
    enum Phase: Equatable {
        case startLine, fields, fixedBody, chunkSize, chunkData, chunkEnd, trailers, untilClose, complete, failed
    }

    let role: Role
    let limits: HTTPLimits
    private(set) var phase = Phase.startLine
    private var failure: HTTPError?
    var fields = HeadFields()

    /// Minor version: 0 or 1.
    var minorVersion = 1
    /// Of a response.
    var status = Status.ok
    /// A response to HEAD ends with its head (RFC 9112 §6.3).
    var answersHead = false
    /// A good answer to CONNECT ends with its head too: what follows is the tunnel (RFC 9110 §9.3.6).
    var answersConnect = false
    var connectionCloses = false
    var connectionKeepsAlive = false
    var connectionUpgrades = false
    var expectsContinue = false
    private var token = TokenMemory()
    private var repeatsToken = false  // the head at hand has the token of the one before
    /// The head was shown before the body came, with a token that the request before did not have.
    var tokenWasNew = false
    /// Somebody looks at views of it.
    var isShown = false

    private var buffer: OutputBuffer
    private var start = 0
    private var cursor = 0
    private var searched = 0  // no line feed between cursor and here
    private var bodyStart = 0
    private var bodyEnd = 0
    private var remaining = 0  // bytes of the body or of the chunk that have not come
    private var contentLength: Int?
    private var codings = 0
    private var isChunked = false
    private var absoluteAuthority: ByteRange?
    private var emptyLines = 0
    private var trailerCount = 0
    private var trailerStart = 0
    private var surplusFraming = 0  // bytes of chunk lines beyond what a body of that size needs

    init(role: Role, limits: HTTPLimits) {
        self.role = role
        self.limits = limits
        buffer = OutputBuffer(capacity: 1024)
    }

    // MARK: Input

    mutating func receive<Failure: Error>(
        room: Int, _ body: (UnsafeMutableRawBufferPointer) throws(Failure) -> Int
    ) throws(Failure) {
        makeRoom()
        try buffer.appendRaw(room: room, body)
    }

    mutating func feed(_ bytes: UnsafeRawBufferPointer) {
        precondition(!isShown, "nothing is fed while views are lent")
        makeRoom()
        buffer.append(bytes)
    }

    /// Moves what is left to the front. Ranges are relative to `start`, so that only the cursors change.
    private mutating func makeRoom() {
        guard start > 0 else { return }
        buffer.removeFirst(start)
        cursor -= start
        searched -= start
        bodyStart -= start
        bodyEnd -= start
        trailerStart -= start
        start = 0
    }

    /// True when not a byte of the next message has come.
    var isIdle: Bool { phase == .startLine && cursor == buffer.count }
    var isInHead: Bool { phase == .startLine || phase == .fields }
    /// Bytes held in memory and not consumed.
    var heldBytes: Int { buffer.count - start }
    /// Bytes received behind the complete message.
    var bytesBehind: Int { buffer.count - cursor }

    var base: UnsafeRawPointer { buffer.bytes.baseAddress! + start }  // an OutputBuffer always has memory
    var body: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: buffer.bytes[bodyStart..<bodyEnd]) }

    /// Everything that was received and not parsed: it belongs to the protocol that the connection switched to.
    mutating func takeRest() -> [UInt8] {
        let rest = [UInt8](buffer.bytes[cursor...])
        buffer.removeAll()
        start = 0
        resetMessage()
        return rest
    }

    /// The complete message goes; the next one begins behind it.
    mutating func consume() {
        precondition(phase == .complete && !isShown, "only a complete message is consumed, after it was shown")
        start = cursor
        if start == buffer.count {
            // A big body's memory does not stay with an idle connection.
            buffer.removeAll(keepingCapacity: buffer.capacity <= 64 * 1024)
            start = 0
        }
        resetMessage()
    }

    private mutating func resetMessage() {
        cursor = start
        searched = start
        bodyStart = start
        bodyEnd = start
        phase = .startLine
        fields.reset()
        minorVersion = 1
        answersHead = false
        answersConnect = false
        connectionCloses = false
        connectionKeepsAlive = false
        connectionUpgrades = false
        expectsContinue = false
        repeatsToken = false
        tokenWasNew = false
        contentLength = nil
        codings = 0
        isChunked = false
        absoluteAuthority = nil
        emptyLines = 0
        trailerCount = 0
        surplusFraming = 0
        remaining = 0
    }

    // MARK: Progress

    /// Reads on. True when the message is complete, false when more input is needed.
    mutating func advance() throws(HTTPError) -> Bool {
        do throws(HTTPError) {
            while true {
                switch phase {
                case .startLine: guard try readStartLine() else { return false }
                case .fields: guard try readField() else { return false }
                case .fixedBody:
                    let taken = min(remaining, buffer.count - cursor)
                    cursor += taken
                    bodyEnd = cursor
                    remaining -= taken
                    guard remaining == 0 else { return false }
                    phase = .complete
                case .chunkSize: guard try readChunkSize() else { return false }
                case .chunkData: guard readChunkData() else { return false }
                case .chunkEnd: guard try readChunkEnd() else { return false }
                case .trailers: guard try readTrailer() else { return false }
                case .untilClose:
                    cursor = buffer.count
                    bodyEnd = cursor
                    guard bodyEnd - bodyStart <= limits.bodyBytes else { throw .bodyTooLarge }
                    return false
                case .complete: return true
                case .failed: throw failure ?? .malformed("message")
                }
            }
        } catch {
            phase = .failed
            failure = error
            throw error
        }
    }

    /// True, once for a message, when its sender waits for `100 Continue` before it sends the body.
    mutating func mustContinue() -> Bool {
        guard expectsContinue, !isInHead else { return false }
        expectsContinue = false
        return bytesBehind == 0 && body.isEmpty
    }

    /// The peer closed its side. True when that completes the message (a response read until the end).
    mutating func inputEnded() throws(HTTPError) -> Bool {
        if phase == .untilClose { phase = .complete }
        if phase == .complete { return true }
        guard isIdle else { throw .truncated }
        return false
    }

    // MARK: Lines

    /// The next line without its CRLF; nil when its end has not come.
    private mutating func nextLine() throws(HTTPError) -> Range<Int>? {
        guard let end = ASCII.firstIndex(of: ASCII.lf, in: buffer.bytes, from: searched) else {
            searched = buffer.count
            return nil
        }
        // A lone LF as a line end is what request smuggling is made of; RFC 9112 §2.2 lets us refuse it.
        guard end > cursor, buffer.bytes[end - 1] == ASCII.cr else {
            throw .malformed("a line ends without a carriage return")
        }
        let line = cursor..<(end - 1)
        cursor = end + 1
        searched = cursor
        return line
    }

    private func range(_ range: Range<Int>) -> ByteRange {
        ByteRange(offset: range.lowerBound - start, count: range.count)
    }

    private func view(_ range: Range<Int>) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: buffer.bytes[range])
    }

    private mutating func readStartLine() throws(HTTPError) -> Bool {
        let begin = cursor
        guard let line = try nextLine() else {
            if buffer.count - begin > limits.lineBytes + 1 { throw .targetTooLong }  // a CR may be here, its LF not yet
            return false
        }
        if line.isEmpty {
            // RFC 9112 §2.2: an empty line before the request line is skipped. One is courtesy, many are an attack.
            emptyLines += 1
            guard role == .request, emptyLines <= 2 else { throw .malformed("empty lines before the message") }
            start = cursor
            return true
        }
        if line.count > limits.lineBytes { throw .targetTooLong }
        switch role {
        case .request: try readRequestLine(line)
        case .response: try readStatusLine(line)
        }
        phase = .fields
        return true
    }

    /// RFC 9112 §3: method SP request-target SP HTTP-version, exactly one space at each place.
    private mutating func readRequestLine(_ line: Range<Int>) throws(HTTPError) {
        let bytes = view(line)
        guard let first = ASCII.firstIndex(of: ASCII.space, in: bytes),
            let second = ASCII.firstIndex(of: ASCII.space, in: bytes, from: first + 1)
        else { throw .malformed("the request line has not three parts") }
        let method = UnsafeRawBufferPointer(rebasing: bytes[..<first])
        guard 1...32 ~= method.count, method.allSatisfy(ASCII.isToken) else { throw .malformed("method") }
        fields.method = range(line.lowerBound..<(line.lowerBound + first))
        try readVersion(UnsafeRawBufferPointer(rebasing: bytes[(second + 1)...]))

        var target = (line.lowerBound + first + 1)..<(line.lowerBound + second)
        let text = view(target)
        guard !text.isEmpty, text.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != 0x23 }) else {
            throw .malformed("request target")
        }
        if text[0] != 0x2F, !(ASCII.equal(text, "*") && ASCII.equal(method, "OPTIONS")) {
            // Absolute form (§3.2.2): the authority must then agree with `host`.
            let scheme: Int
            if ASCII.hasPrefixIgnoringCase(text, "http://") {
                scheme = 7
            } else if ASCII.hasPrefixIgnoringCase(text, "https://") {
                scheme = 8
            } else {
                throw .malformed("request target")
            }
            guard let slash = ASCII.firstIndex(of: 0x2F, in: text, from: scheme), slash > scheme else {
                throw .malformed("request target")
            }
            absoluteAuthority = range((target.lowerBound + scheme)..<(target.lowerBound + slash))
            target = (target.lowerBound + slash)..<target.upperBound
        }
        fields.setTarget(range(target), in: base)
    }

    /// RFC 9112 §4: HTTP-version SP status-code SP [ reason ].
    private mutating func readStatusLine(_ line: Range<Int>) throws(HTTPError) {
        let bytes = view(line)
        guard bytes.count >= 12, bytes[8] == ASCII.space, bytes.count == 12 || bytes[12] == ASCII.space,
            let code = Decimal.parseUnsigned(UnsafeRawBufferPointer(rebasing: bytes[9..<12])),
            let status = Status(received: code)
        else { throw .malformed("status line") }
        try readVersion(UnsafeRawBufferPointer(rebasing: bytes[..<8]))
        self.status = status
    }

    private mutating func readVersion(_ bytes: UnsafeRawBufferPointer) throws(HTTPError) {
        guard bytes.count == 8, ASCII.equal(UnsafeRawBufferPointer(rebasing: bytes[..<5]), "HTTP/"),
            ASCII.isDigit(bytes[5]), bytes[6] == 0x2E, ASCII.isDigit(bytes[7])
        else { throw .malformed("HTTP version") }
        guard bytes[5] == 0x31 else { throw .unknownVersion }
        minorVersion = bytes[7] == 0x30 ? 0 : 1  // a higher minor version is spoken to as 1.1 (RFC 9110 §2.5)
    }

    // MARK: Fields

    private mutating func readField() throws(HTTPError) -> Bool {
        if let (name, value) = takeRepeatedToken() {
            if cursor - start > limits.headBytes { throw .headTooLarge }
            try addField(name, value)
            return true
        }
        guard let line = try nextLine() else {
            if buffer.count - start > limits.headBytes { throw .headTooLarge }
            return false
        }
        if cursor - start > limits.headBytes { throw .headTooLarge }
        if line.isEmpty {
            try headEnded()
            return true
        }
        let (name, value) = try Self.splitField(buffer.bytes, line)
        try addField(name, value)
        return true
    }

    private mutating func addField(_ name: Range<Int>, _ value: Range<Int>) throws(HTTPError) {
        guard fields.count < limits.fieldCount else { throw .headTooLarge }
        let header = KnownHeader(view(name))
        guard fields.add(name: range(name), value: range(value), known: header) else {
            throw .malformed("a field that must be alone occurs twice")
        }
        if let header { try framingFieldArrived(header, view(value)) }
    }

    /// The token of the request whose head is complete, compared with the one before.
    mutating func tokenReference() -> TokenReference {
        if repeatsToken { return token.repeated() }
        return token.reference(
            to: fields.value(of: .authorization, in: base) ?? UnsafeRawBufferPointer(start: base, count: 0))
    }

    /// The field line at the cursor, when it is `authorization` with the value of the previous request. Clients repeat their token,
    /// and it is longer than all the rest of a head: it is compared, and not looked through again.
    private mutating func takeRepeatedToken() -> (name: Range<Int>, value: Range<Int>)? {
        let previous = token.previous
        let bytes = buffer.bytes
        let name = cursor..<(cursor + 13)
        let value = (name.upperBound + 2)..<(name.upperBound + 2 + previous.count)
        // The first letter before all else: most lines are not it.
        guard !previous.isEmpty, bytes.count >= value.upperBound + 2, bytes[cursor] | 0x20 == UInt8(ascii: "a"),
            ASCII.hasPrefixIgnoringCase(UnsafeRawBufferPointer(rebasing: bytes[cursor...]), "authorization: "),
            ASCII.equal(UnsafeRawBufferPointer(rebasing: bytes[value]), previous),
            bytes[value.upperBound] == ASCII.cr, bytes[value.upperBound + 1] == ASCII.lf
        else { return nil }
        cursor = value.upperBound + 2
        searched = cursor
        repeatsToken = true
        return (name, value)
    }

    /// RFC 9112 §5: name ":" OWS value OWS. No white space before the colon, no folding (§5.2), no control characters.
    private static func splitField(
        _ buffer: UnsafeRawBufferPointer, _ line: Range<Int>
    ) throws(HTTPError) -> (name: Range<Int>, value: Range<Int>) {
        let bytes = UnsafeRawBufferPointer(rebasing: buffer[line])
        guard bytes[0] != ASCII.space, bytes[0] != ASCII.tab else { throw .malformed("a folded field line") }
        guard let colon = ASCII.firstIndex(of: 0x3A, in: bytes), colon > 0 else { throw .malformed("field line") }
        for index in 0..<colon {
            guard ASCII.isToken(bytes[index]) else { throw .malformed("field name") }
        }
        var from = colon + 1
        var to = bytes.count
        while from < to, bytes[from] == ASCII.space || bytes[from] == ASCII.tab { from += 1 }
        while to > from, bytes[to - 1] == ASCII.space || bytes[to - 1] == ASCII.tab { to -= 1 }
        guard ASCII.isFieldText(UnsafeRawBufferPointer(rebasing: bytes[from..<to])) else {
            throw .malformed("field value")
        }
        let origin = line.lowerBound
        return (origin..<(origin + colon), (origin + from)..<(origin + to))
    }

    /// Fields that decide where the message ends and what becomes of the connection.
    private mutating func framingFieldArrived(
        _ header: KnownHeader, _ value: UnsafeRawBufferPointer
    ) throws(HTTPError) {
        switch header {
        case .contentLength:
            guard value.count <= 18, let length = Decimal.parseUnsigned(value) else {
                throw .malformed("content-length")
            }
            if let contentLength, contentLength != length { throw .malformed("two values of content-length") }
            contentLength = length
        case .transferEncoding:
            codings += 1
            guard ASCII.equalIgnoringCase(value, "chunked") else { throw .unknownTransferCoding }
            guard codings == 1 else { throw .malformed("two transfer codings") }
            isChunked = true
        case .connection:
            var rest = value
            while !rest.isEmpty {
                let comma = ASCII.firstIndex(of: 0x2C, in: rest) ?? rest.count
                let token = ASCII.trimmed(UnsafeRawBufferPointer(rebasing: rest[..<comma]))
                if ASCII.equalIgnoringCase(token, "close") { connectionCloses = true }
                if ASCII.equalIgnoringCase(token, "keep-alive") { connectionKeepsAlive = true }
                if ASCII.equalIgnoringCase(token, "upgrade") { connectionUpgrades = true }
                rest = UnsafeRawBufferPointer(rebasing: rest[min(comma + 1, rest.count)...])
            }
        case .expect:
            guard role == .request else { return }
            guard ASCII.equalIgnoringCase(value, "100-continue") else { throw .unknownExpectation }
            expectsContinue = true
        case .host:
            // Delimiters in `host` would let two readers see two hosts; so would a list, although a name may have commas.
            for byte in value where !ASCII.isHost(byte) || byte == UInt8(ascii: ",") { throw .malformed("host") }
        case .authorization, .contentType, .upgrade, .accept, .strmSchemaRef, .strmSerializationType, .strmClientID,
            .strmDriverVersion, .secWebSocketKey, .secWebSocketVersion:
            break
        }
    }

    /// RFC 9112 §6.3: where does the body end? Whatever could be read in two ways is refused.
    private mutating func headEnded() throws(HTTPError) {
        bodyStart = cursor
        bodyEnd = cursor
        if isChunked {
            if contentLength != nil { throw .malformed("content-length with a transfer coding") }
            if minorVersion == 0 { throw .malformed("a transfer coding in HTTP/1.0") }
        }
        if let contentLength, contentLength > limits.bodyBytes, !isWithoutBody { throw .bodyTooLarge }
        if role == .request {
            let host = fields.value(of: .host, in: base)
            if minorVersion == 1, host == nil { throw .malformed("no host") }
            if let absoluteAuthority, let host {
                guard ASCII.equalIgnoringCase(host, absoluteAuthority.view(of: base)) else {
                    throw .malformed("host is not the target's")
                }
            }
            if minorVersion == 0 { expectsContinue = false }
        }
        if isWithoutBody {
            phase = .complete
        } else if isChunked {
            phase = .chunkSize
        } else if let contentLength {
            remaining = contentLength
            phase = .fixedBody
        } else {
            phase = role == .request ? .complete : .untilClose
        }
        if phase == .complete || contentLength == 0 { expectsContinue = false }
    }

    private var isWithoutBody: Bool {
        role == .response && (answersHead || !status.mayHaveBody || answersConnect && status.isSuccess)
    }

    // MARK: Chunks

    /// RFC 9112 §7.1: chunk-size [ chunk-ext ] CRLF. Extensions are read over.
    private mutating func readChunkSize() throws(HTTPError) -> Bool {
        let begin = cursor
        guard let line = try nextLine() else {
            if buffer.count - begin > Self.chunkLineBytes + 1 { throw .malformed("chunk line too long") }
            closeGap()
            return false
        }
        let bytes = view(line)
        guard bytes.count <= Self.chunkLineBytes else { throw .malformed("chunk line too long") }
        var size = 0
        var index = 0
        while index < bytes.count, let digit = ASCII.hexValue(bytes[index]) {
            guard index < 15 else { throw .malformed("chunk size") }
            size = size << 4 | Int(digit)
            index += 1
        }
        guard index > 0, index == bytes.count || bytes[index] == 0x3B else { throw .malformed("chunk size") }
        guard ASCII.isFieldText(UnsafeRawBufferPointer(rebasing: bytes[index...])) else {
            throw .malformed("chunk extension")
        }
        if size == 0 {
            trailerStart = cursor
            phase = .trailers
            return true
        }
        guard size <= limits.bodyBytes - (bodyEnd - bodyStart) else { throw .bodyTooLarge }
        // Extensions and tiny chunks can make framing hundreds of times larger than the body, whose limit does not count it. An
        // honest sender needs a short line per chunk; some clients write line by line, so the data counts twice.
        surplusFraming = max(0, surplusFraming + bytes.count + 2 - 16 - 2 * size)
        guard surplusFraming <= Self.surplusFramingBytes else { throw .malformed("more chunk framing than body") }
        remaining = size
        phase = .chunkData
        return true
    }

    private mutating func readChunkData() -> Bool {
        let taken = min(remaining, buffer.count - cursor)
        if taken > 0 {
            if bodyEnd != cursor {
                let memory = buffer.mutableBytes
                UnsafeMutableRawBufferPointer(rebasing: memory[bodyEnd..<(bodyEnd + taken)]).copyMemory(
                    from: UnsafeRawBufferPointer(rebasing: memory[cursor..<(cursor + taken)]))
            }
            bodyEnd += taken
            cursor += taken
            searched = cursor
            remaining -= taken
        }
        guard remaining == 0 else {
            closeGap()
            return false
        }
        phase = .chunkEnd
        return true
    }

    private mutating func readChunkEnd() throws(HTTPError) -> Bool {
        let left = buffer.count - cursor
        if left >= 1, buffer.bytes[cursor] != ASCII.cr { throw .malformed("chunk end") }
        if left >= 2, buffer.bytes[cursor + 1] != ASCII.lf { throw .malformed("chunk end") }
        guard left >= 2 else {
            closeGap()
            return false
        }
        cursor += 2
        searched = cursor
        phase = .chunkSize
        return true
    }

    /// Trailer fields are checked like fields and dropped: nothing here uses one (RFC 9110 §6.5.1 allows it).
    private mutating func readTrailer() throws(HTTPError) -> Bool {
        guard let line = try nextLine() else {
            if buffer.count - trailerStart > limits.headBytes { throw .headTooLarge }
            return false
        }
        if cursor - trailerStart > limits.headBytes { throw .headTooLarge }
        if line.isEmpty {
            phase = .complete
            return true
        }
        trailerCount += 1
        guard trailerCount <= limits.fieldCount else { throw .headTooLarge }
        _ = try Self.splitField(buffer.bytes, line)
        return true
    }

    /// Moves the unparsed rest behind the body, so that chunk framing does not pile up in memory.
    private mutating func closeGap() {
        let gap = cursor - bodyEnd
        guard gap > 0 else { return }
        let rest = buffer.count - cursor
        if rest > 0 {
            let memory = buffer.mutableBytes
            UnsafeMutableRawBufferPointer(rebasing: memory[bodyEnd..<(bodyEnd + rest)]).copyMemory(
                from: UnsafeRawBufferPointer(rebasing: memory[cursor...]))
        }
        buffer.truncate(to: bodyEnd + rest)
        cursor = bodyEnd
        searched -= gap
    }

    private static let chunkLineBytes = 256
    private static let surplusFramingBytes = 16 * 1024
}
