/// Draws the `nonce` of events: SplitMix64, seeded once per loop from the kernel.
///
/// The nonce tells duplicates apart; it protects nothing and may be guessed. So a generator that costs a nanosecond
/// is right, and asking the kernel for each event would be waste.
package struct NonceSource: Sendable {
    private var state: UInt64

    /// A source that continues from `seed`; the same seed gives the same numbers.
    package init(seed: UInt64) { state = seed }

    /// The next nonce, any of the 2³² values with equal chance.
    package mutating func next() -> Int32 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return Int32(truncatingIfNeeded: z ^ (z >> 31))
    }
}
