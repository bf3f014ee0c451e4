import Privacy
import Testing
import Time

@Suite struct KeyWindowTests {
    static let noon = Timestamp(milliseconds: 1_767_268_800_000)

    @Test func `a window lasts 24 hours from the key's creation`() {
        let window = KeyWindow(start: Self.noon)
        #expect(window.isOpen(at: Self.noon))
        #expect(window.isOpen(at: Self.noon + .hours(24) - .milliseconds(1)))
        #expect(!window.isOpen(at: Self.noon + .hours(24)))
    }

    @Test func `a clock that was set back keeps the key`() {
        #expect(KeyWindow(start: Self.noon).isOpen(at: Self.noon - .hours(1)))
    }
}
