internal import Bytes
internal import Crypto
internal import JSON
internal import Time

// A log is a chain of lines. Each is one JSON object, compact, with these members around the entry's own:
//
//   {"n":17,"at":"2026-03-01T09:30:00.000Z","planeID":"p1", …,"prevHash":"9f86…","hash":"60303a…"}
//
// `hash` is SHA-256, in lower-case hexadecimal, over the line's bytes without the member `hash` and without the line feed: up to
// and with the digits of `prevHash` and its quote, then `}`. `prevHash` is the `hash` of the line before, 64 zeros at the start
// of the first log. `n` counts from 1.

/// One line of the chain.
struct ChainLink: Equatable {
    static let firstHash = String(repeating: "0", count: 64)
    /// Longest line, bytes: every text in it has a limit.
    static let lineLimit = 64 << 10

    let number: Int64
    let hash: String
    let previousHash: String
    /// The whole line as it was parsed.
    let value: JSONValue

    /// Writes the line, with its line feed.
    static func line(
        number: Int64, at: Timestamp, planeID: String, _ members: JSONObject, previousHash: String
    ) throws(AuditError) -> (bytes: [UInt8], hash: String) {
        var object: JSONObject = [
            "n": JSONValue(number), "at": .string(at.text), "planeID": .string(planeID),
        ]
        for member in members.members { object[member.name] = member.value }
        object["prevHash"] = .string(previousHash)
        var bytes = JSONValue.object(object).bytes()
        let hash = try digest(bytes)
        bytes.removeLast()
        bytes += Array(",\"hash\":\"\(hash)\"}\n".utf8)
        return (bytes, hash)
    }

    /// Reads a line without its line feed. Nil when it is not one, or its hash is not that of its bytes.
    init?(_ line: ArraySlice<UInt8>) throws(AuditError) {
        // `,"hash":"` and 64 digits and `"}`
        let tail = 9 + 64 + 2
        guard line.count > tail, line.count <= Self.lineLimit else { return nil }
        let body = Array(line.dropLast(tail)) + [UInt8(ascii: "}")]
        let written = String(decoding: line.suffix(66).prefix(64), as: UTF8.self)
        guard line.suffix(tail).starts(with: Array(",\"hash\":\"".utf8)),
            line.suffix(2).elementsEqual(Array("\"}".utf8)),
            try Self.digest(body) == written
        else { return nil }
        do { value = try JSONValue.parse(body, depthLimit: 8) } catch { return nil }
        guard let number = value["n"]?.int64, let previous = value["prevHash"]?.string,
            value.object?.names.last == "prevHash", value["entry"]?.string != nil
        else { return nil }
        self.number = number
        hash = written
        previousHash = previous
    }

    static func digest(_ bytes: [UInt8]) throws(AuditError) -> String {
        do { return Hex.encode(try SHA256.hash(bytes)) } catch { throw .crypto(error) }
    }

    /// What kind of entry it is.
    var entry: String { value["entry"]?.string ?? "" }
}

/// What a signature says about the chain: that it had this entry at its end. `purpose` tells the daily checkpoint, an entry of
/// the chain, from the head, a file beside it: neither can stand for the other.
struct SignedState: Equatable {
    enum Purpose: String { case checkpoint, head }

    let purpose: Purpose
    let planeID: String
    let number: Int64
    let hash: String
    let at: String

    /// The bytes that are signed: five lines.
    var signedText: [UInt8] {
        Array("polder audit \(purpose.rawValue) v1\n\(planeID)\n\(number)\n\(hash)\n\(at)\n".utf8)
    }
}
