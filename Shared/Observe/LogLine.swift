import Time

/// One line under construction. Text from outside is escaped in both formats: a client id with a line feed or a terminal's
/// escape sequence cannot forge a line.
struct LogLine {
    var bytes: [UInt8] = []

    mutating func writeJSON(
        _ time: Timestamp, _ level: LogLevel, _ service: String, _ message: StaticString,
        _ fields: [(StaticString, LogValue)]
    ) {
        bytes.reserveCapacity(256)
        append("{\"time\":\"\(time.text)\",\"level\":\"\(level.rawValue)\",\"service\":")
        quote(service)
        append(",\"message\":")
        quote(message.description)
        for (name, value) in fields {
            append(",")
            quote(name.description)
            append(":")
            switch value {
            case .string(let text): quote(text)
            case .int(let number): append(String(number))
            case .double(let number): number.isFinite ? append(String(number)) : quote(String(number))
            case .bool(let flag): append(flag ? "true" : "false")
            case .list(let texts):
                append("[")
                for (index, text) in texts.enumerated() {
                    if index > 0 { append(",") }
                    quote(text)
                }
                append("]")
            }
        }
        append("}\n")
    }

    mutating func writeText(
        _ time: Timestamp, _ level: LogLevel, _ service: String, _ message: StaticString,
        _ fields: [(StaticString, LogValue)]
    ) {
        let padding = String(repeating: " ", count: 7 - level.rawValue.utf8.count)
        append(String(time.text.dropFirst(11).dropLast()))
        append(" \(level.rawValue.uppercased())\(padding) \(service): \(message)")
        for (index, (name, value)) in fields.enumerated() {
            append("\(index == 0 ? "  " : " ")\(name)=")
            switch value {
            case .string(let text): bare(text)
            case .int(let number): append(String(number))
            case .double(let number): append(String(number))
            case .bool(let flag): append(flag ? "true" : "false")
            case .list(let texts): bare(texts.joined(separator: ","))
            }
        }
        append("\n")
    }

    private mutating func append(_ text: String) { bytes += text.utf8 }

    /// Without quotes when that cannot be misread.
    private mutating func bare(_ text: String) {
        let plain = text.utf8.allSatisfy {
            $0 > 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "=")
        }
        // C1 controls (U+0080 to U+009F) reach terminals as well: quote, which escapes them.
        let hasC1 = text.unicodeScalars.contains { (0x80...0x9F).contains($0.value) }
        if plain, !hasC1, !text.isEmpty { append(text) } else { quote(text) }
    }

    /// A JSON string (RFC 8259 §7), with DEL and C1 controls escaped too.
    private mutating func quote(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": append("\\\"")
            case "\\": append("\\\\")
            case "\n": append("\\n")
            case "\r": append("\\r")
            case "\t": append("\\t")
            case _ where scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value):
                let digits = String(scalar.value, radix: 16)
                append("\\u" + String(repeating: "0", count: 4 - digits.count) + digits)
            default: bytes += String(scalar).utf8
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
