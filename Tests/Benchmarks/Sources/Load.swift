import Bytes
import HTTP
import System
import TLS
import TestKit
import Time

/// The load generator.
///
/// With a rate it is *open*: request n is due at start + n ÷ rate whether or not the server keeps up, and its latency
/// counts from that moment, so a server that stalls cannot hide it. Without a rate it is *closed*: a fixed number of
/// requests is under way on each connection.
struct Load {
    var url: URLParts
    var authorities: String
    var tokens: [String]  // one after the other
    /// Where the URL and the tokens stand, a line each, for a server that may come back elsewhere.
    var targetFile: String?
    var rate: Double?  // requests per second
    var seconds = 10.0
    var warmUp = 2.0  // seconds that do not count
    var connections = 16
    var streams = 100
    var people = 10_000

    enum Mistake: Error { case usage(String) }

    /// Reads `--name value` pairs.
    init(_ arguments: [String]) throws {
        var values: [String: String] = [:]
        var rest = arguments[...]
        while let name = rest.popFirst() {
            guard name.hasPrefix("--"), let value = rest.popFirst() else { throw Mistake.usage(name) }
            values[String(name.dropFirst(2))] = value
        }
        guard let authorities = values["ca"] else { throw Mistake.usage("--ca") }
        self.authorities = authorities
        if let target = values["target"] {
            (url, tokens) = try Self.target(target)
        } else {
            guard let url = values["url"].flatMap({ URLParts($0) }) else { throw Mistake.usage("--url") }
            guard let token = values["token-file"] else { throw Mistake.usage("--token-file") }
            self.url = url
            tokens = try File.read(token, limit: 1 << 20).split(whereSeparator: { $0 <= 0x20 })
                .map { String(decoding: $0, as: UTF8.self) }
        }
        guard !tokens.isEmpty else { throw Mistake.usage("--token-file") }
        targetFile = values["target"]
        rate = values["rate"].flatMap { Double($0) }
        seconds = values["seconds"].flatMap { Double($0) } ?? seconds
        warmUp = values["warm-up"].flatMap { Double($0) } ?? warmUp
        connections = values["connections"].flatMap { Int($0) } ?? connections
        streams = values["streams"].flatMap { Int($0) } ?? streams
        people = values["people"].flatMap { Int($0) } ?? people
    }

    /// Looks again where the server is.
    mutating func findTarget() throws {
        if let targetFile { (url, tokens) = try Self.target(targetFile) }
    }

    private static func target(_ path: String) throws -> (URLParts, [String]) {
        let lines = String(decoding: try File.read(path, limit: 1 << 20), as: UTF8.self).split(separator: "\n")
        guard let url = lines.first.flatMap({ URLParts(String($0)) }) else { throw Mistake.usage("--target") }
        return (url, lines.dropFirst().map(String.init))
    }

    /// What requests have in common, for each token.
    var templates: [Request] {
        var template = Request(.post, url.target)
        template.authority = url.authority
        template.headers.add("strm-schema-ref", SampleEvent.contract)
        return tokens.map { token in
            var request = template
            request.headers.add("authorization", "Bearer \(token)")
            return request
        }
    }

    /// Runs, and answers the report as JSON members.
    func run() throws -> [(String, Double)] {
        let counts = LoadCounts()
        let context = try TLSClientContext(TLSFiles(authorities: authorities), protocols: [.http2])
        let templates = templates
        let open = try (0..<connections).map { _ in
            try LoadConnection(url, context, templates) { tag, response in counts.answered(tag, response) }
        }
        var generator = SeededGenerator(seed: 7)
        let bodies = (0..<people).map { SampleEvent.datum(person: $0) }.shuffled(using: &generator)

        let start = MonotonicTime.now()
        let countFrom = start + .milliseconds(Int64(warmUp * 1000))
        let end = countFrom + .milliseconds(Int64(seconds * 1000))
        counts.countFrom = countFrom
        var sent = 0
        var acceptedBefore: Int?
        while true {
            let now = MonotonicTime.now()
            if acceptedBefore == nil, now >= countFrom { acceptedBefore = counts.accepted }
            if now >= end { break }
            if let rate {
                let interval = 1e9 / rate
                while true {
                    let due = start + .nanoseconds(Int64(Double(sent) * interval))
                    if due > now { break }
                    counts.due.append(due)
                    try open[sent % connections].send(bodies[sent % people], tag: sent)
                    sent += 1
                }
            } else {
                for connection in open {
                    while connection.open < streams {
                        counts.due.append(now)
                        try connection.send(bodies[sent % people], tag: sent)
                        sent += 1
                    }
                }
            }
            for connection in open { try connection.turn() }
        }
        let accepted = counts.accepted - (acceptedBefore ?? 0)
        // What is under way may still be answered; what is not by then counts as late, not as lost.
        let patience = MonotonicTime.now() + .seconds(5)
        while open.contains(where: { $0.open > 0 }), MonotonicTime.now() < patience {
            for connection in open { try connection.turn() }
        }
        let unanswered = open.reduce(0) { $0 + $1.open }
        if let refusal = counts.firstRefusal { FileDescriptor.writeText(raw: 2, "refused: \(refusal)\n") }
        let sorted = counts.latencies.sorted()
        func quantile(_ part: Double) -> Double {
            sorted.isEmpty ? 0 : Double(sorted[min(sorted.count - 1, Int(Double(sorted.count) * part))]) / 1e6
        }
        return [
            ("sent", Double(sent)), ("accepted", Double(counts.accepted)), ("refused", Double(counts.refused)),
            ("failed", Double(counts.failed)), ("unanswered", Double(unanswered)),
            ("rate", Double(accepted) / seconds), ("p50_ms", quantile(0.5)), ("p90_ms", quantile(0.9)),
            ("p99_ms", quantile(0.99)), ("p999_ms", quantile(0.999)), ("max_ms", quantile(1)),
        ]
    }
}

/// What a load run counts.
final class LoadCounts {
    /// When each request was due, by its tag.
    var due: [MonotonicTime] = []
    /// Nanoseconds from the scheduled send to the answer, of the requests that count.
    var latencies: [Int64] = []
    /// Answers with a status of 200 to 299.
    var accepted = 0
    /// All other answers.
    var refused = 0
    /// Requests that got no answer.
    var failed = 0
    /// Scheduled times before this one do not count for latencies.
    var countFrom = MonotonicTime.now()
    /// The first status that was not a success, for the report.
    var firstRefusal: String?

    func answered(_ tag: Int, _ response: Response?) {
        guard let response else {
            failed += 1
            return
        }
        if response.status.isSuccess {
            accepted += 1
        } else {
            refused += 1
            if firstRefusal == nil {
                firstRefusal = "\(response.status) " + String(decoding: response.body, as: UTF8.self)
            }
        }
        if due[tag] >= countFrom { latencies.append((MonotonicTime.now() - due[tag]).nanoseconds) }
    }
}

extension FileDescriptor {
    /// Writes a text to a terminal or pipe; a reader that has gone is not our trouble.
    static func writeText(raw: Int32, _ text: String) {
        do { try writeAll(raw: raw, Array(text.utf8)) } catch { return }
    }
}
