// AES-SIV (RFC 5297) with a 64-byte key and one empty component of associated data: what Google Tink's deterministic
// AEAD does.
//
//   K1 = key[0..<32] for S2V, K2 = key[32..<64] for CTR
//   D  = dbl(CMAC(K1, 0¹²⁸)) xor CMAC(K1, "")                    the same for every value, so computed once per key
//   T  = P with D xored into its last 16 bytes                   when P has 16 bytes or more
//      = dbl(D) xor (P ‖ 0x80 ‖ zeros)                           when P is shorter
//   V  = CMAC(K1, T)
//   C  = P xor AES(K2, Q), AES(K2, Q + 1), …                     Q = V with the top bits of bytes 8 and 12 cleared
//   sealed = V ‖ C
//
// OpenSSL's own AES-SIV and CMAC cost microseconds per message, because each message starts with an init. Here both
// ciphers are AES-256-ECB contexts, which need none; and all values of one event advance together, block by block, so
// that one call encrypts the next block of every value and the CPU's AES pipeline stays full.

internal import COpenSSL

/// One value of a lock-step pass: where its plaintext is and where its sealed bytes are.
package struct SIVValue {
    /// The plain bytes: read by `seal`, written by `open`.
    package var plain: UnsafeMutableRawPointer
    /// SIV ‖ ciphertext, `AESSIV.overhead` bytes longer than the plaintext: written by `seal`, read by `open`.
    package var sealed: UnsafeMutableRawPointer
    /// Length of the plaintext, bytes.
    package var count: Int
    /// Set by `open`: whether the value is genuine. Its plain bytes are zeroed when it is not.
    package var isGenuine = false

    /// A value whose two places the caller keeps alive during the pass. `seal` only reads `plain`.
    package init(plain: UnsafeMutableRawPointer, sealed: UnsafeMutableRawPointer, count: Int) {
        self.plain = plain
        self.sealed = sealed
        self.count = count
    }
}

/// Working memory of lock-step passes; it grows to the largest event seen and is wiped when it goes.
///
/// - Isolation: one per loop or thread.
package final class SIVWorkspace {
    fileprivate var blocks: UnsafeMutableRawBufferPointer
    fileprivate var lanes: UnsafeMutableBufferPointer<Lane>

    /// Empty working memory for events of ordinary size.
    package init() {
        blocks = .allocate(byteCount: 4096, alignment: 16)
        lanes = .allocate(capacity: 32)
        lanes.initialize(repeating: Lane())
    }

    deinit {
        OPENSSL_cleanse(blocks.baseAddress, blocks.count)
        blocks.deallocate()
        lanes.deallocate()
    }

    fileprivate func reserve(bytes: Int, lanes wanted: Int) {
        if blocks.count < bytes {
            OPENSSL_cleanse(blocks.baseAddress, blocks.count)
            blocks.deallocate()
            blocks = .allocate(byteCount: max(bytes, blocks.count * 2), alignment: 16)
        }
        if lanes.count < wanted {
            lanes.deallocate()
            lanes = .allocate(capacity: max(wanted, lanes.count * 2))
            lanes.initialize(repeating: Lane())
        }
    }
}

/// A value's place in the CMAC pass.
private struct Lane {
    var index = 0
    var next = 0  // bytes of T already absorbed
}

/// A block as two words in memory order; xor needs no byte order, arithmetic says when it does.
private struct Block {
    var first: UInt64
    var second: UInt64

    init(_ first: UInt64, _ second: UInt64) {
        self.first = first
        self.second = second
    }

    init(at address: UnsafeRawPointer) {
        first = address.loadUnaligned(as: UInt64.self)
        second = address.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
    }

    func store(at address: UnsafeMutableRawPointer) {
        address.storeBytes(of: first, as: UInt64.self)
        address.storeBytes(of: second, toByteOffset: 8, as: UInt64.self)
    }

    static func ^ (left: Block, right: Block) -> Block {
        Block(left.first ^ right.first, left.second ^ right.second)
    }

    /// Multiplication by x in GF(2¹²⁸), RFC 5297 §2.3, in constant time.
    var doubled: Block {
        let high = first.bigEndian
        let low = second.bigEndian
        let carry = 0 &- (high &>> 63)
        return Block(
            (high &<< 1 | low &>> 63).bigEndian, ((low &<< 1) ^ (carry & 0x87)).bigEndian)
    }
}

