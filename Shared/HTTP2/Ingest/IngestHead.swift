import Bytes
import HTTP

/// A header block and what it means: the request's head, or why there is none. Pooled and counted: requests with the same block share
/// one, and the connection keeps the last one so that a block that repeats it need not be decoded.
struct IngestHead: ~Copyable {
    /// RFC 9113 §8.1.1: what becomes of a request whose head has been read.
    enum Verdict {
        /// A request for the handler.
        case good
        /// Breaks the rules of §8.2 or §8.3: the stream is reset with PROTOCOL_ERROR.
        case malformed
        /// Within the rules, but not served.
        case refused(Status)
    }

    var list = FieldList()
    var fields = HeadFields()
    private(set) var verdict = Verdict.good
    private(set) var isHEAD = false
    private(set) var expectsContinue = false
    /// The value of `content-length`; -1 when there is none.
    private(set) var declaredLength = -1

    /// The block as it came, when a repetition of it means the same.
    var block = OutputBuffer(capacity: 16)
    /// The version of the dynamic table with which that is so.
    var tableVersion: UInt32 = 0
    /// Grows with each head of a connection; tells heads apart.
    var serial: UInt32 = 0
    /// Streams that need it, and the connection while it is the last one.
    var users = 0
    /// What it adds to the loop's count of bytes in memory.
    var countedBytes = 0

    init() {}

    mutating func reset(_ limits: FieldList.Limits) {
        list.reset(limits)
        fields.reset()
        verdict = .good
        isHEAD = false
        expectsContinue = false
        declaredLength = -1
        block.removeAll(keepingCapacity: block.capacity <= 4 << 10)
        countedBytes = 0
    }

    // MARK: Rules of a request (RFC 9113 §8.2, §8.3)

    private enum Pseudo {
        static let method: UInt8 = 1
        static let scheme: UInt8 = 2
        static let authority: UInt8 = 4
        static let path: UInt8 = 8
    }

    /// Reads the list as the head of a request.
    mutating func readRequest(bodyLimit: Int) {
        if list.isOverLimit {
            verdict = .refused(.headerFieldsTooLarge)
            return
        }
        let base = UnsafeRawPointer(list.text.bytes.baseAddress!)  // a buffer has memory from the start
        var seen: UInt8 = 0
        var pseudoIsOver = false
        var refusal: Status?
        for index in 0..<list.count {
            let field = list[index]
            guard field.hasGoodValue, field.kind.role != .invalid else { return refuse() }
            let value = field.value.view(of: base)
            if field.kind.role.isPseudo {
                // §8.3: before all regular fields, each at most once.
                guard !pseudoIsOver, take(field, value, base, &seen) else { return refuse() }
                continue
            }
            pseudoIsOver = true
            switch field.kind.role {
            case .connectionSpecific: return refuse()  // §8.2.2
            case .te: if !ASCII.equalIgnoringCase(value, "trailers") { return refuse() }  // §8.2.2
            case .contentLength: if !takeLength(value) { return refuse() }
            case .host:
                if value.isEmpty { return refuse() }  // §8.3.1
                for byte in value where !ASCII.isHost(byte) { return refuse() }
                if seen & Pseudo.authority != 0 {
                    // §8.3.1: `host` beside `:authority` must say the same.
                    let authority = fields.value(of: .host, in: base)
                    if let authority, !ASCII.equalIgnoringCase(authority, value) { refusal = .badRequest }
                    continue
                }
            case .authorization, .regular: break
            case .method, .scheme, .authority, .path, .unknownPseudo, .invalid: return refuse()  // handled above
            }
            if !fields.add(name: field.name, value: field.value, known: field.kind.known) { refusal = .badRequest }
        }
        guard isComplete(seen, base) else { return refuse() }
        if let refusal {
            verdict = .refused(refusal)
        } else if declaredLength > bodyLimit {
            verdict = .refused(.contentTooLarge)
        } else if let expectation = fields.value(of: .expect, in: base) {
            expectsContinue = ASCII.equalIgnoringCase(expectation, "100-continue")
            if !expectsContinue { verdict = .refused(.expectationFailed) }
        }
    }

