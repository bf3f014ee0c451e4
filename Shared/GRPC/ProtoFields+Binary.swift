// The binary form (protobuf.dev/programming-guides/encoding):
//
//     message = field*          field = tag value          tag = varint of (number << 3 | form)
//
//     form 0  varint            bool, int32, int64, enumerations; 32-bit numbers are sign-extended to 64 bits
//     form 1  8 bytes           nothing here
//     form 2  varint n, n bytes text, bytes, messages, maps (messages of key = 1 and value = 2), packed lists of numbers
//     form 3, 4                 groups: nothing here, skipped in whole
//     form 5  4 bytes           nothing here
//
// Fields come in any order. A message is therefore looked through once for its tags; the tags, in the order of their
// numbers, then answer each declared field. Eight bytes are kept per field of the messages that are open, at most four times
// the bytes of the input.

internal import Bytes

/// How the value of a field is written.
enum WireForm: UInt32 {
    case varint = 0, eightBytes = 1, bytes = 2, groupStart = 3, groupEnd = 4, fourBytes = 5
}

/// The bytes that are being read, and what was found in the message that is open.
struct BinaryInput {
    /// A field: its tag, and where its value begins.
    struct Field {
        let tag: UInt32
        let start: UInt32

        var number: UInt32 { tag >> 3 }
        var form: UInt32 { tag & 7 }
    }

    var bytes = UnsafeRawBufferPointer(start: nil, count: 0)
    /// The fields of the open messages, outermost first; those of the innermost one by number, equal ones as they came.
    var fields: [Field] = []
    /// Where the innermost message begins in `fields`, and which one to look at next.
    var first = 0
    var next = 0
    /// What is left of the limits.
    var depth = 0
    var memory = 0
    /// The first thing that went wrong; from then on nothing is read.
    var failure: (path: DocumentPath, reason: MalformedReason)?
}

extension ProtoMessage {
    /// Reads the fields of a message that stands in another one.
    mutating func visit(_ fields: inout ProtoFields, at place: Int) {
        fields.readNested(fields.readRange(at: place)) { fields in visit(&fields) }
    }
}

// MARK: - Reading

extension ProtoFields {
    mutating func readBinary(
        _ bytes: UnsafeRawBufferPointer, _ limits: ProtoLimits, into message: inout some ProtoMessage
    ) -> GRPCError? {
        precondition(bytes.count <= Int32.max, "a message has at most 2 GiB")
        input.bytes = bytes
        input.depth = limits.depth
        input.memory = limits.memory
        readNested(0..<bytes.count) { fields in message.visit(&fields) }
        return input.failure.map { .malformed($0.path, $0.reason) }
    }

    /// Looks through a message and lets `body` ask for its fields.
    mutating func readNested(_ range: Range<Int>, _ body: (inout ProtoFields) -> Void) {
        guard input.failure == nil else { return }
        guard input.depth > 0 else { return fail(.tooDeep) }
        let (first, next) = (input.first, input.next)
        input.first = input.fields.count
        input.next = input.first
        input.depth -= 1
        if findFields(in: range) { body(&self) }
        input.depth += 1
        input.fields.removeLast(input.fields.count - input.first)
        (input.first, input.next) = (first, next)
    }

    private mutating func findFields(in range: Range<Int>) -> Bool {
        var reader = ByteReader(
            UnsafeRawBufferPointer(rebasing: input.bytes[..<range.upperBound]), at: range.lowerBound)
        var isOrdered = true
        var last: UInt32 = 0
        while !reader.isAtEnd {
            guard let tag = readTag(&reader) else { return false }
            let start = reader.offset
            guard let form = WireForm(rawValue: tag & 7), form != .groupEnd else {
                fail(tag & 7 == 4 ? .unmatchedGroup : .badTag)
                return false
            }
            guard skip(form, of: tag, &reader, depth: input.depth) else { return false }
            guard form == .varint || form == .bytes else { continue }
            let field = BinaryInput.Field(tag: tag, start: UInt32(truncatingIfNeeded: start))
            if field.number < last { isOrdered = false }
            last = field.number
            input.fields.append(field)
        }
        if !isOrdered {
            input.fields[input.first...].sort { ($0.number, $0.start) < ($1.number, $1.start) }
        }
        return true
    }

