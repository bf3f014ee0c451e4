import Faults
import Testing

private enum PumpError: Fault {
    case dry
    case seized

    var blame: Blame { self == .dry ? .upstream : .us }
    var retry: Retry { self == .dry ? .afterBackoff : .never }
}

@Suite struct FaultTests {
    @Test func `whoever handles any fault can ask whose it is and whether to try again`() {
        let faults: [any Fault] = [PumpError.dry, PumpError.seized]
        #expect(faults.map(\.blame) == [.upstream, .us])
        #expect(faults.map(\.retry) == [.afterBackoff, .never])
    }
}
