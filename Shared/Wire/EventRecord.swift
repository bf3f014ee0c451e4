/// The bytes of one event in the log, the same on every engine:
///
///     key      key link text, 36 bytes of UTF-8
///     value    0x00 | schema id (4 bytes, big-endian) | event: an Avro datum, or JSON text if the schema is a JSON Schema
///
/// The value is what Confluent's Avro and JSON Schema serializers write, so that their deserializers read it. The schema of the id
/// tells which of the two it is.
package enum EventRecord {
    /// Bytes before the datum.
    package static let headerLength = 5

    /// Writes the five bytes before the datum. `target` must have room for them.
    package static func writeHeader(schemaID: Int32, into target: UnsafeMutableRawBufferPointer) {
        precondition(target.count >= headerLength, "a record header needs 5 bytes")
        target[0] = 0
        target.storeBytes(of: UInt32(bitPattern: schemaID).bigEndian, toByteOffset: 1, as: UInt32.self)
    }

    /// The five bytes before the datum.
    package static func header(schemaID: Int32) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: headerLength) { target, count in
            writeHeader(schemaID: schemaID, into: UnsafeMutableRawBufferPointer(target))
            count = headerLength
        }
    }

    /// The schema id of a record value; the datum begins at `headerLength`.
    ///
    /// - Throws: `.notFramed` when the value is shorter than its header or does not begin with zero.
    package static func schemaID(of value: UnsafeRawBufferPointer) throws(WireError) -> Int32 {
        guard value.count >= headerLength, value[0] == 0 else { throw .notFramed }
        return Int32(bitPattern: UInt32(bigEndian: value.loadUnaligned(fromByteOffset: 1, as: UInt32.self)))
    }
}
