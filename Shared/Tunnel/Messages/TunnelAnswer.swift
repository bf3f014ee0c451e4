internal import Bytes
package import HTTP

/// HEAD: the stream was accepted, and how the answer begins.
package struct TunnelHead: Sendable, Equatable {
    /// The backend's status; 200 for kinds that have none.
    package var status: Status
    /// End-to-end fields.
    package var headers: Headers

    /// Most fields.
    package static let fieldLimit = 100

    /// All of it.
    package init(status: Status = .ok, headers: Headers = Headers()) {
        self.status = status
        self.headers = headers
    }

    /// Reads the payload.
    package init(payload: ArraySlice<UInt8>) throws(TunnelError) {
        self = try MemberReader.read("HEAD", payload) { reader throws(TunnelError) in
            var status: Int?
            var headers = Headers()
            while let name = try reader.next() {
                switch name {
                case "status": status = try reader.int(100...599)
                case "headers": headers = try reader.headers()
                default: try reader.skip()
                }
            }
            return TunnelHead(status: Status(try reader.required(status, "status")), headers: headers)
        }
    }

    /// The payload.
    package func payload() -> [UInt8] {
        var writer = MemberWriter()
        writer.integer("status", status.code)
        writer.headers(headers)
        return writer.end()
    }
}

/// TRAILER: how the work ended. Every kind has members of its own; the others stay nil.
package struct TunnelTrailer: Sendable, Equatable {
    /// exec: what the process ended with; 128 + the signal's number when a signal ended it.
    package var exitCode: Int?
    /// exec, logs: a word for programs, such as `Completed`.
    package var reason: String?
    /// A sentence for people.
    package var message: String?
    /// logs: RFC 3339, of the last line.
    package var lastTimestamp: String?
    /// apply: how many objects were changed.
    package var applied: Int?
    /// apply: how many were as wanted.
    package var unchanged: Int?
    /// apply: how many were refused.
    package var failed: Int?
    /// apply: how many were deleted.
    package var pruned: Int?

    /// An empty one.
    package init() {}

    /// The end of a process.
    package init(exitCode: Int?, reason: String? = nil, message: String? = nil) {
        self.exitCode = exitCode
        self.reason = reason
        self.message = message
    }

    /// Reads the payload.
    package init(payload: ArraySlice<UInt8>) throws(TunnelError) {
        self = try MemberReader.read("TRAILER", payload) { reader throws(TunnelError) in
            var trailer = TunnelTrailer()
            let counts = 0...1_000_000_000
            while let name = try reader.next() {
                switch name {
                case "exitCode": trailer.exitCode = try reader.int(-2_147_483_648...2_147_483_647)
                case "reason": trailer.reason = try reader.text(0...256)
                case "message": trailer.message = try reader.text(0...4096)
                case "lastTimestamp": trailer.lastTimestamp = try reader.word(1...64)
                case "applied": trailer.applied = try reader.int(counts)
                case "unchanged": trailer.unchanged = try reader.int(counts)
                case "failed": trailer.failed = try reader.int(counts)
                case "pruned": trailer.pruned = try reader.int(counts)
                default: try reader.skip()
                }
            }
            return trailer
        }
    }

    /// The payload.
    package func payload() -> [UInt8] {
        var writer = MemberWriter()
        writer.integer("exitCode", exitCode)
        writer.text("reason", reason)
        writer.text("message", message)
        writer.text("lastTimestamp", lastTimestamp)
        writer.integer("applied", applied)
        writer.integer("unchanged", unchanged)
        writer.integer("failed", failed)
        writer.integer("pruned", pruned)
        return writer.end()
    }
}

/// RESET: one stream ends at once, both directions.
package struct TunnelReset: Sendable, Equatable {
    /// Why.
    package var code: TunnelResetCode
    /// A sentence for people; never a payload.
    package var text: String

    /// All of it.
    package init(_ code: TunnelResetCode, _ text: String = "") {
        self.code = code
        self.text = text
    }

    /// Reads the payload.
    /// - Throws: `.badFrame` when the text is not UTF-8.
    package init(payload: ArraySlice<UInt8>) throws(TunnelError) {
        code = TunnelResetCode(received: payload.bigEndian(UInt16.self))
        guard let text = String(validating: payload.dropFirst(2), as: UTF8.self) else {
            throw .badFrame("RESET with a text that is not UTF-8")
        }
        self.text = text
    }

    /// The payload; a text that is too long is cut at a character.
    package func payload() -> [UInt8] { code.rawValue.bigEndianBytes + cut(text, to: TunnelFrame.longestReason).utf8 }
}

/// DRAIN: this connection takes no new streams any more; those that are open may end within the grace.
package struct TunnelDrain: Sendable, Equatable {
    /// A sentence for people.
    package var reason: String
    /// How long streams may go on. Milliseconds.
    package var graceMilliseconds: Int
    /// When an agent should dial again, ± 50 %. Milliseconds.
    package var reconnectAfterMilliseconds: Int

    /// All of it.
    package init(reason: String, graceMilliseconds: Int = 30_000, reconnectAfterMilliseconds: Int = 0) {
        self.reason = reason
        self.graceMilliseconds = graceMilliseconds
        self.reconnectAfterMilliseconds = reconnectAfterMilliseconds
    }

    /// Reads the payload.
    package init(payload: ArraySlice<UInt8>) throws(TunnelError) {
        self = try MemberReader.read("DRAIN", payload) { reader throws(TunnelError) in
            var drain = TunnelDrain(reason: "")
            while let name = try reader.next() {
                switch name {
                case "reason": drain.reason = try reader.text(0...1024)
                case "graceMs": drain.graceMilliseconds = try reader.int(0...3_600_000)
                case "reconnectAfterMs": drain.reconnectAfterMilliseconds = try reader.int(0...3_600_000)
                default: try reader.skip()
                }
            }
            return drain
        }
    }

    /// The payload.
    package func payload() -> [UInt8] {
        var writer = MemberWriter()
        writer.text("reason", cut(reason, to: 1024))
        writer.integer("graceMs", graceMilliseconds)
        writer.integer("reconnectAfterMs", reconnectAfterMilliseconds)
        return writer.end()
    }
}

