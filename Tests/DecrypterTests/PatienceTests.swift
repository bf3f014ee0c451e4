import Decrypter
import Testing
import Time

@Suite struct PatienceTests {
    static let start = Timestamp(milliseconds: 1_767_225_600_000)

    /// Whether it gives up, `seconds` after the start, while the log ends at `end`.
    static func givesUp(_ patience: inout Patience, _ offset: Int64, _ seconds: Int, end: Int64 = 100) -> Bool {
        patience.givesUp(offset: offset, now: start + .seconds(seconds)) { end }
    }

    @Test func `an event is given up 30 seconds after the first look, not before`() {
        var patience = Patience()
        #expect(!Self.givesUp(&patience, 7, 0))
        #expect(!Self.givesUp(&patience, 7, 29))
        #expect(Self.givesUp(&patience, 7, 30))
    }

    @Test func `events that were in the log all the while are not waited for again`() {
        var patience = Patience()
        #expect(!Self.givesUp(&patience, 7, 0, end: 50))
        #expect(Self.givesUp(&patience, 7, 30, end: 60))
        #expect(Self.givesUp(&patience, 8, 30, end: 60))
        #expect(Self.givesUp(&patience, 49, 31, end: 60))
        #expect(!Self.givesUp(&patience, 50, 31, end: 60))
        #expect(!Self.givesUp(&patience, 50, 60, end: 60))
        #expect(Self.givesUp(&patience, 50, 61, end: 60))
    }

    @Test func `what turned up in time ends the wait`() {
        var patience = Patience()
        #expect(!Self.givesUp(&patience, 7, 0))
        #expect(!Self.givesUp(&patience, 9, 40))
        #expect(!Self.givesUp(&patience, 9, 69))
        #expect(Self.givesUp(&patience, 9, 70))
    }

    @Test func `a clock that is set back lengthens the wait and breaks nothing`() {
        var patience = Patience()
        #expect(!Self.givesUp(&patience, 7, 0))
        #expect(!Self.givesUp(&patience, 7, -3600))
        #expect(Self.givesUp(&patience, 7, 31))
    }
}
