import Regex
import Testing

@Suite struct PatternTests {
    private static let url =
        #"^(https?|ftp|file)://[-a-zA-Z0-9+&@#/%?=~_|!:,.;]*[-a-zA-Z0-9+&@#/%=~_|]"#

    @Test(arguments: [
        ("^.+$", "x", true), ("^.+$", "", false), ("^.+$", "é€😀", true), ("^.+$", "a\nb", false),
        ("^.+$", "a\rb", false),
        ("^.+$", "a\u{2028}b", false), ("^.+$", "a\n", true), (url, "https://polder.example/a?b=c#d", true),
        (url, "http://x", true), (url, "gopher://x", false), (url, "see https://x", false), ("b", "abc", true),
        ("^b", "abc", false), (#"\d{4}"#, "a 2026", true), (#"^\d+$"#, "٣", false), (#"\bfoo\b"#, "a foo b", true),
        (#"^\u00e9$"#, "é", true), (#"^\uD83D\uDE00$"#, "😀", true), (#"\Q.+\E"#, "x.+y", true),
        (#"\Qa\u0041"#, "a\\u0041", true),
        (#"^\p{L}+$"#, "äÖß", true), (#"^\p{Lu}"#, "Äa", true), ("(?i)^abc$", "ABC", true),
        ("^(?<n>a)\\k<n>$", "aa", true),
        ("a++b", "aaab", true), (#"^[^\s&]+$"#, "a&b", false), (#"[(*]"#, "*", true), (#"\(*x"#, "x", true),
        ("^(?:(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)(?:\\.|$)){4}$", "192.168.0.1", true),
        ("(?=.*[A-Z])(?=.*\\d)", "aB3", true), (#"\x{1F600}"#, "😀", true), ("", "", true),
    ])
    func `patterns find what Java's would`(pattern: String, text: String, isFound: Bool) throws {
        #expect(try find(pattern, text) == (isFound ? .found : .notFound))
    }

    @Test(arguments: [
        ("(", 1), ("a)", 1), ("[a", 2), ("*a", 0), ("a{2,1}", 5), ("(?<n", 4), (#"é\p{javaLowerCase}"#, 19), ("\\", 1),
        (#"\u12"#, 0), (#"\ud800"#, 0), (#"\u0041("#, 7),
    ])
    func `a bad pattern is refused with its place`(pattern: String, offset: Int) {
        #expect {
            try Pattern(pattern)
        } throws: { error in
            guard case RegexError.invalidPattern(let found, let reason) = error else { return false }
            return found == offset && !reason.isEmpty
        }
    }

    @Test(arguments: [
        ("[a-z&&[^b]]", 4), ("(*UTF)a", 0), ("(*LIMIT_MATCH=99999999)a", 0), ("[]a]", 1), ("[^]a]", 2), ("[a[b]]", 2),
    ])
    func `what means something else in Java is refused`(pattern: String, offset: Int) {
        #expect {
            try Pattern(pattern)
        } throws: { error in
            guard case RegexError.unsupported(let found, _) = error else { return false }
            return found == offset
        }
    }

    @Test func `a pattern that is too long or too nested is refused`() {
        #expect(throws: RegexError.tooLong(limit: 8192)) { try Pattern(String(repeating: "a", count: 8193)) }
        #expect(throws: RegexError.self) {
            try Pattern(String(repeating: "(", count: 101) + String(repeating: ")", count: 101))
        }
        // Small to write, huge to compile.
        #expect(throws: RegexError.self) { try Pattern("((a{1,999}){1,999}){1,999}") }
        #expect(throws: RegexError.self) { try Pattern(#"\C"#) }
    }

    @Test(arguments: [
        "^(a+)+$", "(a|aa)+$", "^(a|a?)+$", "(.*)*x$", "^(([a-z])+.)+[A-Z]([a-z])+$", "(a*)*b", "(x+x+)+y", ".*.*.*.*=",
        "^(.|a)*b$", "a.*b", ".*.*b", "(?:.*a){12}b", "a*a*a*a*a*b", "(a?){40}a{40}b", "(?R)?x", "(a(?1)?b)x|a+c",
        "a*a*a*a*a*[bc]", "^a*a*a*a*a*[bc]", "[ab]*[ac]*[ad]*[ae]*[bc]", ".*.*.*[bc]$", "(?s).*.*.*[bc]$",
        "(?:a|b)*[cd]", "(?:a*a)*[cd]", "a+?a+?a+?[cd]", "(?=a*[bc])x|[de]",
    ])
    func `a pattern that backtracks is stopped`(pattern: String) throws {
        let matcher = try PatternMatcher()
        let pattern = try Pattern(pattern)
        for count in [30, 1000, 16_000, 1_000_000] {
            let text = [UInt8](repeating: UInt8(ascii: "a"), count: count) + [UInt8(ascii: "!")]
            let clock = ContinuousClock()
            let start = clock.now
            let outcome = text.withUnsafeBytes { matcher.find(pattern, in: $0) }
            #expect(outcome != .found)
            // A bound, not a speed: without limits these take years.
            #expect(clock.now - start < .seconds(10), "\(pattern.text) \(count)")
        }
    }

    @Test func `a text beyond the limit fails the rule`() throws {
        #expect(try find("a", String(repeating: "a", count: PatternMatcher.textLimit)) == .found)
        #expect(try find("a", String(repeating: "a", count: PatternMatcher.textLimit + 1)) == .tooCostly)
        let short = String(repeating: "a", count: PatternMatcher.backreferenceTextLimit - 1)
        #expect(try find(#"(b)\1$"#, short + "b") == .notFound)
        #expect(try find(#"^(a)\1"#, short) == .found)
        #expect(try find(#"^(a)\1"#, short + "aa") == .tooCostly)
    }

    @Test(arguments: [16, 1000, 20_000, 100_000, 1 << 20])
    func `what an ordinary pattern says about a long text is the truth`(count: Int) throws {
        let words = String(String(repeating: "some words, ", count: count / 12 + 1).prefix(count))
        let letters = String(repeating: "x", count: count)
        let last = letters.dropLast(5)
        for (pattern, text, isFound) in [
            ("^.+$", letters, true), ("^[a-z]+$", letters, true), ("^[a-z]+$", letters.dropLast() + "!", false),
            (#"^\S+@\S+$"#, last + "@xxxx", true), (#"^\S+@\S+$"#, letters, false), ("^[a-z ,]{1,}$", words, true),
            ("^(?:[a-z]+[, ]+)*[a-z, ]*$", words, true), ("[0-9]{5}", letters, false),
            ("[0-9]{5}", last + "12345", true), ("x$", letters, true), ("(?i)X{3}", letters, true),
            (#"^\P{Cc}*$"#, words, true),
            ("^(?=.*[0-9])(?=.*[a-z]).+$", last + "1xxxx", true), ("é$", last + "éé", true), ("^.{3,}$", letters, true),
            ("a.*b", letters, false), ("(x|y)+$", letters, true), (".*.*=", letters, false),
        ] as [(String, String, Bool)] {
            #expect(try find(pattern, text) == (isFound ? .found : .notFound), "\(pattern) in \(count)")
        }
    }

    @Test func `one pattern serves many loops at once`() async throws {
        let pattern = try Pattern(Self.url)
        let counts = try await withThrowingTaskGroup(of: Int.self) { group in
            for task in 0..<8 {
                group.addTask {
                    let matcher = try PatternMatcher()
                    let text = Array("https://example.org/\(task)".utf8)
                    return (0..<2000).count { _ in text.withUnsafeBytes { matcher.find(pattern, in: $0) } == .found }
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(counts == Array(repeating: 2000, count: 8))
    }

    private func find(_ pattern: String, _ text: String) throws -> PatternMatcher.Outcome {
        let matcher = try PatternMatcher()
        let pattern = try Pattern(pattern)
        return Array(text.utf8).withUnsafeBytes { matcher.find(pattern, in: $0) }
    }
}
