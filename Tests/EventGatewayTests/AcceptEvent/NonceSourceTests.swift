import EventGateway
import Testing

@Suite struct NonceSourceTests {
    @Test func `nonces take both signs and hardly ever repeat`() {
        var source = NonceSource(seed: 42)
        let drawn = (0..<10_000).map { _ in source.next() }
        #expect(Set(drawn).count > 9_990)
        #expect((4_500...5_500).contains(drawn.count { $0 < 0 }))
    }

    @Test func `it is SplitMix64, cut to 32 bits`() {
        // First outputs for seed 1234567 of the public-domain reference by Sebastiano Vigna.
        var source = NonceSource(seed: 1_234_567)
        let expected: [UInt64] = [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]
        let drawn = expected.map { _ in source.next() }
        #expect(drawn == expected.map { Int32(truncatingIfNeeded: $0) })
    }
}
