internal import Bytes

/// The query of a call: known parameters, each with a value of its kind, in one spelling.
///
/// The API server is generous (`watch=True`, `watch=`, `watch=no` all watch; of two values the first one counts), proxies
/// before it may be generous in other ways. Here a parameter that is not listed for the call, comes twice, or has an odd value
/// is refused, and what is sent on is written anew from what was understood.
struct CallQuery: Equatable {
    struct Pair: Equatable {
        let name: String
        let value: String
    }

    /// What kind of call it is: that decides which parameters it may have.
    enum Use { case discovery, get, list, write, applyPatch, patch, delete, deleteCollection, logs, exec, portForward }

    /// Longest query, bytes.
    static let limit = 16 << 10

    private(set) var pairs: [Pair] = []

    /// - Parameter query: What stands behind the `?`, still percent-encoded; empty for none.
    /// - Throws: `.call` with the parameter's name and the rule that it breaks.
    init(parsing query: String) throws(AccessError) {
        guard !query.isEmpty else { return }
        guard query.utf8.count <= Self.limit else { throw Self.refused("it is longer than \(Self.limit) bytes") }
        for part in query.split(separator: "&", omittingEmptySubsequences: false) {
            guard let mark = part.firstIndex(of: "=") else { throw Self.refused("every parameter is NAME=VALUE") }
            let name = part[..<mark]
            guard !name.isEmpty, name.utf8.count <= 64, name.utf8.allSatisfy(ASCII.isLetter) else {
                throw Self.refused("the name of a parameter is letters, not percent-encoded")
            }
            pairs.append(Pair(name: String(name), value: try Self.decode(part[part.index(after: mark)...], name)))
        }
    }

    /// Checks every parameter against what such a call may have.
    func check(for use: Use) throws(AccessError) {
        var seen: Set<String> = []
        for pair in pairs {
            guard let rule = Self.rule(pair.name, use) else {
                throw Self.refused("\(shownName(pair.name)) is not a parameter of such a call")
            }
            if !seen.insert(pair.name).inserted, rule != .words, rule != .ports {
                throw Self.refused("\(pair.name) comes once")
            }
            guard rule.fits(pair.value) else { throw Self.refused("\(pair.name) \(rule.text)") }
        }
    }

    /// The first value of that name.
    subscript(_ name: String) -> String? { pairs.first { $0.name == name }?.value }

    /// Whether a flag is set. Only for flags that were checked: then they are `1`, `true`, `0` or `false`.
    func isSet(_ name: String) -> Bool { self[name] == "1" || self[name] == "true" }

    /// As Go's `url.Values` writes it: letters, digits and `-_.~` as they are, a space as `+`, the rest as `%XX`.
    var encoded: String {
        pairs.map { "\($0.name)=\(Self.encode($0.value))" }.joined(separator: "&")
    }

    /// The object's name when the field selector asks for exactly one (`metadata.name=NAME`), as `kubectl get --watch NAME` does.
    var selectedName: String? {
        guard let selector = self["fieldSelector"] else { return nil }
        for prefix in ["metadata.name==", "metadata.name="] where selector.hasPrefix(prefix) {
            let name = selector.dropFirst(prefix.count)
            return ResourceName.isObjectName(name) ? String(name) : nil
        }
        return nil
    }

    // MARK: Rules

    private enum Rule: Equatable {
        case flag, number, text, words, ports, duration, label
        case one(of: [String])

        /// As Go writes one: `32s`, `1m0s`.
        private static func isDuration(_ value: String) -> Bool {
            var rest = Substring(value)
            while !rest.isEmpty {
                let digits = rest.utf8.prefix(while: ASCII.isDigit).count
                rest = rest.dropFirst(digits)
                guard (1...9).contains(digits), let unit = ["ms", "h", "m", "s"].first(where: rest.hasPrefix) else {
                    return false
                }
                rest = rest.dropFirst(unit.count)
            }
            return (1...32).contains(value.utf8.count)
        }

        var text: String {
            switch self {
            case .flag: "is 1, true, 0 or false"
            case .number: "is a number"
            case .text, .words: "is at most 4096 bytes"
            case .ports: "is a port from 1 to 65535"
            case .duration: "is a number with a unit, such as 32s"
            case .label: "is 1 to 128 letters, digits and -._:/@"
            case .one(let words): "is \(words.joined(separator: " or "))"
            }
        }

        func fits(_ value: String) -> Bool {
            let bytes = value.utf8
            switch self {
            case .flag: return ["1", "true", "0", "false"].contains(value)
            case .number: return (1...18).contains(bytes.count) && bytes.allSatisfy(ASCII.isDigit)
            case .text, .words: return bytes.count <= 4096
            case .ports: return (1...5).contains(bytes.count) && (Int(value).map { 1...65535 ~= $0 } ?? false)
            case .duration:
                return Self.isDuration(value)
            case .label:
                return (1...128).contains(bytes.count)
                    && bytes.allSatisfy { ResourceName.isSegmentByte($0) || $0 == UInt8(ascii: "/") }
            case .one(let words): return words.contains(value)
            }
        }
    }

