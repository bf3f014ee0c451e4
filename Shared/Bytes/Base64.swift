/// Base64 (RFC 4648): the standard alphabet with padding, and the URL alphabet without.
///
/// Decoding is strict: no white space, no foreign alphabet, padding exactly where the form wants it, and unused bits
/// zero, so that one value has one text (RFC 4648 §3.5).
public enum Base64 {
    /// The two forms that the protocols here use.
    public enum Form: Sendable {
        /// `A-Z a-z 0-9 + /`, padded with `=` (RFC 4648 §4).
        case standard
        /// `A-Z a-z 0-9 - _`, no padding (RFC 4648 §5, as RFC 7515 §2 wants it).
        case url
    }

    /// How many bytes the standard, padded text of `count` bytes has.
    @inlinable public static func encodedCount(_ count: Int) -> Int { (count &+ 2) / 3 &* 4 }

    /// The text of the bytes.
    public static func encode(_ bytes: [UInt8], _ form: Form = .standard) -> String {
        String(decoding: encodeBytes(bytes, form), as: UTF8.self)
    }

    /// The text of the bytes, as ASCII bytes.
    public static func encodeBytes(_ bytes: [UInt8], _ form: Form = .standard) -> [UInt8] {
        var text = [UInt8](unsafeUninitializedCapacity: encodedCount(bytes.count)) { out, count in
            count = bytes.withUnsafeBytes { encode($0, into: UnsafeMutableRawBufferPointer(out)) }
        }
        guard form == .url else { return text }
        while text.last == 0x3D { text.removeLast() }
        for index in text.indices {
            if text[index] == 0x2B { text[index] = 0x2D } else if text[index] == 0x2F { text[index] = 0x5F }
        }
        return text
    }

    /// Writes the standard, padded text into raw memory: the hot path's form. Returns the number of bytes written,
    /// ``encodedCount(_:)`` of the input's.
    /// - Precondition: `out` has room for it. Input and output do not overlap.
    @inlinable @discardableResult
    public static func encode(_ bytes: UnsafeRawBufferPointer, into out: UnsafeMutableRawBufferPointer) -> Int {
        let count = bytes.count
        guard count > 0, let source = bytes.baseAddress, let target = out.baseAddress else { return 0 }
        let written = encodedCount(count)
        precondition(out.count >= written, "room for the Base64 text is the caller's promise")
        let pairs = Base64Tables.pairs
        var input = 0
        var output = 0
        // Six bytes give eight characters: one 64-bit load, four look-ups of 12 bits, one 64-bit store.
        while input &+ 8 <= count {
            let word = UInt64(bigEndian: (source + input).loadUnaligned(as: UInt64.self))
            let first = UInt64(pairs[Int(truncatingIfNeeded: word &>> 52)])
            let second = UInt64(pairs[Int(truncatingIfNeeded: word &>> 40 & 0xFFF)])
            let third = UInt64(pairs[Int(truncatingIfNeeded: word &>> 28 & 0xFFF)])
            let fourth = UInt64(pairs[Int(truncatingIfNeeded: word &>> 16 & 0xFFF)])
            let text = first | second &<< 16 | third &<< 32 | fourth &<< 48
            (target + output).storeBytes(of: text.littleEndian, as: UInt64.self)
            input &+= 6
            output &+= 8
        }
        while input &+ 3 <= count {
            let group =
                UInt32(source.load(fromByteOffset: input, as: UInt8.self)) &<< 16
                | UInt32(source.load(fromByteOffset: input &+ 1, as: UInt8.self)) &<< 8
                | UInt32(source.load(fromByteOffset: input &+ 2, as: UInt8.self))
            let text = UInt32(pairs[Int(group &>> 12)]) | UInt32(pairs[Int(group & 0xFFF)]) &<< 16
            (target + output).storeBytes(of: text.littleEndian, as: UInt32.self)
            input &+= 3
            output &+= 4
        }
        if input < count {
            var group = UInt32(source.load(fromByteOffset: input, as: UInt8.self)) &<< 16
            let two = input &+ 1 < count
            if two { group |= UInt32(source.load(fromByteOffset: input &+ 1, as: UInt8.self)) &<< 8 }
            let head = pairs[Int(group &>> 12)]
            let tail = pairs[Int(group & 0xFFF)]
            let third: UInt32 = two ? UInt32(tail & 0xFF) : 0x3D
            let text = UInt32(head) | third &<< 16 | 0x3D &<< 24
            (target + output).storeBytes(of: text.littleEndian, as: UInt32.self)
        }
        return written
    }

