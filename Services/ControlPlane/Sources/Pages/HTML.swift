/// Text that is HTML already. Everything else becomes HTML only through `escape`, so that nothing a stranger sent is ever read
/// as markup: interpolating a `String` escapes it, interpolating `HTML` does not.
package struct HTML: Sendable, Equatable, ExpressibleByStringInterpolation {
    /// The markup.
    package private(set) var text: String

    /// Markup of ours.
    package init(stringLiteral value: String) { text = value }

    /// Markup of ours with values in it.
    package init(stringInterpolation: StringInterpolation) { text = stringInterpolation.text }

    /// Collects the pieces of a literal.
    package struct StringInterpolation: StringInterpolationProtocol, Sendable {
        fileprivate var text = ""

        /// An empty collection.
        package init(literalCapacity: Int, interpolationCount: Int) { text.reserveCapacity(literalCapacity * 2) }

        /// Our own words.
        package mutating func appendLiteral(_ literal: String) { text += literal }

        /// Anybody's words.
        package mutating func appendInterpolation(_ value: String) { text += HTML.escape(value) }

        /// Markup.
        package mutating func appendInterpolation(_ html: HTML) { text += html.text }

        /// Markup, or nothing.
        package mutating func appendInterpolation(_ html: HTML?) { text += html?.text ?? "" }
    }

    /// Two pieces, one after the other.
    package static func + (left: HTML, right: HTML) -> HTML { "\(left)\(right)" }

    /// The text with everything replaced that HTML could read as markup, in content and in quoted attributes.
    package static func escape(_ text: String) -> String {
        var out: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "&"): out += Array("&amp;".utf8)
            case UInt8(ascii: "<"): out += Array("&lt;".utf8)
            case UInt8(ascii: ">"): out += Array("&gt;".utf8)
            case UInt8(ascii: "\""): out += Array("&quot;".utf8)
            case UInt8(ascii: "'"): out += Array("&#39;".utf8)
            default: out.append(byte)
            }
        }
        return String(decoding: out, as: UTF8.self)
    }
}
