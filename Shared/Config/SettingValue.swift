import Time

/// A type that a setting can have.
package protocol SettingValue: Sendable {
    /// What the type is, with an article, for the sentence "X is "…", which is not …".
    static var settingKind: String { get }
    /// Reads the operator's text; nil when it is not valid.
    init?(settingText: String)
    /// Text that `init(settingText:)` reads back.
    var settingText: String { get }
}

extension String: SettingValue {
    /// Any text.
    package static var settingKind: String { "text" }
    /// Any text without a NUL.
    package init?(settingText: String) {
        guard !settingText.utf8.contains(0) else { return nil }
        self = settingText
    }
    /// Itself.
    package var settingText: String { self }
}

extension Int: SettingValue {
    /// A decimal whole number.
    package static var settingKind: String { "a whole number" }
    /// Decimal digits with an optional sign.
    package init?(settingText: String) { self.init(settingText, radix: 10) }
    /// Decimal digits.
    package var settingText: String { String(self) }
}

extension Bool: SettingValue {
    /// Two words, not a dozen.
    package static var settingKind: String { "true or false" }
    /// Exactly `true` or `false`.
    package init?(settingText: String) { self.init(settingText) }
    /// `true` or `false`.
    package var settingText: String { self ? "true" : "false" }
}

extension Duration: SettingValue {
    /// A number with its unit.
    package static var settingKind: String { "a duration such as 250ms, 15m, 24h or 7d" }
    /// What `Time` reads as a duration.
    package init?(settingText: String) {
        do { try self.init(text: settingText) } catch { return nil }
    }
    /// Shortest text of the duration.
    package var settingText: String { text }
}

/// A number of bytes: `512`, `64KiB`, `1MiB`, `2GiB`, or decimal `10kB`, `5MB`, `1GB`.
package struct ByteCount: SettingValue, Comparable, Hashable {
    /// The number of bytes, never negative.
    package let bytes: Int

    /// A size from its number of bytes.
    package init(bytes: Int) {
        precondition(bytes >= 0, "a size is not negative")
        self.bytes = bytes
    }

    /// A size with its unit.
    package static var settingKind: String { "a size such as 512B, 64KiB or 1MiB" }

    /// Digits and a unit; digits alone are bytes.
    package init?(settingText: String) {
        let digits = settingText.prefix { $0.isASCII && $0.isNumber }
        guard let count = Int(digits), let unit = Self.units[String(settingText.dropFirst(digits.count))] else {
            return nil
        }
        let (product, overflow) = count.multipliedReportingOverflow(by: unit)
        guard !overflow else { return nil }
        bytes = product
    }

    /// The largest binary unit that divides it.
    package var settingText: String {
        for (name, unit) in [("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)]
        where bytes > 0 && bytes % unit == 0 {
            return "\(bytes / unit)\(name)"
        }
        return "\(bytes)B"
    }

    /// Whether `left` is smaller.
    package static func < (left: ByteCount, right: ByteCount) -> Bool { left.bytes < right.bytes }

    private static let units = [
        "": 1, "B": 1, "kB": 1000, "KiB": 1 << 10, "MB": 1_000_000, "MiB": 1 << 20, "GB": 1_000_000_000,
        "GiB": 1 << 30, "TiB": 1 << 40,
    ]
}

/// An address to listen on or to dial: `0.0.0.0:8443`, `[::1]:8443`, `localhost:8443`. Port 0 asks for a free one.
package struct HostPort: SettingValue, Hashable {
    /// Name or address, without the brackets of IPv6.
    package let host: String
    /// 0 to 65535.
    package let port: UInt16

    /// An address from its parts.
    package init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    /// Host and port.
    package static var settingKind: String { "an address such as 0.0.0.0:8443 or [::1]:8443" }

    /// `host:port`, with brackets around an IPv6 address.
    package init?(settingText: String) {
        guard let colon = settingText.lastIndex(of: ":") else { return nil }
        let digits = settingText[settingText.index(after: colon)...]
        guard !digits.isEmpty, digits.allSatisfy({ $0.isASCII && $0.isNumber }), let port = UInt16(digits) else {
            return nil
        }
        var host = settingText[..<colon]
        if host.hasPrefix("[") {
            guard host.hasSuffix("]"), host.contains(":") else { return nil }
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            return nil
        }
        guard !host.isEmpty, host.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "/") }) else {
            return nil
        }
        self.init(host: String(host), port: port)
    }

    /// `host:port`, with brackets around an IPv6 address.
    package var settingText: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

    /// Whether the host is the loopback: only there may plain text be spoken. A name such as `127.example.org` is not.
    package var isLoopback: Bool {
        if host == "localhost" || host == "::1" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }
}

/// An absolute `http` or `https` address.
package struct URLString: SettingValue, Hashable {
    /// The address as written.
    package let text: String

    /// An absolute address.
    package static var settingKind: String { "an address such as https://host:8443/path" }

    /// Takes text that begins with `http://` or `https://` and has a host and only visible ASCII.
    package init?(settingText: String) {
        guard let scheme = ["https://", "http://"].first(where: settingText.hasPrefix) else { return nil }
        let rest = settingText.dropFirst(scheme.count)
        guard let first = rest.first, first != "/", settingText.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            return nil
        }
        text = settingText
    }

    /// The address as written.
    package var settingText: String { text }
}

/// Lets an enum of texts be a setting: conform to `SettingChoice` and it reads its raw values.
package protocol SettingChoice: SettingValue, CaseIterable, RawRepresentable where RawValue == String {}

extension SettingChoice {
    /// The words that are allowed.
    package static var settingKind: String { "one of " + allCases.map(\.rawValue).joined(separator: ", ") }
    /// One of the words.
    package init?(settingText: String) { self.init(rawValue: settingText) }
    /// The word.
    package var settingText: String { rawValue }
}