    private mutating func readTag(_ reader: inout ByteReader) -> UInt32? {
        guard let tag = reader.readVarint() else {
            fail(badVarint(reader))
            return nil
        }
        guard let tag = UInt32(exactly: tag), tag >> 3 != 0 else {
            fail(.badTag)
            return nil
        }
        return tag
    }

    /// Moves behind a value; false, with the failure noted, when it is not whole.
    private mutating func skip(_ form: WireForm, of tag: UInt32, _ reader: inout ByteReader, depth: Int) -> Bool {
        switch form {
        case .varint:
            if reader.readVarint() != nil { return true }
            fail(badVarint(reader))
        case .eightBytes:
            if reader.skip(8) { return true }
            fail(.truncated)
        case .fourBytes:
            if reader.skip(4) { return true }
            fail(.truncated)
        case .bytes:
            guard let count = reader.readVarint() else {
                fail(badVarint(reader))
                return false
            }
            if count <= UInt64(Int32.max), reader.skip(Int(count)) { return true }
            fail(.truncated)
        case .groupStart:
            guard depth > 0 else {
                fail(.tooDeep)
                return false
            }
            while !reader.isAtEnd {
                guard let inner = readTag(&reader) else { return false }
                guard let form = WireForm(rawValue: inner & 7) else {
                    fail(.badTag)
                    return false
                }
                if form == .groupEnd {
                    if inner >> 3 == tag >> 3 { return true }
                    fail(.unmatchedGroup)
                    return false
                }
                guard skip(form, of: inner, &reader, depth: depth - 1) else { return false }
            }
            fail(.truncated)
        case .groupEnd:
            fail(.unmatchedGroup)
        }
        return false
    }

    /// Why a varint could not be read: ten bytes that go on, or an end.
    private func badVarint(_ reader: ByteReader) -> MalformedReason {
        reader.remaining >= 10 || reader.bytes[reader.offset...].contains { $0 < 0x80 } ? .badVarint : .truncated
    }

    mutating func fail(_ reason: MalformedReason, _ last: PathStep? = nil) {
        guard input.failure == nil else { return }
        input.failure = (DocumentPath(steps + (last.map { [$0] } ?? [])), reason)
    }

    /// The fields of a number in the open message, in the order of the wire.
    ///
    /// Declarations and fields both come in the order of their numbers, so one step forward is all that it takes.
    mutating func places(of number: Int) -> Range<Int> {
        let wanted = UInt32(truncatingIfNeeded: number)
        let end = input.fields.count
        if input.next > input.first, input.fields[input.next - 1].number >= wanted { input.next = input.first }
        while input.next < end, input.fields[input.next].number < wanted { input.next += 1 }
        let start = input.next
        while input.next < end, input.fields[input.next].number == wanted { input.next += 1 }
        return start..<input.next
    }

    /// The last field of a number that has the form wanted; another form is an unknown field.
    mutating func lastPlace(of number: Int, _ form: WireForm) -> Int? {
        places(of: number).last { isForm(form, $0) }
    }

    func isForm(_ form: WireForm, _ place: Int) -> Bool {
        input.failure == nil && input.fields[place].form == form.rawValue
    }

    /// Where the value of a field begins in the input; -1 for none.
    func start(_ place: Int?) -> Int { place.map { Int(input.fields[$0].start) } ?? -1 }

    func readVarint(at place: Int) -> UInt64 {
        var reader = ByteReader(input.bytes, at: start(place))
        guard let value = reader.readVarint() else { preconditionFailure("the number was whole when it was found") }
        return value
    }

    func readRange(at place: Int) -> Range<Int> {
        var reader = ByteReader(input.bytes, at: start(place))
        guard let count = reader.readVarint() else { preconditionFailure("the length was whole when it was found") }
        return reader.offset..<reader.offset + Int(count)
    }

