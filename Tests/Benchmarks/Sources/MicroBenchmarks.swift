import API
import Avro
import Bytes
import Contracts
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

/// Nanoseconds to check a 250-byte datum against its schema, find three of its fields, and write it again with the three
/// replaced by Base64 texts, made on the way.
func avroWalkNanoseconds() throws -> Double {
    let program = try AvroProgram(AvroSchema.parse(SampleEvent.schema), points: SampleEvent.personalFields)
    let walker = AvroWalker()
    let datum = SampleEvent.datum(person: 7)
    let sealed = [UInt8](repeating: 0xA7, count: 45)  // what sealing makes of 24 bytes
    var output = OutputBuffer(capacity: 1024)
    return datum.withUnsafeBytes { datum in
        sealed.withUnsafeBytes { sealed in
            precondition(walker.walk(program, datum) && walker.markCount == 3, "the sample event fits its schema")
            return nanosecondsPerCall { count in
                for _ in 0..<count {
                    output.removeAll()
                    guard walker.walk(program, datum) else { return }
                    let room = Base64.encodedCount(sealed.count)
                    walker.splice(datum, program, into: &output) { _, _ in .room(room) }
                    guard let base = output.mutableBytes.baseAddress else { return }
                    for index in 0..<3 {
                        Base64.encode(
                            sealed,
                            into: UnsafeMutableRawBufferPointer(start: base + walker.place(of: index), count: room))
                    }
                    consume(output.count)
                }
            }
        }
    }
}

/// Nanoseconds for all that a contract asks of an event but the sealing: decoder, contract, walk, one regular expression, key
/// field, consent, and the record with room for three sealed texts.
func contractNanoseconds() throws -> Double {
    var spec = DataContractSpec()
    spec.ref.handle = "strmprivacy"
    spec.ref.name = "example"
    spec.ref.version = "1.5.0"
    spec.state = .active
    spec.keyField = SampleEvent.personalFields[1]
    for (level, field) in SampleEvent.personalFields.enumerated() { spec.piiFields[field] = Int32(level) }
    var validation = Validation()
    validation.field = spec.keyField
    validation.type = "regex"
    validation.value = "^.+$"
    spec.validations = [validation]
    let catalog = try CompiledCatalog(
        contracts: [spec],
        schemas: [.init(ref: spec.ref.contractRef, id: 7, definition: SampleEvent.schema)])
    let event = try IncomingEvent(catalog: catalog)
    let schema = catalog.schemas[0]
    let link = Array("7573fc76-0000-4000-8000-000000000000".utf8)
    let datum = SampleEvent.datum(person: 7)
    var output = OutputBuffer(capacity: 1024)
    return datum.withUnsafeBytes { datum in
        link.withUnsafeBytes { link in
            precondition(event.read(datum, .unstated, schema) == nil, "the sample event fits its contract")
            return nanosecondsPerCall { count in
                for round in 0..<count {
                    output.removeAll()
                    guard event.read(datum, .unstated, schema) == nil else { return }
                    event.write(
                        nonce: Int32(truncatingIfNeeded: round), timestamp: 1_767_225_600_000, keyLink: link,
                        into: &output
                    ) { FieldCipher.sealedTextCount($0) }
                    consume(output.count)
                }
            }
        }
    }
}