/// GOODBYE: the session ends; the web-socket is closed behind it.
package struct TunnelGoodbye: Sendable, Equatable {
    /// Why.
    package var code: TunnelGoodbyeCode
    /// A sentence for people.
    package var text: String

    /// All of it.
    package init(_ code: TunnelGoodbyeCode, _ text: String = "") {
        self.code = code
        self.text = text
    }

    /// What a violation costs.
    package init(_ error: TunnelError) {
        switch error {
        case .noCommonVersion: code = .upgradeRequired
        case .badFrame, .notJSON, .missing, .badMember, .messageTooLong, .storeFailed: code = .protocolError
        }
        text = error.description
    }

    /// Reads the payload. A code that is not known here is `.normal`'s opposite: `.protocolError`.
    package init(payload: ArraySlice<UInt8>) throws(TunnelError) {
        self = try MemberReader.read("GOODBYE", payload) { reader throws(TunnelError) in
            var code: Int?
            var text = ""
            while let name = try reader.next() {
                switch name {
                case "code": code = try reader.int(0...65_535)
                case "message": text = try reader.text(0...1024)
                default: try reader.skip()
                }
            }
            let known = TunnelGoodbyeCode(rawValue: UInt16(try reader.required(code, "code")))
            return TunnelGoodbye(known ?? .protocolError, text)
        }
    }

    /// The payload.
    package func payload() -> [UInt8] {
        var writer = MemberWriter()
        writer.integer("code", code.rawValue)
        writer.text("message", cut(text, to: 1024))
        return writer.end()
    }

    /// The whole frame: for a server that refuses a HELLO and so has no session.
    package func message() -> [UInt8] { TunnelFrame.message(.goodbye, payload: payload()) }
}

/// EVENT: something that the agent tells the control plane, kept until it is stored there.
package struct TunnelFact: Sendable, Equatable {
    /// Counts from 1, for each instance of the agent, without end.
    package var number: UInt64
    /// What it is about, such as `deployment.status`.
    package var kind: String
    /// When, RFC 3339.
    package var at: String
    /// JSON, one object.
    package var body: [UInt8]

    /// All of it.
    package init(number: UInt64, kind: String, at: String, body: [UInt8]) {
        self.number = number
        self.kind = kind
        self.at = at
        self.body = body
    }

    /// Most bytes of a body that surely fits.
    package static let longestBody = 31_000

    /// Reads the payload.
    package init(payload: ArraySlice<UInt8>) throws(TunnelError) {
        self = try MemberReader.read("EVENT", payload) { reader throws(TunnelError) in
            var number: UInt64?
            var kind: String?
            var at: String?
            var body: [UInt8]?
            while let name = try reader.next() {
                switch name {
                case "seq": number = try reader.counter(from: 1)
                case "kind": kind = try reader.word(1...128)
                case "at": at = try reader.word(1...40)
                case "body": body = try reader.object(in: payload)
                default: try reader.skip()
                }
            }
            return TunnelFact(
                number: try reader.required(number, "seq"), kind: try reader.required(kind, "kind"),
                at: try reader.required(at, "at"), body: try reader.required(body, "body"))
        }
    }

    /// The payload.
    package func payload() -> [UInt8] {
        var writer = MemberWriter()
        writer.integer("seq", number)
        writer.text("kind", kind)
        writer.text("at", at)
        writer.raw("body", body)
        return writer.end()
    }
}

/// A text that is not longer than so many bytes, cut at a character.
private func cut(_ text: String, to limit: Int) -> String {
    guard text.utf8.count > limit else { return text }
    var kept = ""
    for scalar in text.unicodeScalars {
        guard kept.utf8.count + UTF8.width(scalar) <= limit else { break }
        kept.unicodeScalars.append(scalar)
    }
    return kept
}

extension MemberReader {
    /// Header fields: names are tokens in lower case, values have no control characters.
    mutating func headers() throws(TunnelError) -> Headers {
        var headers = Headers()
        for (name, value) in try pairs(limit: TunnelHead.fieldLimit) {
            guard !name.isEmpty, name.utf8.allSatisfy({ ASCII.isToken($0) && ASCII.lowercased($0) == $0 }) else {
                throw broken("a list of fields with names in lower case")
            }
            var value = value
            guard value.withUTF8({ ASCII.isFieldText(UnsafeRawBufferPointer($0)) }) else {
                throw broken("a list of fields without control characters")
            }
            headers.add(name, value)
        }
        return headers
    }
}

extension MemberWriter {
    mutating func headers(_ headers: Headers) {
        pairs("headers", headers.fields.map { ($0.name, $0.value) })
    }
}
