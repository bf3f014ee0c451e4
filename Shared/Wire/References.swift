/// Which contract (or schema): `handle/name/version`, the text that travels in `Strm-Schema-Ref` and in
/// `strmMeta.eventContractRef`.
package struct ContractRef: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The owner's short name.
    package var handle: String
    /// The contract's name; it holds no slash.
    package var name: String
    /// Three numbers joined with points.
    package var version: String

    /// A reference of these parts, not checked.
    package init(handle: String = "", name: String = "", version: String = "") {
        self.handle = handle
        self.name = name
        self.version = version
    }

    /// The reference that `text` spells, or nothing when it is not three non-empty parts with a `d.d.d` version.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 3, !parts[0].isEmpty, !parts[1].isEmpty, ContractRef.isVersion(parts[2]) else {
            return nil
        }
        self.init(handle: String(parts[0]), name: String(parts[1]), version: String(parts[2]))
    }

    /// Three numbers joined with points.
    private static func isVersion(_ text: Substring) -> Bool {
        let numbers = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return numbers.count == 3
            && numbers.allSatisfy { number in
                !number.isEmpty && number.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            }
    }

    /// `handle/name/version`.
    package var description: String { "\(handle)/\(name)/\(version)" }

    /// Orders by handle, then name, then version, as text.
    package static func < (left: ContractRef, right: ContractRef) -> Bool {
        (left.handle, left.name, left.version) < (right.handle, right.name, right.version)
    }
}

/// The public name of a data key: a random UUID (version 4) in lower case. It is also the key of every event record.
package struct KeyLink: Sendable, Hashable, CustomStringConvertible {
    /// The sixteen bytes of the UUID, first eight in `high`.
    package let high: UInt64
    /// The last eight bytes.
    package let low: UInt64

    /// A link of these bytes.
    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// A new link; version and variant bits are set as RFC 9562 §5.4 says.
    package static func random(using generator: inout some RandomNumberGenerator) -> KeyLink {
        KeyLink(
            high: (generator.next() & ~0xF000) | 0x4000,
            low: (generator.next() & ~(0xC000_0000_0000_0000 as UInt64)) | 0x8000_0000_0000_0000)
    }

    /// The link in 36 characters of UUID text (either case), or nothing when it is anything else.
    package init?(_ text: UnsafeRawBufferPointer) {
        guard text.count == KeyLink.textLength else { return nil }
        var words: (UInt64, UInt64) = (0, 0)
        var digits = 0
        for position in 0..<KeyLink.textLength {
            let byte = text[position]
            if position == 8 || position == 13 || position == 18 || position == 23 {
                guard byte == UInt8(ascii: "-") else { return nil }
                continue
            }
            let digit: UInt8
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = byte - UInt8(ascii: "A") + 10
            default: return nil
            }
            if digits < 16 { words.0 = words.0 &<< 4 | UInt64(digit) } else { words.1 = words.1 &<< 4 | UInt64(digit) }
            digits += 1
        }
        self.init(high: words.0, low: words.1)
    }

    /// The link in UUID text, or nothing.
    package init?(_ text: String) {
        var text = text
        guard let link = text.withUTF8({ KeyLink(UnsafeRawBufferPointer($0)) }) else { return nil }
        self = link
    }

    /// Writes the 36 characters; `target` must have room for them.
    package func write(into target: UnsafeMutableRawBufferPointer) {
        precondition(target.count >= KeyLink.textLength, "a key link needs 36 bytes")
        var position = 0
        for digit in 0..<32 {
            if digit == 8 || digit == 12 || digit == 16 || digit == 20 {
                target[position] = UInt8(ascii: "-")
                position += 1
            }
            let word = digit < 16 ? high : low
            let value = UInt8(truncatingIfNeeded: word &>> UInt64(60 - (digit & 15) * 4)) & 0xF
            target[position] = value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
            position += 1
        }
    }

    /// Bytes in the text form.
    package static let textLength = 36

    /// The UUID text in lower case.
    package var description: String {
        String(unsafeUninitializedCapacity: KeyLink.textLength) { target in
            write(into: UnsafeMutableRawBufferPointer(target))
            return KeyLink.textLength
        }
    }
}

/// The name of a topic in the event log. Safe as a file name and as a Kafka topic.
package struct TopicName: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The name: 1 to 249 characters of `[a-zA-Z0-9._-]`, neither `.` nor `..`.
    package let description: String

    /// A topic name, or nothing when the text is not one (the rule is Kafka's own).
    package init?(_ text: String) {
        guard !text.isEmpty, text.utf8.count <= 249, text != ".", text != "..",
            text.utf8.allSatisfy(TopicName.allows)
        else { return nil }
        description = text
    }

    /// The topic of a stream, source or derived, by the stream's UUID: `stream-<uuid>`; nothing when `uuid` is no name.
    package init?(streamUUID uuid: String) {
        self.init("stream-\(uuid)")
    }

    /// Where the usage records of all streams are: `billing`.
    package static let billing = TopicName(trusted: "billing")

    private init(trusted text: String) { description = text }

    /// Orders as text.
    package static func < (left: TopicName, right: TopicName) -> Bool {
        left.description < right.description
    }

    private static func allows(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}
