import Crypto
import TestKit
import Testing

@Suite struct AESSIVTests {
    // A key with the intermediate values and results that Google Tink 1.16 gives for it.
    static let key = bytes(
        "4a1b306ecbd0b751499668ece97bb341120e902b6d4546167d323b83e61a5ad3"
            + "e84f272d249f51e7800f50513e5a19b4cd410ca8c3457aa89085a0545034d4c7")

    @Test(arguments: [
        ("", "7200f0097dbf0164d1f90952136467e6"),
        ("a", "ab90c00975e47bc4fd4b95e47cd28767d0"),
        ("17850", "106a50c437e2c77b26527c61c4facf4baaee28fa33"),
        ("0123456789abcdef", "c582d9682f0d2b738aa8f23d8d99fad5e607ff424a215612f80250231095d2fa"),
        ("0123456789abcdef0", "280013ad5d6b2c2975acb1620863038a43d95ddf6979fd74b8e94a918ab1609ab2"),
    ])
    func `a value is sealed as Tink seals it`(_ plain: String, _ sealed: String) throws {
        let result = try seal([Array(plain.utf8)], key: Self.key)
        #expect(hex(result[0]) == sealed)
    }

    @Test func `values sealed in lock-step are the values sealed alone`() throws {
        var generator = SeededGenerator(seed: 1)
        for round in 0..<200 {
            let values = (0...(round % 9)).map { _ in
                (0..<Int.random(in: 0...(round % 3 == 0 ? 17 : 100), using: &generator))
                    .map { _ in UInt8.random(in: 0...255, using: &generator) }
            }
            let together = try seal(values, key: Self.key)
            let alone = try values.map { try seal([$0], key: Self.key)[0] }
            #expect(together == alone)
            let opened = try open(together, key: Self.key)
            #expect(opened == values.map(Optional.some))
        }
    }

    @Test(arguments: Array(0...66) + [255, 256, 257, 4095, 4096])
    func `every length opens again and every changed byte is refused`(_ count: Int) throws {
        let plain = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        let sealed = try seal([plain], key: Self.key)[0]
        #expect(try open([sealed], key: Self.key) == [plain])
        let places = sealed.count <= 128 ? Array(sealed.indices) : [0, 15, 16, 17, sealed.count - 1]
        for place in places {
            var changed = sealed
            changed[place] ^= 0x40
            #expect(try open([changed, sealed], key: Self.key) == [nil, plain])
        }
    }

    @Test func `a value that is not genuine leaves zeroes behind`() throws {
        var sealed = try seal([Array("secret".utf8)], key: Self.key)[0]
        sealed[0] ^= 1
        let siv = try AESSIV(key: secret(Self.key))
        var plain = [UInt8](repeating: 0xFF, count: 6)
        sealed.withUnsafeMutableBytes { sealed in
            plain.withUnsafeMutableBytes { plain in
                var value = SIVValue(plain: plain.baseAddress!, sealed: sealed.baseAddress!, count: 6)
                withUnsafeMutablePointer(to: &value) { value in
                    let all = siv.open(UnsafeMutableBufferPointer(start: value, count: 1), using: SIVWorkspace())
                    #expect(!all)
                }
            }
        }
        #expect(plain == [0, 0, 0, 0, 0, 0])
    }

    @Test func `a key of another length is refused`() {
        #expect(throws: CryptoError.wrongLength(operation: "AES-SIV key", bytes: 32)) {
            _ = try AESSIV(key: SecretBytes(count: 32))
        }
    }

    private func seal(_ values: [[UInt8]], key: [UInt8]) throws -> [[UInt8]] {
        let siv = try AESSIV(key: secret(key))
        let arena = Arena(values.map { ($0, $0.count + AESSIV.overhead) })
        siv.seal(arena.values, using: SIVWorkspace())
        return arena.values.map { value in
            [UInt8](UnsafeRawBufferPointer(start: value.sealed, count: value.count + AESSIV.overhead))
        }
    }

    private func open(_ values: [[UInt8]], key: [UInt8]) throws -> [[UInt8]?] {
        let siv = try AESSIV(key: secret(key))
        let arena = Arena(values.map { ([UInt8](repeating: 0, count: $0.count - AESSIV.overhead), $0.count) })
        for (value, sealed) in zip(arena.values, values) {
            value.sealed.copyMemory(from: sealed, byteCount: sealed.count)
        }
        let all = siv.open(arena.values, using: SIVWorkspace())
        #expect(all == arena.values.allSatisfy(\.isGenuine))
        return arena.values.map { value in
            value.isGenuine ? [UInt8](UnsafeRawBufferPointer(start: value.plain, count: value.count)) : nil
        }
    }

    /// Exactly sized memory for each value, so that a read or write beyond it would be noticed by a checker.
    private final class Arena {
        let values: UnsafeMutableBufferPointer<SIVValue>

        init(_ parts: [(plain: [UInt8], sealedCount: Int)]) {
            values = .allocate(capacity: parts.count)
            for (index, part) in parts.enumerated() {
                let plain = UnsafeMutableRawPointer.allocate(byteCount: max(1, part.plain.count), alignment: 1)
                plain.copyMemory(from: part.plain, byteCount: part.plain.count)
                let sealed = UnsafeMutableRawPointer.allocate(byteCount: part.sealedCount, alignment: 1)
                values.initializeElement(
                    at: index, to: SIVValue(plain: plain, sealed: sealed, count: part.plain.count))
            }
        }

        deinit {
            for value in values {
                value.plain.deallocate()
                value.sealed.deallocate()
            }
            values.deallocate()
        }
    }
}