    func readBytes(at place: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: input.bytes[readRange(at: place)])
    }

    mutating func readText(at place: Int, _ name: String, index: Int? = nil) -> String {
        let bytes = readBytes(at: place)
        guard UTF8Check.isValid(bytes) else {
            within(.member(name)) { fields in fields.fail(.notUTF8, index.map { .index($0) }) }
            return ""
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// A list of numbers: one by one, packed, or mixed.
    mutating func readNumbers(_ number: Int, _ name: String, _ take: (UInt64) -> Void) {
        for place in places(of: number) {
            if isForm(.varint, place) {
                guard charge(Int32.self) else { return }
                take(readVarint(at: place))
            } else if isForm(.bytes, place) {
                let range = readRange(at: place)
                var reader = ByteReader(
                    UnsafeRawBufferPointer(rebasing: input.bytes[..<range.upperBound]), at: range.lowerBound)
                while !reader.isAtEnd {
                    guard charge(Int32.self) else { return }
                    guard let value = reader.readVarint() else { return fail(badVarint(reader), .member(name)) }
                    take(value)
                }
            }
        }
    }

    /// The entries of a map. A key that is missing is empty; of equal keys the last one counts.
    mutating func readEntries<Value>(
        _ number: Int, _ name: String, _ type: Value.Type, _ read: (inout ProtoFields, String) -> Void
    ) {
        for place in places(of: number) where isForm(.bytes, place) {
            guard charge(String.self), charge(Value.self) else { return }
            let range = readRange(at: place)
            within(.member(name)) { fields in
                fields.readNested(range) { fields in
                    let key = fields.lastPlace(of: 1, .bytes).map { fields.readText(at: $0, "key") } ?? ""
                    fields.within(.member(key)) { fields in read(&fields, key) }
                }
            }
        }
    }

    /// Takes the memory of one element from what is left; false when nothing is left.
    mutating func charge<Element>(_ type: Element.Type) -> Bool {
        input.memory -= MemoryLayout<Element>.stride
        if input.memory < 0 { fail(.tooLarge) }
        return input.memory >= 0
    }
}

// MARK: - Writing

extension ProtoFields {
    mutating func writeTag(_ number: Int, _ form: WireForm) {
        output.append(varint: UInt64(number) << 3 | UInt64(form.rawValue))
    }

    mutating func writeVarint(_ number: Int, _ value: Int64) {
        writeTag(number, .varint)
        output.append(varint: UInt64(bitPattern: value))
    }

    mutating func writeText(_ number: Int, _ text: inout String) {
        writeTag(number, .bytes)
        output.append(varint: UInt64(text.utf8.count))
        text.withUTF8 { output.append(UnsafeRawBufferPointer($0)) }
    }

    /// Writes what `body` writes as the value of a field of bytes. The length stands before it and takes one byte nearly
    /// always; when it takes more, what was written moves back.
    mutating func writeNested(_ number: Int, _ body: (inout ProtoFields) -> Void) {
        writeTag(number, .bytes)
        let mark = output.count
        output.append(0 as UInt8)
        body(&self)
        let count = output.count - mark - 1
        guard count >= 0x80 else {
            output.mutableBytes[mark] = UInt8(truncatingIfNeeded: count)
            return
        }
        output.append(varint: UInt64(count))
        let width = output.count - mark - 1 - count
        output.truncate(to: output.count - 1)
        let bytes = output.mutableBytes
        guard let base = bytes.baseAddress else { return }
        (base + mark + width).copyMemory(from: base + mark + 1, byteCount: count)
        var rest = count
        for index in 0..<width {
            bytes[mark + index] = UInt8(truncatingIfNeeded: rest & 0x7F) | (index < width - 1 ? 0x80 : 0)
            rest >>= 7
        }
    }

    mutating func writePacked<Element>(_ number: Int, _ values: [Element], _ value: (Element) -> Int64) {
        guard !values.isEmpty else { return }
        writeNested(number) { fields in
            for element in values { fields.output.append(varint: UInt64(bitPattern: value(element))) }
        }
    }

    mutating func writeEntry(_ number: Int, _ key: String, _ value: (inout ProtoFields) -> Void) {
        writeNested(number) { fields in
            var key = key
            fields.writeText(1, &key)
            value(&fields)
        }
    }
}
