import Bytes
import Testing

@Suite struct ByteReaderTests {
    @Test func `fixed widths are read in both orders and never past the end`() {
        reading([0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07]) { reader in
            #expect(reader.readBigEndian(UInt16.self) == 0x0102)
            #expect(reader.readLittleEndian(UInt16.self) == 0x0403)
            #expect(reader.readBigEndian(UInt32.self) == nil)
            #expect(reader.remaining == 3)
            #expect(reader.readBytes(4) == nil)
            #expect(reader.readBytes(-1) == nil)
            #expect(reader.readBytes(2).map(Array.init) == [0x05, 0x06])
            let skipped = reader.skip(2)
            #expect(!skipped)
            #expect(reader.peek == 0x07)
            #expect(reader.readByte() == 0x07)
            #expect(reader.isAtEnd)
            #expect(reader.readByte() == nil)
            #expect(reader.peek == nil)
        }
    }

    @Test(arguments: [
        0, -1, 1, -2, 63, -64, 64, 8191, 1_652_181_230_883, Int64.max, Int64.min,
    ])
    func `a zigzag varint comes back as it went`(_ value: Int64) {
        var buffer = OutputBuffer()
        buffer.append(zigzag: value)
        reading(buffer.copyBytes()) { reader in
            #expect(reader.readZigzag() == value)
            #expect(reader.isAtEnd)
        }
    }

    @Test func `the Avro specification's table of zigzag values`() {
        for (value, hex) in [(0, "00"), (-1, "01"), (1, "02"), (-2, "03"), (2, "04"), (-64, "7f"), (64, "8001")] {
            var buffer = OutputBuffer()
            buffer.append(zigzag: Int64(value))
            #expect(Hex.encode(buffer.copyBytes()) == hex)
        }
    }

    @Test(arguments: [
        "", "80", "ffffffffffffffffff", "ffffffffffffffffff02", "80808080808080808080", "ffffffffffffffffffff01",
    ])
    func `a varint that is cut off or too long is refused and nothing is consumed`(_ hex: String) throws {
        reading(try #require(Hex.decode(hex))) { reader in
            #expect(reader.readVarint() == nil)
            #expect(reader.offset == 0)
        }
    }

    private func reading(_ bytes: [UInt8], _ body: (inout ByteReader) -> Void) {
        bytes.withUnsafeBytes { raw in
            var reader = ByteReader(raw)
            body(&reader)
        }
    }
}
