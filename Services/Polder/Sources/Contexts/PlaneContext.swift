internal import Config
internal import HTTP
internal import JSON

/// A control plane that commands can talk to, under a name.
package struct PlaneContext: Sendable, Equatable {
    /// The plane that `polder up` runs on this machine: it needs no entry, because its ready document tells everything.
    package static let local = "local"

    /// What the user calls it.
    package let name: String
    /// Where the API is: `https://host:port`; nil for the local plane.
    package var api: String?
    /// Where people log in: `https://host:port`; nil for the local plane.
    package var auth: String?
    /// The authority that signed the certificates; nil: those that this machine trusts.
    package var caFile: String?
    /// The project that commands mean when they name none.
    package var project: String?

    /// A context without an address yet.
    package init(name: String) {
        self.name = name
    }

    /// Whether a name can be one: it is also the name of a file.
    package static func isName(_ text: String) -> Bool {
        guard let first = text.utf8.first, isLetterOrDigit(first), text.utf8.count <= 63 else { return false }
        return text.utf8.allSatisfy { isLetterOrDigit($0) || [0x2D, 0x2E, 0x5F].contains($0) }
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20)
    }

    /// The address in its full form; `host:port` means `https`.
    ///
    /// - Throws: `.refused` when it is none, or would send tokens in clear over a network.
    package static func address(_ text: String) throws(PolderError) -> String {
        let full = text.contains("://") ? text : "https://\(text)"
        guard let url = URLParts(full), url.target == "/" else {
            throw .refused("\(text) is not an address such as https://host:8443")
        }
        guard full.hasPrefix("https://") || (full.hasPrefix("http://") && isLoopback(url)) else {
            throw .refused("\(text): without TLS, tokens may only be sent to this machine; say https://")
        }
        return full
    }

    private static func isLoopback(_ url: URLParts) -> Bool {
        HostPort(host: url.host, port: UInt16(clamping: url.port)).isLoopback
    }

    /// The entry in the file.
    var json: JSONValue {
        var object: JSONObject = ["name": .string(name)]
        for (key, value) in [("api", api), ("auth", auth), ("caFile", caFile), ("project", project)] {
            object[key] = value.map { .string($0) }
        }
        return .object(object)
    }
}
