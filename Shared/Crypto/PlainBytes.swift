/// A copy of bytes that may be personal data, in memory of its own, wiped when the last holder lets go.
package final class PlainBytes: Hashable, @unchecked Sendable {  // immutable after init
    private let storage: UnsafeMutableRawBufferPointer

    /// Copies `bytes`.
    package convenience init(copying bytes: UnsafeRawBufferPointer) {
        self.init(count: bytes.count)
        storage.copyMemory(from: bytes)
    }

    /// Copies an array; what becomes of that is its owner's concern.
    package convenience init(_ bytes: [UInt8]) {
        self.init(count: bytes.count)
        storage.copyBytes(from: bytes)
    }

    private init(count: Int) { storage = .allocate(byteCount: count, alignment: 1) }

    deinit {
        wipe(storage)
        storage.deallocate()
    }

    /// The bytes; valid as long as this object is held.
    package var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(storage) }

    /// How many there are.
    package var count: Int { storage.count }

    package static func == (left: PlainBytes, right: PlainBytes) -> Bool {
        left.count == right.count && left.bytes.elementsEqual(right.bytes)
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(bytes: bytes) }
}
