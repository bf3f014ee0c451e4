import Bytes
import Testing

@Suite struct OutputBufferTests {
    @Test func `everything that is appended comes out in order`() {
        var buffer = OutputBuffer(capacity: 1)
        buffer.append(0x41)
        buffer.append([0x42, 0x43])
        buffer.append("-lit-")
        buffer.append(utf8: "é")
        buffer.append(bigEndian: UInt16(0x0102))
        buffer.append(littleEndian: UInt32(0x0102_0304))
        [UInt8]("foo".utf8).withUnsafeBytes { buffer.append(base64: $0) }
        #expect(
            buffer.copyBytes() == Array("ABC-lit-é".utf8) + [0x01, 0x02, 0x04, 0x03, 0x02, 0x01] + Array("Zm9v".utf8))
    }

    @Test func `it grows as far as asked and keeps what it holds`() {
        var buffer = OutputBuffer(capacity: 16)
        for index in 0..<10_000 { buffer.append(UInt8(truncatingIfNeeded: index)) }
        #expect(buffer.count == 10_000)
        #expect(buffer.bytes.enumerated().allSatisfy { $1 == UInt8(truncatingIfNeeded: $0) })
    }

    @Test func `emptying keeps the memory, unless told otherwise`() {
        var buffer = OutputBuffer(capacity: 4096)
        buffer.append([UInt8](repeating: 1, count: 4000))
        buffer.removeAll()
        #expect(buffer.isEmpty && buffer.capacity == 4096)
        buffer.removeAll(keepingCapacity: false)
        #expect(buffer.capacity == 256)
    }

    @Test func `the front can be dropped, the end cut off, the middle changed`() {
        var buffer = OutputBuffer()
        buffer.append("0123456789")
        buffer.removeFirst(3)
        buffer.truncate(to: 5)
        buffer.mutableBytes[0] = 0x58
        #expect(String(decoding: buffer.copyBytes(), as: UTF8.self) == "X4567")
    }

    @Test func `raw room counts only what was filled`() {
        var buffer = OutputBuffer(capacity: 16)
        buffer.appendRaw(room: 100) { room in
            room[0] = 7
            return 1
        }
        #expect(buffer.copyBytes() == [7])
    }
}
