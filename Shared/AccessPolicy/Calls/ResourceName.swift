internal import Bytes

/// The grammar of names in Kubernetes paths (kubernetes.io, "Object Names and IDs"). All of them are plain ASCII, so a path
/// of names never needs percent-encoding.
enum ResourceName {
    /// RFC 1123 label: `[a-z0-9]([-a-z0-9]*[a-z0-9])?`, at most 63 characters. Namespaces, resources, versions, subresources.
    static func isLabel(_ text: some StringProtocol) -> Bool {
        let bytes = Array(text.utf8)
        guard let first = bytes.first, let last = bytes.last, bytes.count <= 63 else { return false }
        return isLower(first) && isLower(last) && bytes.allSatisfy { isLower($0) || $0 == UInt8(ascii: "-") }
    }

    /// Labels joined by dots, at most 253 characters: API groups, and names of most objects.
    static func isSubdomain(_ text: some StringProtocol) -> Bool {
        text.utf8.count <= 253
            && text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { isLabel($0) }
    }

    /// The name of an object: what is safe as one segment of a path. Wider than a subdomain, because roles may be called
    /// `system:node`; narrower than what the API server takes, so that it has one spelling only.
    static func isObjectName(_ text: some StringProtocol) -> Bool {
        let bytes = text.utf8
        return (1...253).contains(bytes.count) && text != "." && text != ".." && bytes.allSatisfy(isSegmentByte)
    }

    /// What a segment may be made of: RFC 3986's unreserved characters, `:` and `@`.
    static func isSegmentByte(_ byte: UInt8) -> Bool {
        ASCII.isLetter(byte) || ASCII.isDigit(byte) || [0x2D, 0x2E, 0x5F, 0x7E, 0x3A, 0x40].contains(byte)
    }

    private static func isLower(_ byte: UInt8) -> Bool { ASCII.isDigit(byte) || (0x61...0x7A).contains(byte) }
}