    /// §8.1: trailers are a field section without pseudo-header fields. They are checked, and not kept.
    borrowing func isTrailers() -> Bool {
        let base = UnsafeRawPointer(list.text.bytes.baseAddress!)  // a buffer has memory from the start
        for index in 0..<list.count {
            let field = list[index]
            switch field.kind.role {
            case .method, .scheme, .authority, .path, .unknownPseudo, .invalid, .connectionSpecific: return false
            case .te: if !ASCII.equalIgnoringCase(field.value.view(of: base), "trailers") { return false }  // §8.2.2
            case .host, .authorization, .contentLength, .regular: if !field.hasGoodValue { return false }
            }
        }
        return true
    }

    private mutating func refuse() { verdict = .malformed }

    /// One of the four. False when it is another, a second one, or not in its grammar.
    private mutating func take(
        _ field: FieldList.Field, _ value: UnsafeRawBufferPointer, _ base: UnsafeRawPointer, _ seen: inout UInt8
    ) -> Bool {
        let bit: UInt8
        switch field.kind.role {
        case .method:
            bit = Pseudo.method
            for byte in value where !ASCII.isToken(byte) { return false }
            fields.method = field.value
            isHEAD = ASCII.equal(value, "HEAD")
        case .scheme:
            bit = Pseudo.scheme
            // A public driver sends `https` on plain-text connections: it need not be the connection's own.
            guard let first = value.first, ASCII.isLetter(first) else { return false }  // RFC 3986 §3.1
            for byte in value where !ASCII.isLetter(byte) && !Self.isSchemeMark(byte) { return false }
        case .authority:
            bit = Pseudo.authority
            for byte in value where !ASCII.isHost(byte) { return false }  // §8.3.1: no user either
            _ = fields.add(name: field.name, value: field.value, known: field.kind.known)
        case .path:
            bit = Pseudo.path
            for byte in value where byte <= 0x20 || byte == 0x7F { return false }
            fields.setTarget(field.value, in: base)
        case .host, .authorization, .contentLength, .te, .connectionSpecific, .regular, .unknownPseudo, .invalid:
            return false
        }
        if seen & bit != 0 || value.isEmpty { return false }
        seen |= bit
        return true
    }

    private static func isSchemeMark(_ byte: UInt8) -> Bool {
        ASCII.isDigit(byte) || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
    }

    /// Digits that fit; a second one is refused also when it says the same (RFC 9110 §8.6 allows that).
    private mutating func takeLength(_ value: UnsafeRawBufferPointer) -> Bool {
        guard declaredLength < 0, !value.isEmpty, value.count <= 18 else { return false }
        var number = 0
        for byte in value {
            guard ASCII.isDigit(byte) else { return false }
            number = number &* 10 &+ Int(byte &- 0x30)
        }
        declaredLength = number
        return true
    }

    /// §8.3.1: a request has a method, a scheme, a path and the name of a host; CONNECT has only method and authority (§8.5).
    private borrowing func isComplete(_ seen: UInt8, _ base: UnsafeRawPointer) -> Bool {
        if ASCII.equal(fields.method.view(of: base), "CONNECT") { return seen == Pseudo.method | Pseudo.authority }
        guard seen | Pseudo.authority == Pseudo.method | Pseudo.scheme | Pseudo.authority | Pseudo.path,
            fields.value(of: .host, in: base) != nil
        else { return false }
        // `*` is for OPTIONS; everything else begins with a slash.
        let path = fields.path.view(of: base)
        if path.first == UInt8(ascii: "/") { return true }
        return ASCII.equal(path, "*") && fields.query.count == 0 && ASCII.equal(fields.method.view(of: base), "OPTIONS")
    }
}
