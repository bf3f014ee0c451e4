package import JSON

/// Writes YAML that this module, and every other reader of YAML 1.1 or 1.2, reads back as the same value.
///
/// Not by libyaml: its emitter knows nothing of types, so that `"true"` and `"1e5"` would come back as something else. Only a
/// text that begins with a letter and can be nothing else is written plain; every other one is a JSON string, which YAML
/// reads as it is (YAML 1.2.2 §1.2), or a block of lines.
package enum YAMLText {
    /// The document, with a line end behind it.
    package static func of(_ value: JSONValue) -> String {
        var text = ""
        switch value {
        case .object(let object) where !object.isEmpty: write(object, 0, into: &text)
        case .array(let elements) where !elements.isEmpty: write(elements, 0, into: &text)
        case .null, .bool, .number, .string, .array, .object: text = "\(scalar(value, 1))\n"
        }
        return text
    }

    private static func write(_ object: JSONObject, _ depth: Int, into text: inout String) {
        for member in object.members {
            // Behind the dash of a list the first member follows on the same line.
            if text.isEmpty || text.hasSuffix("\n") { text += indent(depth) }
            text += "\(key(member.name)):"
            write(member.value, depth, isInList: false, into: &text)
        }
    }

    private static func write(_ elements: [JSONValue], _ depth: Int, into text: inout String) {
        for element in elements {
            text += "\(indent(depth))-"
            write(element, depth, isInList: true, into: &text)
        }
    }

    /// What follows a key or a dash, to the end of its line and beyond.
    private static func write(_ value: JSONValue, _ depth: Int, isInList: Bool, into text: inout String) {
        switch value {
        case .object(let object) where !object.isEmpty:
            text += isInList ? " " : "\n"
            write(object, depth + 1, into: &text)
        case .array(let elements) where !elements.isEmpty:
            text += "\n"
            write(elements, depth + 1, into: &text)
        case .null, .bool, .number, .string, .array, .object:
            text += " \(scalar(value, depth + 1))\n"
        }
    }

    private static func indent(_ depth: Int) -> String { String(repeating: "  ", count: depth) }

    private static func scalar(_ value: JSONValue, _ depth: Int) -> String {
        guard case .string(let text) = value else {
            // An exponent without a point is text in YAML 1.1; so is one without a sign.
            guard case .number(let number) = value, number.text.contains(where: { "eE".contains($0) }) else {
                return value.text()
            }
            return yaml11(number.text)
        }
        return block(text, depth) ?? (isPlain(text) ? text : quoted(text))
    }

    private static func key(_ name: String) -> String { isPlain(name) ? name : quoted(name) }

    /// `1e5` → `1.0e+5`.
    private static func yaml11(_ number: String) -> String {
        let parts = number.split { "eE".contains($0) }.map(String.init)
        guard parts.count == 2 else { return number }
        let mantissa = parts[0].contains(".") ? parts[0] : "\(parts[0]).0"
        let hasSign = parts[1].hasPrefix("+") || parts[1].hasPrefix("-")
        return "\(mantissa)e\(hasSign ? "" : "+")\(parts[1])"
    }

    /// Words that some version of YAML reads as a boolean or as nothing.
    private static let reserved: Set = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"]

    private static func isPlain(_ text: String) -> Bool {
        guard let first = text.utf8.first, isLetter(first), text.utf8.count <= 200 else { return false }
        guard !reserved.contains(text.lowercased()), text.utf8.last != UInt8(ascii: " ") else { return false }
        return text.utf8.allSatisfy { byte in
            isLetter(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                || [UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "/")].contains(byte)
                || [UInt8(ascii: "@"), UInt8(ascii: "+"), UInt8(ascii: " ")].contains(byte)
        }
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }

    /// A text of several lines as a literal block (§8.1.2); nil where a block could not hold it.
    private static func block(_ text: String, _ depth: Int) -> String? {
        guard text.utf8.contains(UInt8(ascii: "\n")), let first = text.utf8.first,
            ![UInt8(ascii: " "), UInt8(ascii: "\n")].contains(first),
            text.unicodeScalars.allSatisfy({ $0 == "\n" || isPrintable($0) })
        else { return nil }
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let chomping: String
        if lines.last?.isEmpty == true {
            lines.removeLast()
            // More than one line end at the end: kept only by "+", and easily misread by people.
            guard lines.last?.isEmpty == false else { return nil }
            chomping = "|"
        } else {
            chomping = "|-"
        }
        guard lines.allSatisfy({ $0.isEmpty || !$0.allSatisfy({ $0 == " " }) }) else { return nil }
        return chomping + lines.map { $0.isEmpty ? "\n" : "\n\(indent(depth))\($0)" }.joined()
    }

    /// What may stand unescaped in every version of YAML, and cannot be a line end in any.
    private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x20...0x7E, 0xA0...0x2027, 0x202A...0xD7FF, 0xE000...0xFEFE, 0xFF00...0xFFFD, 0x10000...0x10FFFF: true
        case _: false
        }
    }

    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\t": quoted += "\\t"
            case _ where isPrintable(scalar): quoted.unicodeScalars.append(scalar)
            case _:
                let digits = String(scalar.value, radix: 16)
                let isLong = scalar.value > 0xFFFF
                quoted += isLong ? "\\U" : "\\u"
                quoted += String(repeating: "0", count: (isLong ? 8 : 4) - digits.count) + digits
            }
        }
        return quoted + "\""
    }
}