/// AES-SIV for one key, ready to run: both key schedules expanded, the associated data already absorbed.
///
/// - Isolation: one per key and per thread; the contexts have state. Less than 1 kB.
package struct AESSIV: ~Copyable {
    /// Bytes that sealing adds: the synthetic initialisation vector.
    package static let overhead = 16
    /// Length of a key, bytes.
    package static let keyByteCount = 64

    private let authenticator: OpaquePointer  // AES-256-ECB under K1
    private let keystream: OpaquePointer  // AES-256-ECB under K2
    private let subkeyFull: Block  // CMAC subkey for a last block that is full
    private let subkeyPadded: Block  // CMAC subkey for a last block that was padded
    private let prefixDoubled: Block  // dbl(D)
    /// 16 zeroes, D, 16 zeroes: a load at `16 + n` is D shifted left by n bytes, one at `16 - n` D shifted right.
    private let shiftedPrefix: UnsafeMutableRawPointer

    /// - Throws: `.wrongLength` unless the key has 64 bytes.
    package init(key: borrowing SecretBytes) throws(CryptoError) {
        guard key.count == Self.keyByteCount else { throw .wrongLength(operation: "AES-SIV key", bytes: key.count) }
        let (first, second) = try key.withBytes { bytes throws(CryptoError) in
            let start = bytes.baseAddress!.assumingMemoryBound(to: UInt8.self)
            let first = try Self.context(key: start)
            do throws(CryptoError) {
                return (first, try Self.context(key: start + 32))
            } catch {
                EVP_CIPHER_CTX_free(first)
                throw error
            }
        }
        let base = Self.encrypted(Block(0, 0), with: first)
        let full = base.doubled
        let padded = full.doubled
        // CMAC of the zero block and of the empty message (a lone 0x80).
        let zero = Self.encrypted(full, with: first)
        let empty = Self.encrypted(padded ^ Block(0x80, 0), with: first)
        let absorbed = zero.doubled ^ empty
        authenticator = first
        keystream = second
        subkeyFull = full
        subkeyPadded = padded
        prefixDoubled = absorbed.doubled
        shiftedPrefix = .allocate(byteCount: 48, alignment: 16)
        Block(0, 0).store(at: shiftedPrefix)
        absorbed.store(at: shiftedPrefix + 16)
        Block(0, 0).store(at: shiftedPrefix + 32)
    }

    deinit {
        // Freeing a context wipes its key schedule.
        EVP_CIPHER_CTX_free(authenticator)
        EVP_CIPHER_CTX_free(keystream)
        OPENSSL_cleanse(shiftedPrefix, 48)
        shiftedPrefix.deallocate()
    }

    private static func context(key: UnsafePointer<UInt8>) throws(CryptoError) -> OpaquePointer {
        let context = try check(EVP_CIPHER_CTX_new(), "EVP_CIPHER_CTX_new")
        guard EVP_EncryptInit_ex(context, EVP_aes_256_ecb(), nil, key, nil) == 1,
            EVP_CIPHER_CTX_set_padding(context, 0) == 1
        else {
            EVP_CIPHER_CTX_free(context)
            throw openSSLFault("EVP_EncryptInit_ex")
        }
        return context
    }

    private static func encrypted(_ block: Block, with context: OpaquePointer) -> Block {
        withUnsafeTemporaryAllocation(byteCount: 16, alignment: 16) { bytes in
            block.store(at: bytes.baseAddress!)
            encrypt(bytes.baseAddress!, blocks: 1, with: context)
            return Block(at: bytes.baseAddress!)
        }
    }

    /// ECB in place. `EVP_Cipher` skips the buffering of `EVP_EncryptUpdate`, which whole blocks do not need.
    @inline(__always)
    private static func encrypt(_ start: UnsafeMutableRawPointer, blocks: Int, with context: OpaquePointer) {
        let bytes = start.assumingMemoryBound(to: UInt8.self)
        let done = EVP_Cipher(context, bytes, bytes, UInt32(truncatingIfNeeded: blocks &* 16))
        precondition(done > 0, "AES-256-ECB of whole blocks with a ready context cannot fail")
    }

    /// Seals every value of one event in lock-step: same key and plaintext give the same bytes.
    ///
    /// No allocation once `workspace` has grown. `plain` and `sealed` of one value must not overlap.
    package borrowing func seal(_ values: UnsafeMutableBufferPointer<SIVValue>, using workspace: SIVWorkspace) {
        guard values.count > 0 else { return }
        workspace.reserve(bytes: blockBytes(for: values), lanes: values.count)
        let states = workspace.blocks.baseAddress!
        authenticate(values, states: states, lanes: workspace.lanes)
        for index in 0..<values.count {
            Block(at: states + index &* 16).store(at: values[index].sealed)
        }
        runKeystream(values, into: states)
        var stream = UnsafeRawPointer(states)
        for value in values {
            Self.xor(value.plain, stream, into: value.sealed + Self.overhead, count: value.count)
            stream += Self.roundedUp(value.count)
        }
    }

    /// Opens every value in lock-step and sets `isGenuine`; a value that is not genuine leaves zeroes in `plain`.
    ///
    /// - Returns: Whether all are genuine. The comparison takes the same time whatever differs.
    package borrowing func open(
        _ values: UnsafeMutableBufferPointer<SIVValue>, using workspace: SIVWorkspace
    ) -> Bool {
        guard values.count > 0 else { return true }
        workspace.reserve(bytes: blockBytes(for: values), lanes: values.count)
        let states = workspace.blocks.baseAddress!
        runKeystream(values, into: states)
        var stream = UnsafeRawPointer(states)
        for value in values {
            Self.xor(value.sealed + Self.overhead, stream, into: value.plain, count: value.count)
            stream += Self.roundedUp(value.count)
        }
        authenticate(values, states: states, lanes: workspace.lanes)
        var all = true
        for index in 0..<values.count {
            let same = CRYPTO_memcmp(states + index &* 16, values[index].sealed, Self.overhead) == 0
            values[index].isGenuine = same
            if !same {
                values[index].plain.initializeMemory(as: UInt8.self, repeating: 0, count: values[index].count)
                all = false
            }
        }
        return all
    }

    private static func roundedUp(_ count: Int) -> Int { (count &+ 15) & ~15 }

    /// Room for one CMAC state per value (and a gathering area of the same size), or for the whole key stream.
    private func blockBytes(for values: UnsafeMutableBufferPointer<SIVValue>) -> Int {
        var stream = 0
        for value in values { stream &+= Self.roundedUp(value.count) }
        return max(stream, values.count &* 32)
    }

    /// CMAC of every value's T into `states`, 16 bytes per value in order.
    private func authenticate(
        _ values: UnsafeMutableBufferPointer<SIVValue>, states: UnsafeMutableRawPointer,
        lanes: UnsafeMutableBufferPointer<Lane>
    ) {
        if values.count == 1 { return authenticate(values[0], state: states) }
        // First block of every value. Those with more blocks stay in a lane.
        var open = 0
        for index in 0..<values.count {
            let value = values[index]
            let (block, taken) = firstBlock(of: value)
            block.store(at: states + index &* 16)
            if taken < value.count {
                lanes[open] = Lane(index: index, next: taken)
                open &+= 1
            }
        }
        Self.encrypt(states, blocks: values.count, with: authenticator)
        guard open > 0 else { return }
        // The values that go on are gathered behind the states, so that one call covers them all.
        let gathered = states + values.count &* 16
        while open > 0 {
            for slot in 0..<open {
                let lane = lanes[slot]
                let value = values[lane.index]
                let (block, taken) = nextBlock(of: value, at: lane.next)
                (block ^ Block(at: states + lane.index &* 16)).store(at: gathered + slot &* 16)
                lanes[slot].next = lane.next &+ taken
            }
            Self.encrypt(gathered, blocks: open, with: authenticator)
            var kept = 0
            for slot in 0..<open {
                let lane = lanes[slot]
                Block(at: gathered + slot &* 16).store(at: states + lane.index &* 16)
                if lane.next < values[lane.index].count {
                    lanes[kept] = lane
                    kept &+= 1
                }
            }
            open = kept
        }
    }

    /// The same for an event with one value: a plain chain, without lanes.
    private func authenticate(_ value: SIVValue, state: UnsafeMutableRawPointer) {
        var (block, taken) = firstBlock(of: value)
        while true {
            block.store(at: state)
            Self.encrypt(state, blocks: 1, with: authenticator)
            guard taken < value.count else { return }
            let (next, more) = nextBlock(of: value, at: taken)
            block = next ^ Block(at: state)
            taken &+= more
        }
    }

    @inline(__always)
    private func firstBlock(of value: SIVValue) -> (Block, taken: Int) {
        if value.count >= 16 { return nextBlock(of: value, at: 0) }
        let padded = Self.partial(value.plain, count: value.count, end: 0x80)
        return (padded ^ prefixDoubled ^ subkeyFull, value.count)
    }

    /// The block of T that begins at byte `at`; D is xored into the last 16 bytes of a value of at least 16 bytes, and
    /// the CMAC subkey into the last block.
    @inline(__always)
    private func nextBlock(of value: SIVValue, at offset: Int) -> (Block, taken: Int) {
        let left = value.count &- offset
        if left >= 32 { return (Block(at: value.plain + offset), 16) }
        // D straddles the last two blocks: its first bytes end the one before the last, the rest begins the last one.
        let shifted = Block(at: shiftedPrefix + (32 &- left))
        if left > 16 { return (Block(at: value.plain + offset) ^ shifted, 16) }
        if left == 16 { return (Block(at: value.plain + offset) ^ shifted ^ subkeyFull, 16) }
        let padded = Self.partial(value.plain + offset, count: left, end: 0x80)
        return (padded ^ shifted ^ subkeyPadded, left)
    }

    /// Up to 15 bytes, then `end`, then zeroes.
    @inline(__always)
    private static func partial(_ start: UnsafeRawPointer, count: Int, end: UInt64) -> Block {
        if count >= 8 {
            let rest = UInt64(truncatingIfNeeded: count &- 8) &* 8
            // The last eight bytes overlap the first ones; shifting drops the overlap. Two shifts, because one by 64
            // would be one by 0.
            let last = UInt64(littleEndian: start.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self))
            let tail = (last &>> (63 &- rest)) &>> 1
            return Block(start.loadUnaligned(as: UInt64.self), (tail | end &<< rest).littleEndian)
        }
        return Block((word(start, count: count) | end &<< (UInt64(truncatingIfNeeded: count) &* 8)).littleEndian, 0)
    }

    /// Up to 7 bytes as the low bytes of a little-endian word.
    @inline(__always)
    private static func word(_ start: UnsafeRawPointer, count: Int) -> UInt64 {
        if count >= 4 {
            let low = UInt64(UInt32(littleEndian: start.loadUnaligned(as: UInt32.self)))
            let high = UInt64(UInt32(littleEndian: start.loadUnaligned(fromByteOffset: count &- 4, as: UInt32.self)))
            return low | high &<< (UInt64(truncatingIfNeeded: count &- 4) &* 8)
        }
        guard count > 0 else { return 0 }
        let first = UInt64(start.load(as: UInt8.self))
        let middle = UInt64(start.load(fromByteOffset: count / 2, as: UInt8.self))
        let last = UInt64(start.load(fromByteOffset: count &- 1, as: UInt8.self))
        return first | middle &<< (UInt64(truncatingIfNeeded: count / 2) &* 8)
            | last &<< (UInt64(truncatingIfNeeded: count &- 1) &* 8)
    }

    /// The key stream of every value, each rounded up to whole blocks, one after the other, from the SIV in `sealed`.
    private func runKeystream(_ values: UnsafeMutableBufferPointer<SIVValue>, into start: UnsafeMutableRawPointer) {
        var place = start
        for value in values {
            var high = value.sealed.loadUnaligned(as: UInt64.self).bigEndian
            // RFC 5297 §2.6: bits 31 and 63 of the counter start as zero.
            var low = value.sealed.loadUnaligned(fromByteOffset: 8, as: UInt64.self).bigEndian & 0x7FFF_FFFF_7FFF_FFFF
            var left = value.count
            while left > 0 {
                Block(high.bigEndian, low.bigEndian).store(at: place)
                place += 16
                low &+= 1
                if low == 0 { high &+= 1 }
                left &-= 16
            }
        }
        let blocks = (place - start) / 16
        if blocks > 0 { Self.encrypt(start, blocks: blocks, with: keystream) }
    }

    @inline(__always)
    private static func xor(
        _ left: UnsafeRawPointer, _ right: UnsafeRawPointer, into out: UnsafeMutableRawPointer, count: Int
    ) {
        var index = 0
        while index &+ 8 <= count {
            let word =
                left.loadUnaligned(fromByteOffset: index, as: UInt64.self)
                ^ right.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            out.storeBytes(of: word, toByteOffset: index, as: UInt64.self)
            index &+= 8
        }
        while index < count {
            let byte =
                left.load(fromByteOffset: index, as: UInt8.self) ^ right.load(fromByteOffset: index, as: UInt8.self)
            out.storeBytes(of: byte, toByteOffset: index, as: UInt8.self)
            index &+= 1
        }
    }
}
