package import Bytes

/// Writes HTTP/1.1 messages (RFC 9112). Bodies have a `content-length`; nothing is chunked.
///
/// Field values come from handlers. A CR, LF or NUL in one would start a field of somebody else's choosing (RFC 9110
/// §5.5), so each is written as a space.
package enum HTTP1Writer {
    /// The whole answer `204 No Content` of a connection that stays open.
    package static var noContent: StaticString { "HTTP/1.1 204 No Content\r\n\r\n" }

    /// The interim answer to `expect: 100-continue`.
    package static var continueExpected: StaticString { "HTTP/1.1 100 Continue\r\n\r\n" }

    /// Appends a response.
    /// - Parameters:
    ///   - method: Of the request: the answer to HEAD has the length of the body but not the body.
    ///   - keepsAlive: False writes `connection: close`.
    ///   - isHTTP10: True writes `connection: keep-alive` where the connection stays open.
    package static func write(
        _ response: borrowing Response, to method: Method, keepsAlive: Bool, isHTTP10: Bool = false,
        into out: inout OutputBuffer
    ) {
        out.append("HTTP/1.1 ")
        out.append(decimal: response.status.code)
        out.append(ASCII.space)
        out.append(utf8: response.status.reason)
        out.append("\r\n")
        writeFields(response.headers, into: &out)
        if response.status.mayHaveBody {
            out.append("content-length: ")
            out.append(decimal: response.body.count)
            out.append("\r\n")
        }
        if response.status == .switchingProtocols {
            out.append("connection: Upgrade\r\n")
        } else if !keepsAlive {
            out.append("connection: close\r\n")
        } else if isHTTP10 {
            out.append("connection: keep-alive\r\n")
        }
        out.append("\r\n")
        if response.status.mayHaveBody, method != .head { out.append(response.body) }
    }

    /// Appends a request; `host` comes from its authority.
    /// - Parameter upgrading: True keeps the caller's `connection` out and writes `connection: Upgrade`.
    package static func write(_ request: Request, upgrading: Bool = false, into out: inout OutputBuffer) {
        out.append(utf8: request.method.description)
        out.append(ASCII.space)
        appendClean(request.target, into: &out, alsoSpaces: true)
        out.append(" HTTP/1.1\r\nhost: ")
        appendClean(request.authority, into: &out)
        out.append("\r\n")
        writeFields(request.headers, into: &out)
        let needsLength: Bool
        switch request.method {
        case .post, .put, .patch: needsLength = true
        case .get, .head, .delete, .options, .connect, .trace, .other: needsLength = !request.body.isEmpty
        }
        if needsLength {
            out.append("content-length: ")
            out.append(decimal: request.body.count)
            out.append("\r\n")
        }
        if upgrading { out.append("connection: Upgrade\r\n") }
        out.append("\r\n")
        out.append(request.body)
    }

    /// The fields that belong to the message; framing is written here and nowhere else.
    private static func writeFields(_ headers: Headers, into out: inout OutputBuffer) {
        for field in headers.fields {
            switch field.name {
            case "content-length", "transfer-encoding", "connection", "host", "keep-alive", "te", "trailer": continue
            default: break
            }
            guard !field.name.isEmpty, field.name.utf8.allSatisfy(ASCII.isToken) else { continue }
            out.append(utf8: field.name)
            out.append(": ")
            appendClean(field.value, into: &out)
            out.append("\r\n")
        }
    }

    private static func appendClean(_ text: String, into out: inout OutputBuffer, alsoSpaces: Bool = false) {
        for byte in text.utf8 {
            switch byte {
            case 0x00, 0x0A, 0x0D: out.append(alsoSpaces ? 0x5F : ASCII.space)
            case 0x20 where alsoSpaces: out.append("%20")
            default: out.append(byte)
            }
        }
    }
}

/// The text of `date` fields (RFC 9110 §5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`.
package enum HTTPDate {
    /// Always this long.
    package static let count = 29

    /// Writes the text of a time given in whole seconds since 1970-01-01T00:00:00Z.
    /// - Precondition: not before 1970; `out` has room for ``count`` bytes.
    package static func write(secondsSinceEpoch seconds: Int, into out: UnsafeMutableRawBufferPointer) {
        precondition(seconds >= 0 && out.count >= count, "dates are after 1970 and have room")
        let days = seconds / 86_400
        let second = seconds % 86_400
        // Civil date from a day count, in years that begin with March (the leap day is then the last).
        let shifted = days + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = era * 400 + yearOfEra + (month <= 2 ? 1 : 0)

        copy("ThuFriSatSunMonTueWed", days % 7 * 3, 3, out, 0)
        copy(", ", 0, 2, out, 3)
        digits(day, 2, out, 5)
        copy(" ", 0, 1, out, 7)
        copy("JanFebMarAprMayJunJulAugSepOctNovDec", (month - 1) * 3, 3, out, 8)
        copy(" ", 0, 1, out, 11)
        digits(year, 4, out, 12)
        copy(" ", 0, 1, out, 16)
        digits(second / 3600, 2, out, 17)
        copy(":", 0, 1, out, 19)
        digits(second / 60 % 60, 2, out, 20)
        copy(":", 0, 1, out, 22)
        digits(second % 60, 2, out, 23)
        copy(" GMT", 0, 4, out, 25)
    }

    private static func copy(
        _ text: StaticString, _ from: Int, _ count: Int, _ out: UnsafeMutableRawBufferPointer, _ at: Int
    ) {
        for index in 0..<count { out[at + index] = text.utf8Start[from + index] }
    }

    private static func digits(_ value: Int, _ count: Int, _ out: UnsafeMutableRawBufferPointer, _ at: Int) {
        var rest = value
        for index in (0..<count).reversed() {
            out[at + index] = UInt8(0x30 + rest % 10)
            rest /= 10
        }
    }
}
