/// Hexadecimal text (RFC 4648 §8, but lower-case when written).
public enum Hex {
    /// Two lower-case digits per byte.
    public static func encode(_ bytes: some Collection<UInt8>) -> String {
        String(decoding: encodeBytes(bytes), as: UTF8.self)
    }

    /// As ``encode(_:)``, as ASCII bytes.
    public static func encodeBytes(_ bytes: some Collection<UInt8>) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count * 2)
        for byte in bytes {
            text.append(digit(byte &>> 4))
            text.append(digit(byte & 15))
        }
        return text
    }

    /// The bytes that the text spells, digits in either case. Nil when the length is odd or another byte is met.
    public static func decode(_ text: some StringProtocol) -> [UInt8]? {
        decode(Array(text.utf8))
    }

    /// As ``decode(_:)-(StringProtocol)``, from ASCII bytes.
    public static func decode(_ text: [UInt8]) -> [UInt8]? {
        guard text.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count / 2)
        for index in stride(from: 0, to: text.count, by: 2) {
            guard let high = ASCII.hexValue(text[index]), let low = ASCII.hexValue(text[index + 1]) else { return nil }
            bytes.append(high &<< 4 | low)
        }
        return bytes
    }

    /// The lower-case digit of a value 0…15.
    @inlinable public static func digit(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 &+ value : 0x57 &+ value }
}
