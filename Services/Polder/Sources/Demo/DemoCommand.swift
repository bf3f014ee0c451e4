internal import EventLog
internal import HTTP
internal import JSON
internal import Synchronization
internal import System

/// `polder demo`: a whole plane for a few minutes, and one person's event on its way through it.
struct DemoCommand: Command {
    static let name = "demo"
    static let summary = "Shows one person's event, encrypted, derived and masked, on a plane of its own."
    static let details = """
        Starts a plane on free ports in a temporary folder, tells its story in this terminal, keeps sending events, and removes
        all of it at the end: Ctrl-C, or after --seconds.
        """

    let seconds: Int

    init(reading arguments: inout ArgumentReader) {
        seconds =
            arguments.numberIfPresent(
                "--seconds", "N", in: 0...86_400, "Ends by itself after N seconds; 0 waits for Ctrl-C [0].") ?? 0
    }

    func run(_ context: CommandContext) async throws(PolderError) {
        let folder: String
        do {
            folder = try Directory.createTemporary(prefix: "/tmp/polder-demo-")
        } catch {
            throw .failed(error.description)
        }
        let logs = LogTailConsole()
        let teller = DemoTeller(folder: folder, seconds: seconds, context: context)
        let telling = Task { await teller.tell() }
        let plane = UpCommand(dir: folder, config: nil, ports: .auto, readyFile: teller.readyFile)
        var failure: PolderError?
        do throws(PolderError) {
            // Ctrl-C arrives here, like for any plane; the teller ends it in the same way.
            try await plane.run(CommandContext(console: logs.console, environment: context.environment))
        } catch {
            failure = error
        }
        telling.cancel()
        if failure == nil { failure = await telling.value }
        do {
            try Directory.removeAll(folder)
        } catch {
            context.console.note("polder: \(folder) is left behind: \(error)")
        }
        if let failure {
            for line in logs.lines { context.console.note(line) }
            throw failure
        }
    }
}

/// Keeps the last log lines of the plane, to be shown only if something goes wrong.
private final class LogTailConsole: Sendable {
    private let tail = Mutex<[UInt8]>([])
    private static let limit = 8 << 10  // bytes

    var console: Console {
        Console(
            isOutputTerminal: false, isErrorTerminal: false, isInputTerminal: false, hasColours: false,
            output: { _ in }, error: { [self] line in tail.withLock { $0 = ($0 + line).suffix(Self.limit) } },
            input: { nil })
    }

    var lines: [String] {
        tail.withLock { $0 }.split(separator: UInt8(ascii: "\n")).map { String(decoding: $0, as: UTF8.self) }
    }
}
