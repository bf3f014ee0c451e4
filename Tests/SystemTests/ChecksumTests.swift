import Bytes
import System
import TestKit
import Testing

@Suite struct ChecksumTests {
    @Test func `the published check value comes out`() {
        let digits = Array("123456789".utf8)
        #expect(digits.withUnsafeBytes { Checksum.crc32c($0) } == 0xE306_9283)
    }

    @Test func `processor and tables agree, in one piece or in two`() {
        var generator = SeededGenerator(seed: 3)
        for count in [0, 1, 7, 8, 9, 31, 32, 1000, 4097] {
            let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
            let expected = CRC32C.checksum(bytes)
            bytes.withUnsafeBytes { whole in
                #expect(Checksum.crc32c(whole) == expected)
                let cut = count / 3
                let first = Checksum.crc32c(UnsafeRawBufferPointer(rebasing: whole[..<cut]))
                #expect(Checksum.crc32c(UnsafeRawBufferPointer(rebasing: whole[cut...]), continuing: first) == expected)
            }
        }
    }
}
