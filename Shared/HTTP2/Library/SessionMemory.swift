internal import CNghttp2

// Why: nghttp2 allocates and frees some ten small blocks per request, which costs a tenth of a request with the C library's
// allocator. All sessions of a loop run on one thread, so theirs need no lock, no sizes to search and no merging.
//
// A block is a multiple of 32 bytes, taken from 64 KiB slabs, with its class in the 16 bytes before it:
//
//     | class (8) | unused (8) | payload: class × 32 bytes |
//
// Freed blocks wait in a list of their class. Slabs are given back when the loop's last session has gone.

/// Memory for the nghttp2 sessions of one loop.
package final class SessionMemory {
    private let arena: UnsafeMutablePointer<Arena>

    /// Memory without a slab.
    package init() {
        arena = .allocate(capacity: 1)
        arena.initialize(to: Arena())
    }

    deinit {
        arena.deinitialize(count: 1)
        arena.deallocate()
    }

    /// The callbacks, for `nghttp2_session_server_new3`. The session must not outlive this object.
    var callbacks: nghttp2_mem {
        // The arena's address, not the object's: a callback that retained and released would cost more than its work.
        nghttp2_mem(
            mem_user_data: UnsafeMutableRawPointer(arena),
            malloc: { size, owner in arenaAt(owner).pointee.allocate(size) },
            free: { block, owner in arenaAt(owner).pointee.free(block) },
            calloc: { count, size, owner in
                let (bytes, overflow) = count.multipliedReportingOverflow(by: size)
                if overflow { return nil }
                let block = arenaAt(owner).pointee.allocate(bytes)
                block.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
                return block
            },
            realloc: { block, size, owner in arenaAt(owner).pointee.reallocate(block, size) })
    }

    /// A block of at least `size` bytes, aligned to 16.
    package func allocate(_ size: Int) -> UnsafeMutableRawPointer { arena.pointee.allocate(size) }
    /// Takes a block of this memory back; nil is nothing.
    package func free(_ block: UnsafeMutableRawPointer?) { arena.pointee.free(block) }
    /// A block of at least `size` bytes with the bytes of `block`, which is taken back.
    package func reallocate(_ block: UnsafeMutableRawPointer?, _ size: Int) -> UnsafeMutableRawPointer? {
        arena.pointee.reallocate(block, size)
    }
}

@inline(__always)
private func arenaAt(_ owner: UnsafeMutableRawPointer?) -> UnsafeMutablePointer<Arena> {
    // The stream pool of the loop holds it, and every session holds the pool.
    owner!.assumingMemoryBound(to: Arena.self)
}

/// Free lists and the slab that blocks are cut from.
private struct Arena: ~Copyable {
    private static var slabBytes: Int { 64 << 10 }
    private static var headBytes: Int { 16 }
    /// Class 0 stands for blocks above 4096 bytes, which come from the C library.
    private static var classes: Int { 129 }

    private let freeLists: UnsafeMutablePointer<UnsafeMutableRawPointer?>
    private var slabs: [UnsafeMutableRawPointer] = []
    private var bump: UnsafeMutableRawPointer?
    private var bumpLeft = 0

    init() {
        freeLists = .allocate(capacity: Self.classes)
        freeLists.initialize(repeating: nil, count: Self.classes)
    }

    deinit {
        for slab in slabs { slab.deallocate() }
        freeLists.deallocate()
    }

    mutating func allocate(_ size: Int) -> UnsafeMutableRawPointer {
        let units = (max(size, 1) &+ 31) &>> 5
        guard units < Self.classes else {
            let block = UnsafeMutableRawPointer.allocate(byteCount: Self.headBytes + size, alignment: 16)
            block.storeBytes(of: 0, as: Int.self)
            block.storeBytes(of: size, toByteOffset: 8, as: Int.self)
            return block + Self.headBytes
        }
        if let block = freeLists[units] {
            freeLists[units] = block.load(as: UnsafeMutableRawPointer?.self)
            return block
        }
        return carve(units)
    }

    @inline(never)
    private mutating func carve(_ units: Int) -> UnsafeMutableRawPointer {
        let bytes = Self.headBytes + units * 32
        if bumpLeft < bytes {
            // What is left of the old slab is lost: at most 4 of its 64 KiB.
            let slab = UnsafeMutableRawPointer.allocate(byteCount: Self.slabBytes, alignment: 16)
            slabs.append(slab)
            bump = slab
            bumpLeft = Self.slabBytes
        }
        let block = bump!
        bump = block + bytes
        bumpLeft -= bytes
        block.storeBytes(of: units, as: Int.self)
        return block + Self.headBytes
    }

    mutating func free(_ block: UnsafeMutableRawPointer?) {
        guard let block else { return }
        let units = (block - Self.headBytes).load(as: Int.self)
        if units == 0 {
            (block - Self.headBytes).deallocate()
        } else {
            block.storeBytes(of: freeLists[units], as: UnsafeMutableRawPointer?.self)
            freeLists[units] = block
        }
    }

    mutating func reallocate(_ block: UnsafeMutableRawPointer?, _ size: Int) -> UnsafeMutableRawPointer? {
        guard let block else { return allocate(size) }
        let units = (block - Self.headBytes).load(as: Int.self)
        let room = units == 0 ? (block - Self.headBytes).load(fromByteOffset: 8, as: Int.self) : units * 32
        if size <= room { return block }
        let larger = allocate(size)
        larger.copyMemory(from: block, byteCount: room)
        free(block)
        return larger
    }
}
