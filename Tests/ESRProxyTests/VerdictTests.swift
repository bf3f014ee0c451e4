import ESRProxy
import GRPC
import Testing

@Suite struct VerdictTests {
    @Test func `a count that the control plane has, now or before, is stored`() {
        #expect([nil, .ok, .alreadyExists].map { Verdict($0) } == [.stored, .stored, .stored])
    }

    @Test(arguments: [StatusCode.invalidArgument, .notFound, .failedPrecondition, .outOfRange])
    func `what is wrong with a count itself does not pass`(_ code: StatusCode) { #expect(Verdict(code) == .refused) }

    @Test(arguments: [
        StatusCode.unavailable, .unauthenticated, .permissionDenied, .deadlineExceeded, .unimplemented, .internal,
        .unknown, .resourceExhausted, .aborted, .cancelled, .dataLoss,
    ])
    func `everything else is waited for`(_ code: StatusCode) { #expect(Verdict(code) == .waits) }
}
