import EventGateway
import Testing

@Suite struct LineThrottleTests {
    @Test func `one line passes per interval and tells how many did not`() {
        var throttle = LineThrottle(seconds: 1)
        let answers = [0, 1, 999_999_999, 1_000_000_000, 1_000_000_001, 5_000_000_000].map { throttle.ask(now: $0) }
        #expect(answers == [0, nil, nil, 2, nil, 1])
    }
}
