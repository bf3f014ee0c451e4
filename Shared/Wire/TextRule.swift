/// A rule that the value of a text member must keep. The patterns are those of the public interface definitions.
package enum TextRule: Sendable, Hashable {
    /// Not empty.
    case required
    /// Between two numbers of Unicode scalars, ends included. An empty text is excused; say `.required` to refuse it.
    case length(ClosedRange<Int>)
    /// Letters, numbers, symbols, marks, punctuation and white space: `^[\pL\pN\pS\pM\pP\s]+$`.
    case name
    /// As `name`, without white space.
    case nameWithoutSpace
    /// No control, format, private-use, surrogate or unassigned character: `^[^\pC]+$`.
    case noControl
    /// No slash.
    case noSlash
    /// An Avro name: `^[a-zA-Z_][a-zA-Z0-9_]*$`.
    case avroName
    /// Avro names joined with points.
    case avroNamespace
    /// Three numbers joined with points.
    case version
    /// A UUID in text.
    case uuid
    /// Exactly one of these texts.
    case oneOf([String])
    /// The text does not contain this one.
    case without(String)
    /// A date and time of RFC 3339.
    case timestamp

    /// What is wrong with `text`, in words that follow the member's path; nothing when the rule is kept. Every rule but
    /// `.required` excuses an empty text, as proto3 cannot tell it from an absent one.
    package func problem(with text: String) -> String? {
        if case .required = self { return text.isEmpty ? "must be set" : nil }
        if text.isEmpty { return nil }
        let scalars = text.unicodeScalars
        switch self {
        case .required:
            return nil
        case .length(let range):
            if range.contains(scalars.count) { return nil }
            return range.lowerBound == 0
                ? "must have at most \(range.upperBound) characters"
                : "must have \(range.lowerBound) to \(range.upperBound) characters"
        case .name:
            return scalars.allSatisfy { $0.isNamePart || $0.properties.isWhitespace }
                ? nil : "may hold only letters, numbers, symbols, marks, punctuation and white space"
        case .nameWithoutSpace:
            return scalars.allSatisfy(\.isNamePart)
                ? nil : "may hold only letters, numbers, symbols, marks and punctuation"
        case .noControl:
            return scalars.allSatisfy { !$0.isControlLike } ? nil : "must not hold control characters"
        case .noSlash:
            return text.contains("/") ? "must not hold a slash" : nil
        case .avroName:
            return TextRule.isAvroName(text) ? nil : "must be an Avro name: letters, digits and _, no digit first"
        case .avroNamespace:
            let parts = text.split(separator: ".", omittingEmptySubsequences: false)
            return parts.allSatisfy { TextRule.isAvroName(String($0)) }
                ? nil : "must be an Avro namespace: names joined with points"
        case .version:
            return TextRule.isVersion(text) ? nil : "must be a version of three numbers: 1.0.0"
        case .uuid:
            return KeyLink(text) != nil ? nil : "must be a UUID"
        case .oneOf(let allowed):
            return allowed.contains(text) ? nil : "must be \(allowed.joined(separator: " or "))"
        case .without(let part):
            return text.contains(part) ? "must not hold \(part)" : nil
        case .timestamp:
            return TextRule.isTimestamp(text) ? nil : "must be a time as 2026-01-31T12:00:00Z"
        }
    }

    /// True for `^[a-zA-Z_][a-zA-Z0-9_]*$`.
    package static func isAvroName(_ text: String) -> Bool {
        var first = true
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"):
                break
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                if first { return false }
            default:
                return false
            }
            first = false
        }
        return !first
    }

    /// True for `^\d+\.\d+\.\d+$` with ASCII digits.
    package static func isVersion(_ text: String) -> Bool {
        let parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return parts.count == 3 && parts.allSatisfy { !$0.isEmpty && $0.allSatisfy(isDigit) }
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    /// The shape of RFC 3339 §5.6, with the ranges of its numbers.
    private static func isTimestamp(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        func number(_ start: Int, _ count: Int, _ range: ClosedRange<Int>) -> Bool {
            guard start + count <= bytes.count, bytes[start..<start + count].allSatisfy(isDigit) else { return false }
            return range.contains(bytes[start..<start + count].reduce(0) { $0 * 10 + Int($1) - 48 })
        }
        func sign(_ place: Int, _ allowed: String) -> Bool {
            place < bytes.count && allowed.utf8.contains(bytes[place])
        }
        guard number(0, 4, 1...9999), sign(4, "-"), number(5, 2, 1...12), sign(7, "-"), number(8, 2, 1...31),
            sign(10, "Tt"), number(11, 2, 0...23), sign(13, ":"), number(14, 2, 0...59), sign(16, ":"),
            number(17, 2, 0...60)
        else { return false }
        var place = 19
        if sign(place, ".") {
            place += 1
            let start = place
            while place < bytes.count, isDigit(bytes[place]) { place += 1 }
            if place == start || place - start > 9 { return false }
        }
        if sign(place, "Zz") { return place + 1 == bytes.count }
        return sign(place, "+-") && number(place + 1, 2, 0...23) && sign(place + 3, ":") && number(place + 4, 2, 0...59)
            && place + 6 == bytes.count
    }
}

extension Unicode.Scalar {
    /// In one of the Unicode groups L, N, S, M and P.
    fileprivate var isNamePart: Bool {
        switch properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .nonspacingMark,
            .spacingMark, .enclosingMark, .decimalNumber, .letterNumber, .otherNumber, .connectorPunctuation,
            .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation, .finalPunctuation,
            .otherPunctuation, .mathSymbol, .currencySymbol, .modifierSymbol, .otherSymbol:
            true
        default:
            false
        }
    }

    /// In the Unicode group C.
    fileprivate var isControlLike: Bool {
        switch properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned: true
        default: false
        }
    }
}
