internal import Bytes
package import Faults

/// A place in a JSON text.
package struct JSONPlace: Sendable, Equatable, CustomStringConvertible {
    /// Bytes before the fault, from 0.
    package let offset: Int
    /// Line of the fault, from 1. Lines end with a line feed.
    package let line: Int
    /// Byte within the line, from 1.
    package let column: Int

    init(offset: Int, in bytes: UnsafeRawBufferPointer) {
        var line = 1
        var lineStart = 0
        for index in 0..<min(offset, bytes.count) where bytes[index] == UInt8(ascii: "\n") {
            line += 1
            lineStart = index + 1
        }
        self.offset = offset
        self.line = line
        self.column = offset - lineStart + 1
    }

    /// "line 3, column 14".
    package var description: String { "line \(line), column \(column)" }
}

/// Why a text is not JSON (RFC 8259) or not accepted here. No case carries a value from the text, only member names:
/// an event's JSON holds personal data.
package enum JSONError: Fault, Equatable, CustomStringConvertible {
    /// The text ends inside a value.
    case unexpectedEnd(JSONPlace)
    /// A byte that no rule of the grammar allows here.
    case unexpectedByte(JSONPlace)
    /// Something follows the value.
    case trailingBytes(JSONPlace)
    /// A string holds bytes that are not UTF-8.
    case invalidUTF8(JSONPlace)
    /// A string holds a raw byte below 0x20.
    case controlCharacter(JSONPlace)
    /// An escape other than those of RFC 8259 §7.
    case invalidEscape(JSONPlace)
    /// `\uD800` to `\uDFFF` that is not half of a pair: it has no UTF-8 form.
    case loneSurrogate(JSONPlace)
    /// A number that breaks the grammar, such as `01` or `1.`.
    case invalidNumber(JSONPlace)
    /// A number of more than ``JSONReader/numberLimit`` bytes.
    case numberTooLong(JSONPlace)
    /// More than the allowed levels of arrays and objects.
    case tooDeep(limit: Int, JSONPlace)
    /// The same member name twice in one object.
    case duplicateName(String, JSONPlace)

    /// Where in the text.
    package var place: JSONPlace {
        switch self {
        case .unexpectedEnd(let place), .unexpectedByte(let place), .trailingBytes(let place),
            .invalidUTF8(let place), .controlCharacter(let place), .invalidEscape(let place),
            .loneSurrogate(let place), .invalidNumber(let place), .numberTooLong(let place),
            .tooDeep(_, let place), .duplicateName(_, let place):
            place
        }
    }

    /// One line: what is wrong and where.
    package var description: String { "\(reason) at \(place)" }

    /// The author of the text.
    package var blame: Blame { .caller }
    /// The same text fails again.
    package var retry: Retry { .never }

    /// What is wrong, without the place.
    package var reason: String {
        switch self {
        case .unexpectedEnd: "JSON text ends inside a value"
        case .unexpectedByte: "unexpected character"
        case .trailingBytes: "text after the JSON value"
        case .invalidUTF8: "string is not UTF-8"
        case .controlCharacter: "control character in a string"
        case .invalidEscape: "invalid escape in a string"
        case .loneSurrogate: "lone surrogate in a string"
        case .invalidNumber: "malformed number"
        case .numberTooLong: "number has more than \(JSONReader.numberLimit) characters"
        case .tooDeep(let limit, _): "more than \(limit) levels"
        case .duplicateName(let name, _): "member '\(shownName(name))' appears twice"
        }
    }
}
