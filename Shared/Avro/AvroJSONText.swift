internal import Bytes
package import JSON

/// Writes a datum as JSON text. Numbers print as Java prints them; NaN and infinities, which JSON lacks, as texts.
package enum AvroJSONText {
    /// How union values look.
    package enum Unions: Sendable {
        /// The bare value: `"x"`, `null`.
        case bare
        /// The JSON encoding of Avro: `{"string":"x"}`, `null`.
        case wrapped
    }

    /// The datum as one JSON text.
    ///
    /// `.compact` and `.bare` is the plain form, `.javaRecord` and `.bare` the text of a Java generic record, `.compact` and
    /// `.wrapped` the JSON encoding of Avro.
    ///
    /// - Throws: `malformedDatum` if the bytes are not exactly one datum of the schema.
    package static func bytes(
        of datum: UnsafeRawBufferPointer, _ schema: AvroSchema, _ style: JSONWriter.Style = .compact,
        _ unions: Unions = .bare
    ) throws(AvroError) -> [UInt8] {
        var writer = JSONWriter(style)
        try write(datum, schema, to: &writer, unions)
        return writer.bytes
    }

    /// Writes the datum as one value.
    ///
    /// - Throws: `malformedDatum` if the bytes are not exactly one datum of the schema; the writer then holds a part.
    package static func write(
        _ datum: UnsafeRawBufferPointer, _ schema: AvroSchema, to writer: inout JSONWriter, _ unions: Unions = .bare
    ) throws(AvroError) {
        var printer = DatumPrinter(reader: ByteReader(datum), unions: unions)
        try printer.value(schema, &writer)
        guard printer.reader.isAtEnd else {
            throw .malformedDatum(offset: printer.reader.offset, .trailingBytes)
        }
    }
}

private struct DatumPrinter {
    /// As in ``AvroWalker``: elements without bytes cost their sender nothing.
    private static let emptyElementLimit = 65_536

    var reader: ByteReader
    let unions: AvroJSONText.Unions
    var emptyElements = 0

    mutating func value(_ schema: AvroSchema, _ writer: inout JSONWriter) throws(AvroError) {
        switch schema {
        case .null:
            writer.null()
        case .boolean:
            guard let byte = reader.readByte() else { throw truncated }
            guard byte <= 1 else { throw .malformedDatum(offset: reader.offset - 1, .invalidBoolean) }
            writer.bool(byte == 1)
        case .int:
            let value = try long()
            guard Int32(exactly: value) != nil else { throw .malformedDatum(offset: reader.offset, .overlongNumber) }
            writer.integer(value)
        case .long:
            writer.integer(try long())
        case .float:
            guard let bits = reader.readLittleEndian(UInt32.self) else { throw truncated }
            let value = Float(bitPattern: bits)
            number(JavaNumberText.text(value), isFinite: value.isFinite, &writer)
        case .double:
            guard let bits = reader.readLittleEndian(UInt64.self) else { throw truncated }
            let value = Double(bitPattern: bits)
            number(JavaNumberText.text(value), isFinite: value.isFinite, &writer)
        case .string:
            writer.string(utf8: try text())
        case .bytes:
            latin1(try run(try long()), &writer)
        case .fixed(let fixed):
            latin1(try run(Int64(fixed.size)), &writer)
        case .enumeration(let enumeration):
            writer.string(enumeration.symbols[try branch(enumeration.symbols.count)])
        case .record(let record):
            writer.beginObject()
            for field in record.fields {
                writer.name(field.name)
                try value(field.schema, &writer)
            }
            writer.endObject()
        case .array(let items):
            writer.beginArray()
            try blocks { printer throws(AvroError) in try printer.value(items, &writer) }
            writer.endArray()
        case .map(let values):
            writer.beginObject()
            try blocks { printer throws(AvroError) in
                writer.name(utf8: try printer.text())
                try printer.value(values, &writer)
            }
            writer.endObject()
        case .union(let branches):
            let branch = branches[try branch(branches.count)]
            let isWrapped = unions == .wrapped && branch != .null
            if isWrapped {
                writer.beginObject()
                writer.name(branch.branchName)
            }
            try value(branch, &writer)
            if isWrapped { writer.endObject() }
        }
    }

    private var truncated: AvroError { .malformedDatum(offset: reader.offset, .truncated) }

    private mutating func long() throws(AvroError) -> Int64 {
        let start = reader.offset
        guard let value = reader.readZigzag() else { throw truncated }
        // As in ``AvroWalker``: a number takes as few bytes as it can.
        guard reader.offset - start == 1 || reader.bytes[reader.offset - 1] != 0 else {
            throw .malformedDatum(offset: start, .overlongNumber)
        }
        return value
    }

    private mutating func branch(_ count: Int) throws(AvroError) -> Int {
        let offset = reader.offset
        let index = try long()
        guard index >= 0, index < Int64(count) else { throw .malformedDatum(offset: offset, .noSuchBranch) }
        return Int(index)
    }

    private mutating func run(_ count: Int64) throws(AvroError) -> UnsafeRawBufferPointer {
        guard count >= 0 else { throw .malformedDatum(offset: reader.offset, .negativeLength) }
        guard count <= Int64(reader.remaining), let bytes = reader.readBytes(Int(count)) else { throw truncated }
        return bytes
    }

    private mutating func text() throws(AvroError) -> UnsafeRawBufferPointer {
        let bytes = try run(try long())
        guard UTF8Check.isValid(bytes) else {
            throw .malformedDatum(offset: reader.offset - bytes.count, .invalidUTF8)
        }
        return bytes
    }

    private mutating func blocks(_ element: (inout DatumPrinter) throws(AvroError) -> Void) throws(AvroError) {
        while true {
            var count = try long()
            guard count != 0 else { return }
            var end: Int?
            if count < 0 {
                guard count != .min else { throw .malformedDatum(offset: reader.offset, .invalidBlock) }
                count = -count
                let size = try long()
                guard size >= 0 else { throw .malformedDatum(offset: reader.offset, .negativeLength) }
                guard size <= Int64(reader.remaining) else { throw truncated }
                end = reader.offset + Int(size)
            }
            while count > 0 {
                let start = reader.offset
                try element(&self)
                if reader.offset == start { emptyElements += 1 }
                guard emptyElements <= Self.emptyElementLimit else {
                    throw .malformedDatum(offset: start, .invalidBlock)
                }
                count -= 1
            }
            if let end, end != reader.offset { throw .malformedDatum(offset: reader.offset, .invalidBlock) }
        }
    }

    private func number(_ text: String, isFinite: Bool, _ writer: inout JSONWriter) {
        if isFinite { writer.raw(text) } else { writer.string(text) }
    }

    private func latin1(_ bytes: UnsafeRawBufferPointer, _ writer: inout JSONWriter) {
        var text = String.UnicodeScalarView()
        for byte in bytes { text.append(Unicode.Scalar(byte)) }
        writer.string(String(text))
    }
}
