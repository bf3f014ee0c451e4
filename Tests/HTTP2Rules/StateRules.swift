// RFC 9113 §5.1 as a table: a row for each frame, a column for each state of stream 1. Shared/HTTP2/README.md shows the same
// table to people.

extension Rules {
    /// A state of stream 1, and what brings it about.
    private struct State {
        let name: String
        let given: [[UInt8]]
        var answer = Rule.Answer.atOnce
    }

    private static let idle = State(name: "idle", given: [])
    private static let passedOver = State(name: "passed over", given: [Raw.headers(3)])
    private static let open = State(name: "open", given: [Raw.headers(1, Raw.post, end: false)], answer: .never)
    private static let halfClosedRemote = State(name: "half-closed (remote)", given: [Raw.headers(1)], answer: .never)
    private static let halfClosedLocal = State(
        name: "half-closed (local)", given: [Raw.headers(1, Raw.post, end: false), Raw.ping("answered")])
    private static let ended = State(name: "closed by both", given: [Raw.headers(1)])
    private static let resetByPeer = State(
        name: "closed by the client's reset", given: [Raw.headers(1, end: false), Raw.reset(1)])
    private static let abandoned = State(
        name: "closed by the client's reset behind END_STREAM", given: [Raw.headers(1), Raw.reset(1)], answer: .never)
    private static let resetByUs = State(
        name: "closed by our reset", given: [Raw.headers(1, Raw.request("GET", [("X", "1")]))])

    private static let connectionError = Rule.Verdict.connectionError(Code.protocolError)
    private static let streamError = Rule.Verdict.streamError(1, Code.protocolError)
    private static let connectionClosed = Rule.Verdict.connectionError(Code.streamClosed)
    private static let streamClosed = Rule.Verdict.streamError(1, Code.streamClosed)

    private static let table: [(frame: String, bytes: [UInt8], verdicts: [(State, Rule.Verdict)])] = [
        (
            "DATA", Raw.data(1, [1], end: false),
            [
                (idle, connectionError), (passedOver, connectionClosed), (open, .ignored),
                (halfClosedRemote, streamClosed), (halfClosedLocal, .ignored), (ended, connectionClosed),
                (resetByPeer, streamClosed), (abandoned, streamClosed), (resetByUs, .ignored),
            ]
        ),
        (
            "DATA with END_STREAM", Raw.data(1, [1]),
            [
                (idle, connectionError), (passedOver, connectionClosed), (open, .ignored),
                (halfClosedRemote, streamClosed), (halfClosedLocal, .ignored), (ended, connectionClosed),
                (resetByPeer, streamClosed), (abandoned, streamClosed), (resetByUs, .ignored),
            ]
        ),
        (
            "empty DATA", Raw.data(1, [], end: false),
            [
                (idle, connectionError), (passedOver, connectionClosed), (open, .ignored),
                (halfClosedRemote, streamClosed), (halfClosedLocal, .ignored), (ended, connectionClosed),
                (resetByPeer, streamClosed), (abandoned, streamClosed), (resetByUs, .ignored),
            ]
        ),
        (
            "HEADERS of a request", Raw.headers(1),
            [
                (idle, .served(1)), (passedOver, connectionError), (open, streamError),
                (halfClosedRemote, streamClosed), (halfClosedLocal, streamError), (ended, connectionClosed),
                (resetByPeer, streamClosed), (abandoned, streamClosed), (resetByUs, .ignored),
            ]
        ),
        (
            "HEADERS of trailers", Raw.headers(1, Raw.trailers),
            [
                (idle, streamError), (passedOver, connectionError), (open, .ignored),
                (halfClosedRemote, streamClosed), (halfClosedLocal, .ignored), (ended, connectionClosed),
                (resetByPeer, streamClosed), (abandoned, streamClosed), (resetByUs, .ignored),
            ]
        ),
        (
            "HEADERS of trailers without END_STREAM", Raw.headers(1, Raw.trailers, end: false),
            [
                (idle, streamError), (passedOver, connectionError), (open, streamError),
                (halfClosedRemote, streamClosed), (halfClosedLocal, streamError), (ended, connectionClosed),
                (resetByPeer, streamClosed), (abandoned, streamClosed), (resetByUs, .ignored),
            ]
        ),
        (
            "PRIORITY", Raw.priority(1),
            [
                (idle, .ignored), (passedOver, .ignored), (open, .ignored), (halfClosedRemote, .ignored),
                (halfClosedLocal, .ignored), (ended, .ignored), (resetByPeer, .ignored), (abandoned, .ignored),
                (resetByUs, .ignored),
            ]
        ),
        (
            "RST_STREAM", Raw.reset(1),
            [
                (idle, connectionError), (passedOver, .ignored), (open, .ignored), (halfClosedRemote, .ignored),
                (halfClosedLocal, .ignored), (ended, .ignored), (resetByPeer, .ignored), (abandoned, .ignored),
                (resetByUs, .ignored),
            ]
        ),
        (
            "PUSH_PROMISE", Raw.frame(5, flags: 4, stream: 1, [0, 0, 0, 2] + Raw.get),
            [
                (idle, connectionError), (passedOver, connectionError), (open, connectionError),
                (halfClosedRemote, connectionError), (halfClosedLocal, connectionError), (ended, connectionError),
                (resetByPeer, connectionError), (abandoned, connectionError), (resetByUs, connectionError),
            ]
        ),
        (
            "WINDOW_UPDATE", Raw.window(1, 1),
            [
                (idle, connectionError), (passedOver, .ignored), (open, .ignored), (halfClosedRemote, .ignored),
                (halfClosedLocal, .ignored), (ended, .ignored), (resetByPeer, .ignored), (abandoned, .ignored),
                (resetByUs, .ignored),
            ]
        ),
        (
            "WINDOW_UPDATE of 0", Raw.window(1, 0),
            [
                (idle, connectionError), (passedOver, streamError), (open, streamError),
                (halfClosedRemote, streamError), (halfClosedLocal, streamError), (ended, streamError),
                (resetByPeer, streamError), (abandoned, streamError), (resetByUs, streamError),
            ]
        ),
        (
            "CONTINUATION", Raw.continuation(1, Raw.trailers),
            [
                (idle, connectionError), (passedOver, connectionError), (open, connectionError),
                (halfClosedRemote, connectionError), (halfClosedLocal, connectionError), (ended, connectionError),
                (resetByPeer, connectionError), (abandoned, connectionError), (resetByUs, connectionError),
            ]
        ),
        (
            "an unknown frame", Raw.frame(0x16, stream: 1, [1]),
            [
                (idle, .ignored), (passedOver, .ignored), (open, .ignored), (halfClosedRemote, .ignored),
                (halfClosedLocal, .ignored), (ended, .ignored), (resetByPeer, .ignored), (abandoned, .ignored),
                (resetByUs, .ignored),
            ]
        ),
    ]

