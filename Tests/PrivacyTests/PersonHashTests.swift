import Crypto
import Privacy
import Testing

@Suite struct PersonHashTests {
    static func hasher(_ byte: UInt8 = 7) throws -> PersonHash {
        try PersonHash(owning: SecretBytes(copying: [UInt8](repeating: byte, count: 32)))
    }

    static func hash(_ value: String, _ role: PersonHash.Role, _ stream: String, key: UInt8 = 7) throws -> [UInt8] {
        let hasher = try hasher(key)
        var value = value
        let result: Result<[UInt8], any Error> = value.withUTF8 { bytes in
            Result { try hasher.hash(UnsafeRawBufferPointer(bytes), as: role, in: stream) }
        }
        return try result.get()
    }

    @Test func `the same person, stream and role have the same hash`() throws {
        #expect(try Self.hash("ann", .keyField, "demo") == Self.hash("ann", .keyField, "demo"))
        #expect(try Self.hash("ann", .keyField, "demo").count == PersonHash.byteCount)
    }

    @Test func `another value, stream, role or plane has an unrelated hash`() throws {
        let hashes = try [
            Self.hash("ann", .keyField, "demo"), Self.hash("bob", .keyField, "demo"),
            Self.hash("ann", .keyField, "shop"), Self.hash("ann", .dataSubject, "demo"),
            Self.hash("ann", .keyField, "demo", key: 8), Self.hash("nn", .keyField, "demoa"),
            Self.hash("", .keyField, "demo"),
        ]
        #expect(Set(hashes).count == hashes.count)
    }

    @Test func `a hash key of another length is refused`() {
        #expect(throws: PrivacyError.self) { _ = try PersonHash(owning: SecretBytes(count: 16)) }
    }
}
