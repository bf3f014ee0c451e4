import Crypto
import Testing

@Suite struct KeyMemoryTests {
    @Test func `secrets lie in memory of their own, are written and read there, and give it back`() throws {
        #expect([.locked, .notLocked].contains(KeyMemory.prepare()))
        #expect([.locked, .notLocked].contains(KeyMemory.prepare()), "a second time changes nothing")
        var secrets: [SecretHolder] = []
        for number in 0..<100 { secrets.append(SecretHolder(UInt8(number))) }
        #expect(KeyMemory.used >= 100 * 64)
        for (number, holder) in secrets.enumerated() {
            #expect(holder.secret.withBytes { $0.allSatisfy { $0 == UInt8(number) } && $0.count == 64 })
        }
    }

    @Test func `more secrets than the arena holds are kept all the same`() throws {
        _ = KeyMemory.prepare()
        var secrets: [SecretHolder] = []
        for _ in 0..<(KeyMemory.size / 64 + 100) { secrets.append(SecretHolder(7)) }
        #expect(secrets.last?.secret.withBytes { $0.allSatisfy { $0 == 7 } } == true)
    }

    private final class SecretHolder {
        let secret: SecretBytes
        init(_ byte: UInt8) { secret = SecretBytes(copying: [UInt8](repeating: byte, count: 64)) }
    }
}
