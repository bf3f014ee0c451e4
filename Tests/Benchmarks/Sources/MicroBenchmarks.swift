import Avro
import Bytes
import Crypto
import Privacy
import Wire

/// Nanoseconds to seal one value of 24 bytes: key schedule ready, Base64 included.
func sealNanoseconds(values: Int) throws -> Double {
    var generator = SystemRandomNumberGenerator()
    let cipher = try FieldCipher(key: try DataKey.random(), link: .random(using: &generator))
    let workspace = FieldWorkspace()
    let plain = UnsafeMutableRawBufferPointer.allocate(byteCount: 24 * values, alignment: 16)
    let room = FieldCipher.sealedTextCount(24)
    let text = UnsafeMutableRawBufferPointer.allocate(byteCount: room * values, alignment: 16)
    defer {
        plain.deallocate()
        text.deallocate()
    }
    for index in plain.indices { plain[index] = UInt8(truncatingIfNeeded: index &* 7) }
    let fields = (0..<values).map { index in
        FieldToSeal(
            plain: UnsafeRawBufferPointer(rebasing: plain[index * 24..<index * 24 + 24]),
            text: text.baseAddress! + index * room)
    }
    let perEvent = fields.withUnsafeBufferPointer { fields in
        nanosecondsPerCall { count in
            for round in 0..<count {
                plain[0] = UInt8(truncatingIfNeeded: round)
                cipher.seal(fields, using: workspace)
                consume(Int(text[round & 31]))
            }
        }
    }
    return perEvent / Double(values)
}

/// Nanoseconds to check a 250-byte datum against its schema and find three of its fields.
func avroWalkNanoseconds() throws -> Double {
    let program = try AvroProgram(AvroSchema.parse(SampleEvent.schema), points: SampleEvent.personalFields)
    let walker = AvroWalker()
    let datum = SampleEvent.datum(person: 7)
    return datum.withUnsafeBytes { datum in
        precondition(walker.walk(program, datum) && walker.markCount == 3, "the sample event fits its schema")
        return nanosecondsPerCall { count in
            for _ in 0..<count {
                consume(walker.walk(program, datum) ? walker.markCount : 0)
            }
        }
    }
}
