internal import Bytes

/// A rule that the value of a text member must keep. The patterns are those of the public interface definitions.
package enum TextRule: Sendable, Hashable {
    /// Not empty.
    case required
    /// Empty: for what nobody uses any more.
    case empty
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
    /// None of these texts.
    case noneOf([String])
    /// The text does not contain this one.
    case without(String)
    /// The text begins with this one.
    case prefix(String)
    /// At least two characters, the last one no slash: `^.+[^\/]$`.
    case noTrailingSlash
    /// The short name of an organisation: `^[a-zA-Z0-9][a-zA-Z0-9_-]+[a-zA-Z0-9]$`.
    case handle
    /// A Kafka topic: `^[a-zA-Z0-9._-]+$`.
    case kafkaTopic
    /// Printable ASCII: `^[ -~]+$`.
    case printableASCII
    /// A text that begins with so many characters of `name`.
    case nameAtStart(Int)
    /// A version of the command line: `v` and a semantic version.
    case commandLineVersion
    /// An address of e-mail: RFC 5322's `addr-spec` without quotes, at a host name.
    case email
    /// An absolute URI of RFC 3986.
    case uri

    /// What is wrong with `text`, in words that follow the member's path; nothing when the rule is kept. Every rule but
    /// `.required` excuses an empty text, as proto3 cannot tell it from an absent one.
    package func problem(with text: String) -> String? {
        if case .required = self { return text.isEmpty ? TextRule.missing : nil }
        if text.isEmpty { return nil }
        let scalars = text.unicodeScalars
        switch self {
        case .required:
            return nil
        case .empty:
            return "must be empty"
        case .length(let range):
            if range.contains(scalars.count) { return nil }
            if range.upperBound == .max { return "must have at least \(range.lowerBound) characters" }
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
            return TextRule.isUUID(text) ? nil : "must be a UUID"
        case .oneOf(let allowed):
            return allowed.contains(text) ? nil : "must be \(allowed.joined(separator: " or "))"
        case .noneOf(let refused):
            return refused.contains(text) ? "must not be \(refused.joined(separator: " or "))" : nil
        case .without(let part):
            return text.contains(part) ? "must not hold \(part)" : nil
        case .prefix(let start):
            return text.hasPrefix(start) ? nil : "must begin with \(start)"
        case .noTrailingSlash:
            return scalars.count >= 2 && text.utf8.last != UInt8(ascii: "/")
                ? nil : "must have at least 2 characters and not end with a slash"
        case .handle:
            return TextRule.isHandle(text) ? nil : "must be letters, digits, _ and -, none of these two first or last"
        case .kafkaTopic:
            return text.utf8.allSatisfy { isAlphanumeric($0) || "._-".utf8.contains($0) }
                ? nil : "may hold only letters, digits, ., _ and -"
        case .printableASCII:
            return text.utf8.allSatisfy { (0x20...0x7E).contains($0) } ? nil : "may hold only printable ASCII"
        case .nameAtStart(let count):
            return scalars.prefix(count).count { $0.isNamePart || $0.properties.isWhitespace } == count
                ? nil : "must begin with \(count) letters, numbers, symbols, marks, punctuation or white space"
        case .commandLineVersion:
            return text.hasPrefix("v") && TextRule.isSemanticVersion(text.dropFirst())
                ? nil : "must be v and a semantic version: v1.0.0"
        case .email:
            return TextRule.isEmail(text) ? nil : "must be an e-mail address"
        case .uri:
            return TextRule.isURI(text) ? nil : "must be an absolute URI"
        }
    }

    /// What is wrong with a member that must be there and is not.
    package static let missing = "must be set"

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

    /// `^\d+\.\d+\.\d+$` with ASCII digits.
    private static func isVersion(_ text: String) -> Bool {
        let parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return parts.count == 3 && parts.allSatisfy { !$0.isEmpty && $0.allSatisfy(isDigit) }
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    /// 8-4-4-4-12 hexadecimal digits in either case.
    private static func isUUID(_ text: String) -> Bool {
        var position = 0
        for byte in text.utf8 {
            let isDash = position == 8 || position == 13 || position == 18 || position == 23
            guard isDash ? byte == UInt8(ascii: "-") : ASCII.hexValue(byte) != nil else { return false }
            position += 1
        }
        return position == 36
    }

    private static func isHandle(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        return bytes.count >= 3 && isAlphanumeric(bytes[0]) && isAlphanumeric(bytes[bytes.count - 1])
            && bytes.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-") }
    }

    /// `1.2.3`, then perhaps `-` and a pre-release, then perhaps `+` and a build (semver.org 2.0.0).
    private static func isSemanticVersion(_ text: Substring) -> Bool {
        func isNumber(_ part: Substring) -> Bool {
            !part.isEmpty && part.utf8.allSatisfy(isDigit) && (part == "0" || part.utf8.first != UInt8(ascii: "0"))
        }
        func areIdentifiers(_ list: Substring, _ isRight: (Substring) -> Bool) -> Bool {
            list.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { part in
                !part.isEmpty && part.utf8.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "-") } && isRight(part)
            }
        }
        let halves = text.split(separator: "+", maxSplits: 1, omittingEmptySubsequences: false)
        let parts = halves[0].split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        let numbers = parts[0].split(separator: ".", omittingEmptySubsequences: false)
        return numbers.count == 3 && numbers.allSatisfy(isNumber)
            && parts.dropFirst().allSatisfy { areIdentifiers($0) { !$0.utf8.allSatisfy(isDigit) || isNumber($0) } }
            && halves.dropFirst().allSatisfy { areIdentifiers($0) { _ in true } }
    }

    private static func isEmail(_ text: String) -> Bool {
        guard text.utf8.count <= 254, let at = text.lastIndex(of: "@") else { return false }
        let local = text[..<at]
        let words = local.split(separator: ".", omittingEmptySubsequences: false)
        let isLocal = words.allSatisfy { word in
            !word.isEmpty
                && word.utf8.allSatisfy { isAlphanumeric($0) || "!#$%&'*+-/=?^_`{|}~".utf8.contains($0) || $0 >= 0x80 }
        }
        return local.utf8.count <= 64 && isLocal && isHostName(text[text.index(after: at)...])
    }

    /// RFC 1123 §2.1: labels of letters, digits and inner hyphens.
    private static func isHostName(_ text: Substring) -> Bool {
        let labels = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        let hyphen = UInt8(ascii: "-")
        return text.utf8.count <= 253
            && labels.allSatisfy { label in
                (1...63).contains(label.count) && label.first != hyphen && label.last != hyphen
                    && label.allSatisfy { isAlphanumeric($0) || $0 == hyphen }
            }
    }

    /// A scheme, a colon, and then only what RFC 3986 allows anywhere in a URI.
    private static func isURI(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")), colon > 0, !isDigit(bytes[0]),
            bytes[..<colon].allSatisfy({ isAlphanumeric($0) || "+-.".utf8.contains($0) }), isAlphanumeric(bytes[0])
        else { return false }
        var index = colon + 1
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "%") {
                guard index + 2 < bytes.count, ASCII.hexValue(bytes[index + 1]) != nil,
                    ASCII.hexValue(bytes[index + 2]) != nil
                else { return false }
                index += 2
            } else if !isAlphanumeric(bytes[index]), !"-._~:/?#[]@!$&'()*+,;=".utf8.contains(bytes[index]) {
                return false
            }
            index += 1
        }
        return bytes.count > colon + 1
    }
}

/// An ASCII letter or digit.
private func isAlphanumeric(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"):
        true
    default: false
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
