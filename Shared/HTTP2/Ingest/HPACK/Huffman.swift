import Bytes

// RFC 7541 §5.2 and appendix B. The code is canonical: codes of one length are consecutive and in the order of their symbols, and
// each length begins where the one before ends. So the lengths alone say everything.
//
// Decoding looks at the next 12 bits in a table that names one or two symbols at once (those of headers have 5 to 8 bits); the
// rare longer codes are found by comparing with the first code of each length.

/// The fixed Huffman code of HPACK.
struct Huffman: Sendable {
    /// What the next 12 bits say: first symbol, second symbol, bits of both, bits of the first, number of symbols (0: a longer code).
    private struct Step {
        let first: UInt8
        let second: UInt8
        let lengths: UInt8
        let count: UInt8

        var bits: Int { Int(lengths & 0x0F) }
        var firstBits: Int { Int(lengths &>> 4) }
    }

    private static let stepBits = 12
    /// End of string: 30 ones. Its beginning pads the last byte; the whole of it may not appear.
    private static let endOfString = 256

    /// Bits of the code of each byte, then of the end of string.
    static let lengths: [UInt8] = [
        13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28,
        28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
        6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6,
        5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
        13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
        7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
        15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5,
        6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
        20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,
        24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
        22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23,
        21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
        26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,
        19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
        20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,
        26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
        30,
    ]

    private nonisolated(unsafe) let steps: UnsafePointer<Step>  // made once, never changed or freed
    /// For each length its first code, the number of codes, and where its symbols begin in `symbols`.
    // These two, too, are made once, and never changed or freed.
    private nonisolated(unsafe) let ranges: UnsafePointer<(first: UInt32, count: UInt32, start: Int)>
    private nonisolated(unsafe) let symbols: UnsafePointer<UInt16>

    /// The one instance.
    static let code = Huffman()

    private init() {
        let ordered = (0...Self.endOfString).sorted { (Self.lengths[$0], $0) < (Self.lengths[$1], $1) }
        let symbols = UnsafeMutablePointer<UInt16>.allocate(capacity: ordered.count)
        let ranges = UnsafeMutablePointer<(first: UInt32, count: UInt32, start: Int)>.allocate(capacity: 31)
        ranges.initialize(repeating: (0, 0, 0), count: 31)
        var codes = [UInt32](repeating: 0, count: ordered.count)
        var code: UInt32 = 0
        var length: UInt8 = 5
        for (place, symbol) in ordered.enumerated() {
            code &<<= UInt32(Self.lengths[symbol] - length)
            length = Self.lengths[symbol]
            if ranges[Int(length)].count == 0 { ranges[Int(length)] = (code, 0, place) }
            ranges[Int(length)].count += 1
            symbols[place] = UInt16(symbol)
            codes[symbol] = code
            code += 1
        }
        // A code of n bits stands at every place that begins with it.
        let size = 1 << Self.stepBits
        var single = [(symbol: Int, bits: Int)](repeating: (0, 0), count: size)
        for symbol in 0..<Self.endOfString where Int(Self.lengths[symbol]) <= Self.stepBits {
            let free = Self.stepBits - Int(Self.lengths[symbol])
            for rest in 0..<(1 << free) {
                single[Int(codes[symbol]) << free | rest] = (symbol, Int(Self.lengths[symbol]))
            }
        }
        let steps = UnsafeMutablePointer<Step>.allocate(capacity: size)
        for bits in 0..<size {
            let one = single[bits]
            let two = single[(bits << one.bits) & (size - 1)]
            let hasTwo = one.bits > 0 && two.bits > 0 && one.bits + two.bits <= Self.stepBits
            let sum = hasTwo ? one.bits + two.bits : one.bits
            (steps + bits).initialize(
                to: Step(
                    first: UInt8(one.symbol), second: hasTwo ? UInt8(two.symbol) : 0,
                    lengths: UInt8(one.bits << 4 | sum), count: one.bits == 0 ? 0 : hasTwo ? 2 : 1))
        }
        self.steps = UnsafePointer(steps)
        self.ranges = UnsafePointer(ranges)
        self.symbols = UnsafePointer(symbols)
    }

    /// The most bytes that so many coded ones can mean: the shortest code has five bits.
    static func decodedBound(_ coded: Int) -> Int { coded &* 8 / 5 &+ 1 }

