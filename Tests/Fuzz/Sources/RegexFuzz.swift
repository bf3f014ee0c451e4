internal import Regex

/// A contract's pattern against a value: it compiles or is refused, and a search ends, always with the same answer.
enum RegexFuzz {
    static func run(_ bytes: UnsafeRawBufferPointer) throws(BrokenInvariant) {
        var input = FuzzInput(bytes)
        let text = input.take(input.below(4096))
        let pattern = String(decoding: input.rest, as: UTF8.self)
        guard let compiled = outcome({ () throws(RegexError) in try Pattern(pattern) }).value else { return }
        guard let matcher = outcome({ () throws(RegexError) in try PatternMatcher() }).value else {
            throw BrokenInvariant(description: "there is memory")
        }
        // The walk over an event has refused what is not UTF-8.
        let value = Array(String(decoding: text, as: UTF8.self).utf8)
        let one = value.withUnsafeBytes { matcher.find(compiled, in: $0) }
        let two = value.withUnsafeBytes { matcher.find(compiled, in: $0) }
        try require(one == two, "a search is repeatable")
    }
}
