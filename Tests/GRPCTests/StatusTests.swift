import GRPC
import TestKit
import Testing

@Suite struct StatusTests {
    @Test func `codes are those of grpcio`() async throws {
        let script = "import grpc; print('\\n'.join(f'{code.value[0]} {code.name}' for code in grpc.StatusCode))"
        let theirs = try await Strangers.runPython(script).output.split(separator: "\n").map(String.init)
        #expect(StatusCode.allCases.map { "\($0.rawValue) \($0.name)" } == theirs)
    }

    @Test(
        arguments: [
            ("0", StatusCode.ok), ("16", .unauthenticated), ("17", .unknown), ("x", nil), ("-1", nil), ("", nil),
        ] as [(String, StatusCode?)])
    func `a number that nobody defined is unknown`(_ text: String, _ code: StatusCode?) {
        #expect(StatusCode(text: text) == code)
    }

    @Test(arguments: [
        ("plain text", "plain text"), ("100 %", "100 %25"), ("één\n", "%C3%A9%C3%A9n%0A"), ("", ""),
        ("\u{7F}~", "%7F~"), ("🚲", "%F0%9F%9A%B2"),
    ])
    func `messages are percent-encoded`(_ text: String, _ value: String) {
        #expect(StatusMessage.encode(text) == value)
        #expect(StatusMessage.decode(value) == text)
    }

    @Test func `a long message is cut between two characters`() {
        let whole = String(repeating: "x", count: 4096)
        #expect(StatusMessage.encode(whole) == whole)
        #expect(StatusMessage.encode(whole + "y") == String(repeating: "x", count: 4093) + "...")
        let cut = StatusMessage.encode(String(repeating: "🚲", count: 1000))
        #expect(cut.utf8.count == 4092 + 3)
        #expect(StatusMessage.decode(cut) == String(repeating: "🚲", count: 341) + "...")
    }

    @Test func `what is badly encoded is left as it is`() {
        #expect(StatusMessage.decode("50% of %zz%4") == "50% of %zz%4")
        #expect(StatusMessage.decode("%41%62") == "Ab")
    }
}

@Suite struct MetadataTextTests {
    @Test(arguments: [
        ("1n", Duration.nanoseconds(1)), ("99999999n", .nanoseconds(99_999_999)), ("250m", .milliseconds(250)),
        ("1u", .microseconds(1)), ("30S", .seconds(30)), ("5M", .seconds(300)), ("2H", .seconds(7200)),
        ("0S", .zero), ("99999999H", .seconds(99_999_999 * 3600)),
    ])
    func `timeouts are read`(_ text: String, _ duration: Duration) {
        #expect(TimeoutText.decode(text) == duration)
    }

    @Test(arguments: ["", "S", "5", "123456789S", "-1S", "1.5S", "1s", "+1S", "1 S", "५S"])
    func `what is no timeout is refused`(_ text: String) {
        #expect(TimeoutText.decode(text) == nil)
    }

    @Test(arguments: [
        (Duration.nanoseconds(1), "1n"), (.milliseconds(99), "99000000n"), (.milliseconds(100), "100000u"),
        (.seconds(30), "30000000u"), (.seconds(100), "100000m"), (.seconds(100_000), "100000S"),
        (.seconds(100_000_000), "1666667M"), (.seconds(Int64.max), "99999999H"), (.zero, "0n"), (.seconds(-1), "0n"),
    ])
    func `timeouts are written in the finest unit with room for them, never shorter`(
        _ duration: Duration, _ text: String
    ) {
        #expect(TimeoutText.encode(duration) == text)
    }

    @Test func `binary metadata is read with padding and without`() {
        #expect(BinaryMetadata.encode([0xFF]) == "/w")
        for text in ["/w", "/w=="] { #expect(BinaryMetadata.decode(text) == [0xFF]) }
        #expect(BinaryMetadata.decode("") == [])
        for text in ["/", "/w=", "_w", "/w===", "a b="] { #expect(BinaryMetadata.decode(text) == nil) }
    }
}