    /// Appends what the coded bytes mean.
    ///
    /// - Throws: When they hold the end of string, or end with more than 7 bits of padding, or with padding other than ones.
    func decode(_ coded: UnsafeRawBufferPointer, into text: inout OutputBuffer) throws(Violation) {
        guard let base = coded.baseAddress else { return }
        try text.appendRaw(room: Self.decodedBound(coded.count) &+ 2) { room throws(Violation) in
            let count = decode(base, coded.count, into: room.baseAddress!)  // the room is never empty
            if count < 0 { throw .connection(.compressionError) }
            return count
        }
    }

    /// How many bytes were written; -1 when the code is broken. `output` has room for the bound and two bytes more.
    private func decode(_ base: UnsafeRawPointer, _ count: Int, into output: UnsafeMutableRawPointer) -> Int {
        var window: UInt64 = 0  // the next bits, the first one on top
        var held = 0  // how many of them are valid
        var cursor = 0
        var written = 0
        while true {
            if cursor &+ 8 <= count {
                // Fills up to at least 56 bits. Bits above `held` that are loaded twice are the same bits.
                window |=
                    UInt64(bigEndian: base.loadUnaligned(fromByteOffset: cursor, as: UInt64.self)) &>> UInt64(held)
                cursor &+= (63 &- held) &>> 3
                held |= 56
            } else {
                while held <= 56, cursor < count {
                    window |= UInt64(base.load(fromByteOffset: cursor, as: UInt8.self)) &<< UInt64(56 &- held)
                    cursor &+= 1
                    held &+= 8
                }
                if cursor == count, held < 32 { break }
            }
            while held >= 30 {
                let step = steps[Int(truncatingIfNeeded: window &>> UInt64(64 &- Self.stepBits))]
                if step.count == 0 {
                    guard let (symbol, bits) = longCode(window), symbol != Self.endOfString else { return -1 }
                    output.storeBytes(of: UInt8(truncatingIfNeeded: symbol), toByteOffset: written, as: UInt8.self)
                    written &+= 1
                    window &<<= UInt64(bits)
                    held &-= bits
                    continue
                }
                output.storeBytes(of: step.first, toByteOffset: written, as: UInt8.self)
                output.storeBytes(of: step.second, toByteOffset: written &+ 1, as: UInt8.self)
                written &+= Int(step.count)
                window &<<= UInt64(step.bits)
                held &-= step.bits
            }
        }
        return finish(window, held, output, written)
    }

    /// The last bits, one symbol at a time, then the padding.
    private func finish(_ last: UInt64, _ count: Int, _ output: UnsafeMutableRawPointer, _ start: Int) -> Int {
        var (held, written) = (count, start)
        // Behind the end stand ones, as if the padding went on: no code is taken for whole that is not.
        var window = held == 0 ? .max : last | (.max &>> UInt64(held))
        while held > 0 {
            let step = steps[Int(truncatingIfNeeded: window &>> UInt64(64 &- Self.stepBits))]
            var (symbol, bits) = (Int(step.first), step.firstBits)
            if step.count == 0 {
                guard let found = longCode(window) else { return -1 }
                (symbol, bits) = found
            }
            guard bits <= held else { break }
            if symbol == Self.endOfString { return -1 }
            output.storeBytes(of: UInt8(truncatingIfNeeded: symbol), toByteOffset: written, as: UInt8.self)
            written &+= 1
            window = window &<< UInt64(bits) | ((1 &<< UInt64(bits)) &- 1)
            held &-= bits
        }
        // §5.2: fewer than eight bits, all of them ones.
        guard held < 8, held == 0 || window &>> UInt64(64 &- held) == (1 &<< UInt64(held)) &- 1 else { return -1 }
        return written
    }

    /// A code of more than 12 bits at the top of the window.
    private func longCode(_ window: UInt64) -> (symbol: Int, bits: Int)? {
        for bits in (Self.stepBits + 1)...30 {
            let range = ranges[bits]
            let code = UInt32(truncatingIfNeeded: window &>> UInt64(64 &- bits))
            if range.count > 0, code >= range.first, code &- range.first < range.count {
                return (Int(symbols[range.start &+ Int(code &- range.first)]), bits)
            }
        }
        return nil
    }
}
