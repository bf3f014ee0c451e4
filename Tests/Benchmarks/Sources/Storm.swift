import HTTP
import HTTP2
import System
import TLS
import Time

/// Sends the events 0 ..< count, each a function of its number, and writes down which of them got no 204.
///
/// A server that dies under it is dialled again; what was under way then is unacknowledged and is not sent again, so that every
/// event has been sent at most once. `Tests/Strangers/judge.py` knows the same function and judges what was stored.
///
/// With `--until FILE` it ends before the count is reached: when that file is there.
struct Storm {
    private let load: Load
    private let count: Int
    private let unacknowledgedFile: String
    private let endFile: String?

    /// How long a server may be away, in seconds.
    private static let patience = 120

    /// Options of `Load`, and `--count`, `--unacknowledged`. With `--target FILE` the server may move while it is away.
    init(_ arguments: [String]) throws {
        load = try Load(arguments)
        func value(_ name: String) throws -> String {
            guard let index = arguments.firstIndex(of: name), index + 1 < arguments.count else {
                throw Load.Mistake.usage(name)
            }
            return arguments[index + 1]
        }
        guard let count = Int(try value("--count")) else { throw Load.Mistake.usage("--count") }
        self.count = count
        unacknowledgedFile = try value("--unacknowledged")
        endFile = arguments.contains("--until") ? try value("--until") : nil
    }

    /// Sends everything and answers a line of JSON.
    func run() throws -> String {
        let context = try TLSClientContext(TLSFiles(authorities: load.authorities), protocols: [.http2])
        var load = load
        let tally = Tally(count)
        func dial() throws -> LoadConnection {
            let giveUp = MonotonicTime.now() + .seconds(Int64(Self.patience))
            while true {
                do {
                    try load.findTarget()
                    return try LoadConnection(load.url, context, load.templates) { tally.answered($0, $1) }
                } catch {
                    guard MonotonicTime.now() < giveUp else { throw error }
                    SystemThread.sleep(.milliseconds(20))
                }
            }
        }
        var connections = try (0..<load.connections).map { _ in try dial() }
        let start = MonotonicTime.now()
        var next = 0
        var count = count
        var turns = 0
        while next < count || connections.contains(where: { $0.open > 0 }) {
            turns += 1
            if turns % 64 == 0, let endFile, try File.status(endFile) != nil { count = next }
            let allowed = load.rate.map { min(count, Int(Self.seconds(since: start) * $0)) } ?? count
            for index in connections.indices {
                let connection = connections[index]
                do {
                    while next < allowed, connection.open < load.streams, try submit(next, on: connection) { next += 1 }
                    if connection.open > 0 { try connection.turn() }
                    if connection.isSpent, connection.open == 0, next < count { connections[index] = try dial() }
                } catch is LoadConnection.Failure {
                    connections[index] = try dial()  // what was under way stays unacknowledged
                } catch is HTTP2Error {
                    connections[index] = try dial()
                }
            }
            // Nothing to send yet, and little to wait for: others need the processor.
            if next == allowed { SystemThread.sleep(.microseconds(200)) }
        }
        let missing = (0..<count).filter { !tally.acknowledged[$0] }
        try File.writeAtomically(unacknowledgedFile, Array(missing.map { "\($0)\n" }.joined().utf8))
        if let refusal = tally.firstRefusal { FileDescriptor.writeText(raw: 2, "refused: \(refusal)\n") }
        let minutes = tally.minutes.sorted { $0.key < $1.key }.map { "\"\($0.key)\": \($0.value)" }.joined(
            separator: ", ")
        return
            "{\"sent\": \(count), \"acknowledged\": \(count - missing.count), \"refused\": \(tally.refused), \"seconds\": \(Self.seconds(since: start)), \"minutes\": {\(minutes)}}"
    }

    /// False when the connection takes no more requests: the server is going away, and still answers what is under way.
    private func submit(_ number: Int, on connection: LoadConnection) throws -> Bool {
        if connection.isSpent { return false }
        try connection.send(datum(number), tag: number)
        return true
    }

    private final class Tally {
        var acknowledged: [Bool]
        var refused = 0  // answers that blame the caller: there must be none
        var firstRefusal: String?
        var minutes: [Int64: Int] = [:]  // acknowledged in each minute since 1970

        init(_ count: Int) { acknowledged = Array(repeating: false, count: count) }

        func answered(_ tag: Int, _ response: Response?) {
            guard let response else { return }
            if response.status == .noContent {
                acknowledged[tag] = true
                minutes[SystemClock().now().milliseconds / 60_000, default: 0] += 1
            } else {
                if response.status.code < 500 { refused += 1 }
                if firstRefusal == nil {
                    firstRefusal = "\(response.status) " + String(decoding: response.body, as: UTF8.self)
                }
            }
        }
    }

    private static func seconds(since start: MonotonicTime) -> Double {
        Double((MonotonicTime.now() - start).nanoseconds) / 1e9
    }

    private static let purposes: [[UInt8]] = [[], [0], [0, 1], [0, 1, 2], [0, 1, 2, 3], [3, 1, 0]]

    /// Event `number`; in step with `planned` in judge.py.
    private func datum(_ number: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        SampleEvent.text(SampleEvent.contract, &bytes)
        bytes += [0, 0, 0, 0]  // nonce, timestamp, keyLink, billingId: null
        let consent = Self.purposes[number % Self.purposes.count]
        if !consent.isEmpty {
            bytes.append(UInt8(consent.count * 2))
            bytes += consent.map { $0 * 2 }
        }
        bytes.append(0)
        if number % 11 == 0 {
            bytes.append(0)
        } else {
            bytes.append(2)
            SampleEvent.text("unique-\(number)", &bytes)
        }
        SampleEvent.text("session-\(number % load.people)", &bytes)
        bytes.append(2)
        SampleEvent.text("sensitive-\(number)", &bytes)
        bytes.append(2)
        SampleEvent.text("storm-\(number)", &bytes)
        return bytes
    }
}
