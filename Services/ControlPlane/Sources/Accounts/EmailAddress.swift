import Bytes
import Config

/// An e-mail address as the interface definitions want it: `local@host.name`, ASCII, no display name, no quotes.
package struct EmailAddress: SettingValue, Hashable {
    /// As written.
    package let text: String

    /// From its text; nil when it is not one.
    package init?(_ text: String) {
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, text.utf8.count <= 254, 1...64 ~= parts[0].utf8.count,
            parts[0].split(separator: ".", omittingEmptySubsequences: false).allSatisfy(Self.isAtom),
            parts[1].split(separator: ".", omittingEmptySubsequences: false).allSatisfy(Self.isLabel)
        else { return nil }
        self.text = text
    }

    /// RFC 5322 §3.2.3.
    private static func isAtom(_ part: Substring) -> Bool {
        let marks = Array("!#$%&'*+-/=?^_`{|}~".utf8)
        return !part.isEmpty
            && part.utf8.allSatisfy { ASCII.isLetter($0) || ASCII.isDigit($0) || marks.contains($0) }
    }

    /// RFC 1123 §2.1.
    private static func isLabel(_ part: Substring) -> Bool {
        let dash = UInt8(ascii: "-")
        return 1...63 ~= part.utf8.count && part.utf8.first != dash && part.utf8.last != dash
            && part.utf8.allSatisfy { ASCII.isLetter($0) || ASCII.isDigit($0) || $0 == dash }
    }

    /// An address, for settings.
    package static var settingKind: String { "an e-mail address" }
    /// As `init(_:)`.
    package init?(settingText: String) { self.init(settingText) }
    /// As written.
    package var settingText: String { text }
}
