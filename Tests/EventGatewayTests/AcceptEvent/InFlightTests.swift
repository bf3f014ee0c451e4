import EventGateway
import Testing

@Suite struct InFlightTests {
    @Test func `the bound on events holds and settling makes room`() {
        var flight = InFlight(maximumEvents: 2, maximumBytes: 1000)
        let first = [flight.admit(size: 10), flight.admit(size: 10), flight.admit(size: 10)]
        #expect(first == [true, true, false])
        #expect(flight.events == 2)
        flight.settle(events: 1, bytes: 10)
        let room = flight.admit(size: 10)
        #expect(room)
    }

    @Test func `the bound on bytes holds, but one event always fits`() {
        var flight = InFlight(maximumEvents: 10, maximumBytes: 100)
        let first = [flight.admit(size: 500), flight.admit(size: 1)]
        #expect(first == [true, false])
        flight.settle(events: 1, bytes: 500)
        let then = [flight.admit(size: 60), flight.admit(size: 60)]
        #expect(then == [true, false])
        #expect(flight.bytes == 60)
    }

    @Test func `settling what was never admitted traps`() async {
        await #expect(processExitsWith: .failure) {
            var flight = InFlight(maximumEvents: 1, maximumBytes: 1)
            flight.settle(events: 1, bytes: 0)
        }
    }
}
