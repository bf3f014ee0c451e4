private import Crypto

/// A copy of bytes that may be personal data, in memory of its own, wiped when the last holder lets go.
package final class PlainBytes: Hashable, @unchecked Sendable {  // immutable after init
    private let storage: UnsafeMutableRawBufferPointer

    /// Copies `bytes`.
    package init(copying bytes: UnsafeRawBufferPointer) {
        storage = .allocate(byteCount: bytes.count, alignment: 1)
        storage.copyMemory(from: bytes)
    }

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
