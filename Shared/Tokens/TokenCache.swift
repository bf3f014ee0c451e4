/// Verified tokens by their bytes: a table of small sets, each of which forgets what was not used longest.
///
/// The hash covers the last 32 bytes and the length only. These are bytes of a signature, which nobody can choose, and only
/// verified tokens are kept; so neither chance nor malice fills one set.
struct TokenCache: ~Copyable {
    private struct Entry {
        var hash: UInt64
        var bytes: UnsafeMutableRawBufferPointer
        var token: VerifiedToken
        var lastUse: UInt64
    }

    private static let ways = 4
    private let setMask: Int
    // Owned by this value: allocated in init, freed in deinit.
    private let entries: UnsafeMutablePointer<Entry?>
    private let entryCount: Int
    private var uses: UInt64 = 0
    private(set) var count = 0

    /// - Parameter capacity: At least this many entries; rounded up to a power of two.
    init(capacity: Int) {
        var sets = 1
        while sets * Self.ways < capacity { sets *= 2 }
        setMask = sets - 1
        entryCount = sets * Self.ways
        entries = .allocate(capacity: entryCount)
        entries.initialize(repeating: nil, count: entryCount)
    }

    deinit {
        for index in 0..<entryCount { entries[index]?.bytes.deallocate() }
        entries.deinitialize(count: entryCount)
        entries.deallocate()
    }

    static func hash(_ token: UnsafeRawBufferPointer) -> UInt64 {
        var hash = UInt64(truncatingIfNeeded: token.count) &* 0x9E37_79B9_7F4A_7C15
        var index = max(0, token.count &- 32)
        while index &+ 8 <= token.count {
            hash = (hash ^ token.loadUnaligned(fromByteOffset: index, as: UInt64.self)) &* 0xBF58_476D_1CE4_E5B9
            hash ^= hash &>> 29
            index &+= 8
        }
        return hash ^ (hash &>> 32)
    }

    mutating func find(_ token: UnsafeRawBufferPointer, _ hash: UInt64) -> VerifiedToken? {
        let start = (Int(truncatingIfNeeded: hash) & setMask) &* Self.ways
        for index in start..<start &+ Self.ways {
            guard let entry = entries[index], entry.hash == hash, Self.equal(entry.bytes, token) else { continue }
            uses &+= 1
            entries[index]!.lastUse = uses  // not nil: checked two lines above
            return entry.token
        }
        return nil
    }

    mutating func insert(_ verified: VerifiedToken, _ token: UnsafeRawBufferPointer, _ hash: UInt64) {
        let start = (Int(truncatingIfNeeded: hash) & setMask) &* Self.ways
        var victim = start
        for index in start..<start &+ Self.ways {
            guard let entry = entries[index] else {
                victim = index
                break
            }
            if entry.lastUse < entries[victim]?.lastUse ?? 0 { victim = index }
        }
        if let old = entries[victim] { old.bytes.deallocate() } else { count += 1 }
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: token.count, alignment: 8)
        bytes.copyMemory(from: token)
        uses &+= 1
        entries[victim] = Entry(hash: hash, bytes: bytes, token: verified, lastUse: uses)
    }

    mutating func removeAll() {
        for index in 0..<entryCount {
            entries[index]?.bytes.deallocate()
            entries[index] = nil
        }
        count = 0
    }

    /// Not constant-time on purpose: what is compared with was sent by the same kind of stranger and is no secret of ours;
    /// a guess that matches a prefix still is not a signature.
    private static func equal(_ left: UnsafeMutableRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool {
        guard left.count == right.count else { return false }
        var index = 0
        while index &+ 8 <= left.count {
            let a = left.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            let b = right.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            guard a == b else { return false }
            index &+= 8
        }
        while index < left.count {
            guard left[index] == right[index] else { return false }
            index &+= 1
        }
        return true
    }
}
