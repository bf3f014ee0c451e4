import Testing
import Time
import Tokens

@Suite struct KeySetRefreshTests {
    @Test func `the first fetch is due at once, the next ten minutes after a success`() {
        var refresh = KeySetRefresh()
        #expect(refresh.due == .zero)
        refresh.started(at: .seconds(5))
        #expect(refresh.due == nil)
        refresh.succeeded(at: .seconds(6))
        #expect(refresh.due == .seconds(606))
    }

    @Test func `failures wait twice as long each, up to a limit, with jitter`() {
        var refresh = KeySetRefresh()
        var waits: [Duration] = []
        for _ in 0..<9 {
            refresh.started(at: .zero)
            waits.append(refresh.failed(at: .zero, random: 1))
        }
        #expect(
            waits
                == [.milliseconds(250), .milliseconds(500)] + [1, 2, 4, 8, 16, 20, 20].map { .seconds($0) })
        refresh.started(at: .zero)
        #expect(refresh.failed(at: .seconds(100), random: 0) == .seconds(10))
        #expect(refresh.due == .seconds(110))
        refresh.started(at: .zero)
        refresh.succeeded(at: .zero)
        refresh.started(at: .zero)
        #expect(refresh.failed(at: .zero, random: 1) == .milliseconds(250))
    }

    @Test func `an unknown key asks for a fetch, but strangers cannot make us ask without pause`() {
        var refresh = KeySetRefresh()
        refresh.started(at: .seconds(100))
        refresh.succeeded(at: .seconds(101))
        refresh.unknownKey()
        #expect(refresh.due == .seconds(105))
        refresh.started(at: .seconds(105))
        refresh.unknownKey()
        #expect(refresh.due == nil)
        refresh.succeeded(at: .seconds(106))
        #expect(refresh.due == .seconds(110))
        refresh.started(at: .seconds(200))
        refresh.succeeded(at: .seconds(200))
        #expect(refresh.due == .seconds(800))
    }

    @Test func `an unknown key does not shorten the wait after a failure`() {
        var refresh = KeySetRefresh()
        for _ in 0..<10 {
            refresh.started(at: .zero)
            refresh.failed(at: .zero, random: 1)
        }
        refresh.unknownKey()
        #expect(refresh.due == .seconds(20))
    }
}