    private static let selection: [String: Rule] = [
        "labelSelector": .text, "fieldSelector": .text, "limit": .number, "continue": .text, "resourceVersion": .text,
        "resourceVersionMatch": .one(of: ["Exact", "NotOlderThan"]), "timeoutSeconds": .number,
    ]
    private static let writing: [String: Rule] = [
        "fieldManager": .label, "fieldValidation": .one(of: ["Ignore", "Warn", "Strict"]), "dryRun": .one(of: ["All"]),
    ]
    private static let deleting: [String: Rule] = [
        "propagationPolicy": .one(of: ["Orphan", "Background", "Foreground"]), "gracePeriodSeconds": .number,
        "dryRun": .one(of: ["All"]),
    ]

    /// The parameters of a call, as the API's reference lists them (kubernetes.io, "Common Parameters", and the pod's own).
    private static func rule(_ name: String, _ use: Use) -> Rule? {
        if name == "pretty" { return .flag }
        if name == "timeout" { return .duration }
        switch use {
        case .discovery: return name == "hash" ? .label : nil
        case .get:
            if name == "includeObject" { return .one(of: ["Metadata", "Object", "None"]) }
            return name == "resourceVersion" ? .text : nil
        case .list:
            if ["watch", "allowWatchBookmarks", "sendInitialEvents"].contains(name) { return .flag }
            if name == "includeObject" { return .one(of: ["Metadata", "Object", "None"]) }
            return selection[name]
        case .write: return writing[name]
        case .patch: return writing[name]
        case .applyPatch: return name == "force" ? .flag : writing[name]
        case .delete: return deleting[name]
        case .deleteCollection: return deleting[name] ?? selection[name]
        case .logs:
            switch name {
            case "container", "sinceTime": return .label
            case "follow", "previous", "timestamps": return .flag
            case "sinceSeconds", "tailLines", "limitBytes": return .number
            // Not `insecureSkipTLSVerifyBackend`: it would let whoever answers for the kubelet make up logs.
            default: return nil
            }
        case .exec:
            switch name {
            case "container": return .label
            case "stdin", "stdout", "stderr", "tty": return .flag
            case "command": return .words
            default: return nil
            }
        case .portForward: return name == "ports" ? .ports : nil
        }
    }

    // MARK: Percent-encoding

    /// Raw bytes that RFC 3986 §3.4 allows in a query and that nobody takes for a separator.
    private static func isPlain(_ byte: UInt8) -> Bool {
        isUnreserved(byte) || "!$'()*,/:?@=".utf8.contains(byte)
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        ASCII.isLetter(byte) || ASCII.isDigit(byte) || [0x2D, 0x2E, 0x5F, 0x7E].contains(byte)
    }

    private static func decode(_ text: Substring, _ name: Substring) throws(AccessError) -> String {
        let bytes = Array(text.utf8)
        var decoded: [UInt8] = []
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            index += 1
            switch byte {
            case UInt8(ascii: "+"): decoded.append(ASCII.space)
            case UInt8(ascii: "%"):
                guard index + 1 < bytes.count, let high = hex(bytes[index]), let low = hex(bytes[index + 1]) else {
                    throw refused("\(name): % is followed by two digits 0-9 A-F")
                }
                index += 2
                let value = high << 4 | low
                // One spelling: what need not be encoded is not.
                if isUnreserved(value) { throw refused("\(name): letters, digits and -._~ are not percent-encoded") }
                decoded.append(value)
            default:
                guard isPlain(byte) else {
                    throw refused("\(name): a byte stands there that must be percent-encoded")
                }
                decoded.append(byte)
            }
        }
        guard let value = String(validating: decoded, as: UTF8.self) else { throw refused("\(name) is not UTF-8") }
        // C0, DEL and C1: nobody selects by them, and a log line or a terminal must not get them.
        if value.unicodeScalars.contains(where: { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) }) {
            throw refused("\(name) has no control characters")
        }
        return value
    }

    private static func hex(_ byte: UInt8) -> UInt8? {
        (0x61...0x66).contains(byte) ? nil : ASCII.hexValue(byte)
    }

    private static func encode(_ value: String) -> String {
        var out: [UInt8] = []
        for byte in value.utf8 {
            if isUnreserved(byte) {
                out.append(byte)
            } else if byte == ASCII.space {
                out.append(UInt8(ascii: "+"))
            } else {
                let digits = Array("0123456789ABCDEF".utf8)
                out += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: out, as: UTF8.self)
    }

    private static func refused(_ rule: String) -> AccessError { .call(part: .query, rule: rule) }
}
