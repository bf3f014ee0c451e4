private import CLinux

/// Fills a buffer with random bytes from the kernel, good enough for keys.
package func fillRandom(_ buffer: UnsafeMutableRawBufferPointer) {
    var start = 0
    while start < buffer.count {
        let count = getrandom(buffer.baseAddress! + start, buffer.count - start, 0)
        if count > 0 { start += count }  // EINTR: again. There is no other failure once the machine has started.
    }
}

/// Random bytes from the kernel, good enough for keys.
package func randomBytes(_ count: Int) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
        fillRandom(UnsafeMutableRawBufferPointer(buffer))
        initialized = count
    }
}
