import Crypto
import System

/// The benchmarks that need no server, and the load generator for those that do. `Tests/Benchmarks/ingest` runs them all.
///
///     bench seal_ns | seal3_ns | avro_walk3_ns | contract_ns | door_ns
///                                                     one number, nanoseconds
///     bench unseen_token_us | unseen_token_es256_us   a token that was never seen, microseconds
///     bench decrypter_events_per_cpu_s [EVENTS [PEOPLE]]  a derived stream, keys warm, in this process
///     bench tail_p99_ms | tail_idle_percent           commit to reader; a core's part that a waiting reader uses
///     bench grpc_calls_per_cpu_s | grpc_p99_ms        unary calls over TLS: per CPU second of the server, and at 1000 a second
///     bench tunnel_call_ns                            a small http call through both ends of a tunnel, in memory
///     bench tunnel_frame_ns [BYTES]                   a DATA frame of 64 KiB, or so many bytes, likewise
///     bench log FOLDER [SECONDS]                      the event log alone, for several batch sizes
///     bench load --url URL --ca FILE --token-file FILE [--rate N] [--seconds N] [--warm-up N] [--connections N]
///                [--streams N] [--people N]           the load generator; one line of JSON
///     bench storm --url URL --ca FILE --token-file FILE --count N --people N --unacknowledged FILE
///                                                     numbered events, each its own; survives a server that dies
///     bench empty-server CERTIFICATE KEY PORT         answers 204 to everything: the transport's own cost
///     bench event PERSON                              the sample event's bytes
@main
struct Bench {
    static func main() {
        ThisProcess.ignoreBrokenPipes()  // a server that goes first must not end its client
        do {
            try run()
        } catch {
            let line = Array("bench: \(error)\n".utf8)
            _ = line.withUnsafeBytes { FileDescriptor.write(raw: 2, $0) }
            ThisProcess.exit(1)
        }
    }

    private static func run() throws {
        let arguments = CommandLine.arguments.dropFirst()
        switch arguments.first {
        case "seal_ns": printNumber(try sealNanoseconds(values: 1))
        case "seal3_ns": printNumber(try sealNanoseconds(values: 3))
        case "avro_walk3_ns": printNumber(try avroWalkNanoseconds())
        case "contract_ns": printNumber(try contractNanoseconds())
        case "unseen_token_us": printNumber(try unseenTokenMicroseconds(.rs256))
        case "unseen_token_es256_us": printNumber(try unseenTokenMicroseconds(.es256))
        case "decrypter_events_per_cpu_s":
            let events = arguments.dropFirst().first.flatMap { Int($0) } ?? 500_000
            let people = arguments.dropFirst(2).first.flatMap { Int($0) } ?? 1000
            print(try DecrypterBenchmark.run(events: events, people: people).rounded())
        case "tunnel_call_ns": printNumber(TunnelBenchmark.callNanoseconds())
        case "tunnel_frame_ns":
            printNumber(
                TunnelBenchmark.frameNanoseconds(bytes: arguments.dropFirst().first.flatMap { Int($0) } ?? 65_536))
        case "log": try eventLog(Array(arguments.dropFirst()))
        case "door_ns": printNumber(try DoorBenchmark.nanoseconds())
        case "grpc_calls_per_cpu_s": print(try GRPCBenchmark.saturated().rounded())
        case "grpc_p99_ms":
            let times = try GRPCBenchmark.paced()
            print("\(times.p99)  (half of the calls: \(times.median))")
        case "tail_idle_percent": print(try TailBenchmark.run(idleSeconds: 10, commits: 1).idlePercent)
        case "tail_p99_ms": print(try TailBenchmark.run(idleSeconds: 0.1, commits: 1000).p99)
        case "load":
            let report = try Load(Array(arguments.dropFirst())).run()
            print("{" + report.map { "\"\($0.0)\": \($0.1)" }.joined(separator: ", ") + "}")
        case "storm": print(try Storm(Array(arguments.dropFirst())).run())
        case "empty-server":
            let words = Array(arguments.dropFirst())
            guard words.count == 3, let port = UInt16(words[2]) else { ThisProcess.exit(64) }
            try EmptyServer.run(certificate: words[0], key: words[1], port: port)
        case "event":
            let person = arguments.dropFirst().first.flatMap { Int($0) } ?? 0
            try FileDescriptor.writeAll(raw: 1, SampleEvent.datum(person: person))
        default:
            print(
                """
                usage: bench seal_ns | seal3_ns | avro_walk3_ns | contract_ns | door_ns | unseen_token_us | tail_p99_ms |
                             tail_idle_percent | grpc_calls_per_cpu_s | grpc_p99_ms | tunnel_call_ns | tunnel_frame_ns | log | load | storm | empty-server | event
                """)
            ThisProcess.exit(64)
        }
    }

    private static func printNumber(_ nanoseconds: Double) {
        print((nanoseconds * 10).rounded() / 10)
    }

    private static func eventLog(_ arguments: [String]) throws {
        let folder = arguments.first ?? "/tmp/polder-bench-log"
        let seconds = arguments.dropFirst().first.flatMap(Double.init) ?? 3
        print("batch  events/s  CPU us/event  commit ms p50  p99")
        for size in [1, 16, 64, 256, 1024] {
            let result = try EventLogBenchmark.run(folder, batch: size, seconds: seconds)
            let columns = [
                result.eventsPerSecond.rounded(), (result.cpuMicrosecondsPerEvent * 100).rounded() / 100,
                (result.commitMilliseconds.median * 100).rounded() / 100,
                (result.commitMilliseconds.p99 * 100).rounded() / 100,
            ]
            print("\(size)  " + columns.map { "\($0)" }.joined(separator: "  "))
        }
    }
}