    /// The bytes that the text spells; nil when it is not exactly of the form.
    public static func decode(_ text: some StringProtocol, _ form: Form = .standard) -> [UInt8]? {
        let bytes = Array(text.utf8)
        return bytes.withUnsafeBytes { decode($0, form) }
    }

    /// As ``decode(_:_:)-(StringProtocol,_)``, from ASCII bytes.
    public static func decode(_ text: UnsafeRawBufferPointer, _ form: Form = .standard) -> [UInt8]? {
        var failed = false
        let bytes = [UInt8](unsafeUninitializedCapacity: text.count / 4 * 3 + 3) { out, count in
            if let written = decode(text, into: UnsafeMutableRawBufferPointer(out), form) {
                count = written
            } else {
                failed = true
                count = 0
            }
        }
        return failed ? nil : bytes
    }

    /// Decodes into raw memory; returns the number of bytes written, nil when the text is not exactly of the form or
    /// `out` (three bytes for every four characters) is too small.
    public static func decode(
        _ text: UnsafeRawBufferPointer, into out: UnsafeMutableRawBufferPointer, _ form: Form
    ) -> Int? {
        var end = text.count
        if form == .standard {
            guard end.isMultiple(of: 4) else { return nil }
            if end > 0, text[end &- 1] == 0x3D { end &-= 1 }
            if end > 0, end < text.count, text[end &- 1] == 0x3D { end &-= 1 }
        }
        let tail = end & 3
        guard tail != 1 else { return nil }
        let total = end / 4 &* 3 &+ (tail == 0 ? 0 : tail &- 1)
        guard out.count >= total else { return nil }
        let values = form == .standard ? Base64Tables.standardValues : Base64Tables.urlValues
        var written = 0
        var index = 0
        while index &+ 4 <= end {
            let first = values[Int(text[index])]
            let second = values[Int(text[index &+ 1])]
            let third = values[Int(text[index &+ 2])]
            let fourth = values[Int(text[index &+ 3])]
            guard (first | second | third | fourth) & 0x80 == 0 else { return nil }
            out[written] = first &<< 2 | second &>> 4
            out[written &+ 1] = second &<< 4 | third &>> 2
            out[written &+ 2] = third &<< 6 | fourth
            written &+= 3
            index &+= 4
        }
        guard tail > 0 else { return written }
        let first = values[Int(text[index])]
        let second = values[Int(text[index &+ 1])]
        let third = tail == 3 ? values[Int(text[index &+ 2])] : 0
        guard (first | second | third) & 0x80 == 0 else { return nil }
        out[written] = first &<< 2 | second &>> 4
        if tail == 2 { return second & 0x0F == 0 ? written &+ 1 : nil }
        out[written &+ 1] = second &<< 4 | third &>> 2
        return third & 0x03 == 0 ? written &+ 2 : nil
    }
}

/// Tables, made once and never freed: pointers instead of arrays spare the hot path retain, release and bounds checks.
@usableFromInline enum Base64Tables {
    /// Two characters for each 12-bit value; the first one in the low byte.
    // Unsafe pointer shared by all threads: written only while it is made, read-only ever after.
    @usableFromInline nonisolated(unsafe) static let pairs: UnsafePointer<UInt16> = {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        let table = UnsafeMutablePointer<UInt16>.allocate(capacity: 4096)
        for value in 0..<4096 {
            table[value] = UInt16(alphabet[value >> 6]) | UInt16(alphabet[value & 63]) << 8
        }
        return UnsafePointer(table)
    }()

    // As above: read-only once made. 0xFF marks a byte outside the alphabet.
    nonisolated(unsafe) static let standardValues = values(of: 0x2B, 0x2F)
    nonisolated(unsafe) static let urlValues = values(of: 0x2D, 0x5F)

    private static func values(of char62: UInt8, _ char63: UInt8) -> UnsafePointer<UInt8> {
        let table = UnsafeMutablePointer<UInt8>.allocate(capacity: 256)
        for byte in 0..<256 {
            table[byte] =
                switch UInt8(byte) {
                case 0x41...0x5A: UInt8(byte) - 0x41
                case 0x61...0x7A: UInt8(byte) - 0x61 + 26
                case 0x30...0x39: UInt8(byte) - 0x30 + 52
                case char62: 62
                case char63: 63
                default: 0xFF
                }
        }
        return UnsafePointer(table)
    }
}