    /// §5.1
    package static let states: [Rule] =
        table.flatMap { (frame, bytes, verdicts) in
            verdicts.map { (state, verdict) in
                Rule("§5.1 \(state.name): \(frame)", given: state.given, bytes, is: verdict, answer: state.answer)
            }
        } + numbers

    private static let manyBegun = (0..<256).flatMap { Raw.headers(2 * $0 + 1, Raw.post, end: false) }

    private static let numbers: [Rule] = [
        Rule("§5.1 idle: PRIORITY, then HEADERS of a lower number", Raw.priority(3), Raw.headers(1), is: .served(1)),
        Rule(
            "§5.1 open, then both ends: DATA", given: [Raw.headers(1, Raw.post, end: false), Raw.data(1, [1])],
            Raw.data(1, [1]), is: connectionClosed),
        Rule(
            "§5.1 half-closed (remote) by trailers: DATA",
            given: [Raw.headers(1, Raw.post, end: false), Raw.headers(1, Raw.trailers)], Raw.data(1, [1]),
            is: streamClosed, answer: .never),
        Rule(
            "§5.1 half-closed (remote) by trailers: more trailers",
            given: [Raw.headers(1, Raw.post, end: false), Raw.headers(1, Raw.trailers)], Raw.headers(1, Raw.trailers),
            is: streamClosed, answer: .never),
        Rule("§5.1.1 an even number: HEADERS", Raw.headers(2), is: connectionError),
        Rule("§5.1.1 an even number: DATA", Raw.data(2, [1]), is: connectionError),
        Rule("§5.1.1 an even number: RST_STREAM", Raw.reset(2), is: connectionError),
        Rule("§5.1.1 an even number: WINDOW_UPDATE", Raw.window(2, 1), is: connectionError),
        Rule(
            "§5.1.1 an even number behind a request: HEADERS", given: [Raw.headers(3)], Raw.headers(2),
            is: connectionError),
        Rule("§5.1.1 a lower number", given: [Raw.headers(5)], Raw.headers(3), is: connectionError),
        Rule(
            "§5.1.1 a lower number, while the higher one is open", given: [Raw.headers(5, Raw.post, end: false)],
            Raw.headers(3), is: connectionError, answer: .never),
        Rule(
            "§5.1.1 a lower number behind a malformed request",
            given: [Raw.headers(5, Raw.request("GET", [("X", "1")]))],
            Raw.headers(3), is: connectionError),
        Rule("§5.1.1 numbers in order, with gaps", Raw.headers(1), Raw.headers(7), Raw.headers(9), is: .served(9)),
        Rule("§5.1.1 the last number", Raw.headers(0x7fff_ffff), is: .served(0x7fff_ffff)),
        Rule("§5.1.1 behind the last number", given: [Raw.headers(0x7fff_ffff)], Raw.headers(1), is: connectionError),
        Rule(
            "§5.1.2 a stream too many", given: [(0..<256).flatMap { Raw.headers(2 * $0 + 1) }], Raw.headers(513),
            is: .streamError(513, Code.refused), answer: .never),
        Rule(
            "§5.1.2 a stream too many, while requests are not complete", given: [manyBegun], Raw.headers(513),
            is: .streamError(513, Code.refused)),
        Rule(
            "§5.1.2 room again", given: [manyBegun, Raw.headers(513), Raw.reset(1)], Raw.headers(515), is: .served(515)),
        Rule(
            "§4.3 the block of a stream too many counts for the table",
            given: [manyBegun, Raw.headers(513, Raw.get + Raw.indexed("x-a", "b")), Raw.reset(1)],
            Raw.headers(515, Raw.get + [0xbe]), is: .served(515)),
        Rule(
            "RFC 7540 §5.3.1 HEADERS that depend on themselves",
            Raw.frame(1, flags: 0x25, stream: 1, [0, 0, 0, 1, 15] + Raw.get), is: streamError),
        Rule(
            "RFC 7540 §5.3.1 trailers that depend on themselves", given: [Raw.headers(1, Raw.post, end: false)],
            Raw.frame(1, flags: 0x25, stream: 1, [0, 0, 0, 1, 15] + Raw.trailers), is: streamError),
        Rule("RFC 7540 §5.3.1 PRIORITY that depends on itself", Raw.priority(1, dependsOn: 1), is: connectionError),
        Rule(
            "RFC 7540 §5.3.1 PRIORITY of an open stream that depends on itself",
            given: [Raw.headers(1, Raw.post, end: false)], Raw.priority(1, dependsOn: 1), is: connectionError),
    ]
}
