internal import HTTP2
internal import SessionJudge

/// The ingest door's HTTP/2 session and libnghttp2's see the same bytes and come to the same outcome, or part where a rule of the RFC
/// lets them: see `AllowedDifference`.
enum HTTP2DifferentialFuzz {
    static func run(_ bytes: UnsafeRawBufferPointer) throws(BrokenInvariant) {
        var input = FuzzInput(bytes)
        let limits = HTTP2ServerLimits.small(from: &input)
        let cuts = input.cuts()
        let stream = Self.stream(from: &input)
        do throws(UnexplainedDifference) {
            try SessionJudge.compare(stream, cuts: cuts.lengths, limits: limits)
        } catch {
            throw BrokenInvariant(description: "both sessions come to the same outcome: \(error)")
        }
    }

    /// The input as it is, as frames in short form, or as the choices of a maker of conversations. Small numbers mean the short form,
    /// so that inputs of the other HTTP/2 targets serve here as well.
    private static func stream(from input: inout FuzzInput) -> [UInt8] {
        let form = input.below(16)
        if form < 11 { return HTTP2Stream.make(from: &input) }
        var maker = ConversationMaker(ChoicesThenNoise(choices: input.rest))
        switch form {
        case 11: return maker.frames()
        case 12: return maker.mutated(maker.frames())
        case 13: return maker.legal()
        case 14: return maker.mutated(maker.legal())
        case _: return [UInt8](input.rest)
        }
    }
}

/// An input's bytes as random numbers, so that a mutation of one byte changes one choice; when they are used up, the same noise for
/// every input.
private struct ChoicesThenNoise: RandomNumberGenerator {
    let choices: UnsafeRawBufferPointer
    private var place = 0
    private var noise: UInt64 = 0

    init(choices: UnsafeRawBufferPointer) { self.choices = choices }

    mutating func next() -> UInt64 {
        if place < choices.count {
            defer { place += 1 }
            // Numbers below a bound come from the upper bits.
            return UInt64(choices[place]) << 56 | 1 << 55
        }
        noise &+= 0x9E37_79B9_7F4A_7C15  // SplitMix64
        var value = (noise ^ noise >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }
}
