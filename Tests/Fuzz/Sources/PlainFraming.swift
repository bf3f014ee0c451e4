/// Where an HTTP/1.1 request ends, read the pedestrian way (RFC 9112 §6.3): a second opinion on what the parser accepted.
///
/// It reads only bytes that are one way only. Anything a second reader in the chain could understand differently gives nil.
struct PlainFraming {
    var body: [UInt8]
    /// Bytes of the whole request.
    var count: Int
    var fields: [(name: String, value: [UInt8])]

    init?(requestAt stream: ArraySlice<UInt8>) {
        var rest = stream
        var emptyLines = 0
        while rest.starts(with: [0x0D, 0x0A]) {
            emptyLines += 1
            rest = rest.dropFirst(2)
        }
        guard emptyLines <= 2, let requestLine = Self.line(&rest) else { return nil }
        let parts = requestLine.split(separator: 0x20, omittingEmptySubsequences: false)
        guard parts.count == 3, parts.allSatisfy({ !$0.isEmpty }) else { return nil }
        fields = []
        while let line = Self.line(&rest), !line.isEmpty {
            guard let colon = line.firstIndex(of: 0x3A), colon > line.startIndex else { return nil }
            let name = line[..<colon]
            guard name.allSatisfy({ $0 > 0x20 && $0 < 0x7F && !Self.separators.contains($0) }) else { return nil }
            fields.append((String(decoding: name, as: UTF8.self).lowercased(), Self.trimmed(line[(colon + 1)...])))
        }
        var lengths: Set<Int> = []
        for (name, value) in fields where name == "content-length" {
            // Two spellings of one number are one length; what is no number has no end.
            guard !value.isEmpty, value.allSatisfy({ 0x30...0x39 ~= $0 }),
                let length = Int(String(decoding: value, as: UTF8.self))
            else { return nil }
            lengths.insert(length)
        }
        let codings = fields.filter { $0.name == "transfer-encoding" }.map(\.value)
        guard lengths.count <= 1, codings.count <= 1, lengths.isEmpty || codings.isEmpty else { return nil }
        body = []
        if let coding = codings.first {
            guard String(decoding: coding, as: UTF8.self).lowercased() == "chunked" else { return nil }
            guard requestLine.suffix(3).elementsEqual("1.1".utf8) || requestLine.last != 0x30 else { return nil }
            guard let chunks = Self.chunks(&rest) else { return nil }
            body = chunks
        } else if let length = lengths.first {
            guard rest.count >= length else { return nil }
            body = Array(rest.prefix(length))
            rest = rest.dropFirst(length)
        }
        count = rest.startIndex - stream.startIndex
    }

    private static let separators = Array(#"()<>@,;:\"/[]?={}"#.utf8)

    /// A line that ends in CRLF and has no other CR, LF or NUL.
    private static func line(_ rest: inout ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        guard let end = rest.firstIndex(of: 0x0A), end > rest.startIndex, rest[end - 1] == 0x0D else { return nil }
        let line = rest[..<(end - 1)]
        guard !line.contains(0x0D), !line.contains(0) else { return nil }
        rest = rest[(end + 1)...]
        return line
    }

    private static func trimmed(_ value: ArraySlice<UInt8>) -> [UInt8] {
        let isBlank: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 }
        return Array(value.drop(while: isBlank).reversed().drop(while: isBlank).reversed())
    }

    private static func chunks(_ rest: inout ArraySlice<UInt8>) -> [UInt8]? {
        var body: [UInt8] = []
        while true {
            guard let line = line(&rest) else { return nil }
            let digits = line.prefix { $0 != 0x3B }
            guard let size = Int(String(decoding: digits, as: UTF8.self), radix: 16), digits.first != 0x2B, size >= 0
            else {
                return nil
            }
            if size == 0 { break }
            guard rest.count >= size + 2 else { return nil }
            body += rest.prefix(size)
            rest = rest.dropFirst(size)
            guard rest.starts(with: [0x0D, 0x0A]) else { return nil }
            rest = rest.dropFirst(2)
        }
        while let trailer = line(&rest) {
            if trailer.isEmpty { return body }
        }
        return nil
    }
}
