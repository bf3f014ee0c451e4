import Polder
import Synchronization
import Testing

/// Collects what a command prints.
final class Printed: Sendable {
    private let text = Mutex((output: "", error: ""))
    var output: String { text.withLock { $0.output } }
    var error: String { text.withLock { $0.error } }

    func console(isTerminal: Bool = false, answer: String? = nil) -> Console {
        Console(
            isOutputTerminal: isTerminal, isErrorTerminal: isTerminal, isInputTerminal: isTerminal,
            hasColours: isTerminal,
            output: { [self] bytes in text.withLock { $0.output += String(decoding: bytes, as: UTF8.self) } },
            error: { [self] bytes in text.withLock { $0.error += String(decoding: bytes, as: UTF8.self) } },
            input: { answer })
    }
}

private struct Greet: Command {
    static let name = "greet people"
    static let summary = "Greets."
    static let details = "More about greeting."
    let dir: String?
    let times: Int
    let loud: Bool
    let who: String

    init(reading arguments: inout ArgumentReader) {
        dir = arguments.optionIfPresent("--dir", "DIR", "A folder.")
        times = arguments.option("--times", short: "-n", "N", default: 1, "How often.")
        loud = arguments.flag("--loud", "Loudly.")
        who = arguments.argument("who", "Whom to greet.")
    }

    func run(_ context: CommandContext) async throws(PolderError) {
        if who == "nobody" { throw .noSuchStream(who, known: ["demo"]) }
        for _ in 0..<times { context.console.print("hello \(who)\(loud ? "!" : "") \(dir ?? "")") }
    }
}

@Suite struct CommandLineTests {
    private func run(_ arguments: String...) async -> (ExitCode, Printed) {
        let printed = Printed()
        let code = await PolderCommandLine([Greet.self], version: "9.9").run(
            arguments, CommandContext(console: printed.console(), environment: [:]))
        return (code, printed)
    }

    @Test func `options may stand anywhere, and be written with an equals sign`() async {
        let (code, printed) = await run("greet", "people", "-n", "2", "anna", "--loud", "--dir=/x")
        #expect(code == .success)
        #expect(printed.output == "hello anna! /x\nhello anna! /x\n")
    }

    @Test func `what stands behind two dashes is never an option`() async {
        let (code, printed) = await run("greet", "people", "--", "--loud")
        #expect(code == .success)
        #expect(printed.output == "hello --loud \n")
    }

    @Test func `all mistakes are told at once`() async {
        let (code, printed) = await run("greet", "people", "--times", "many", "--louder", "--loud=yes", "--dir")
        #expect(code == .usage)
        #expect(
            printed.error == """
                polder: --dir needs a value
                polder: --times must be a whole number, not many
                polder: --loud takes no value
                polder: <who> is missing: Whom to greet.
                polder: unknown option --louder
                polder: try: polder greet people --help

                """)
        #expect(printed.output.isEmpty)
    }

    @Test func `help is made from the declarations`() async {
        let (code, printed) = await run("greet", "people", "--help")
        #expect(code == .success)
        #expect(
            printed.output == """
                polder greet people: Greets.

                usage: polder greet people [options] <who>

                More about greeting.

                arguments:
                  <who>  Whom to greet.

                options:
                  --dir DIR      A folder.
                  -n, --times N  How often. [1]
                  --loud         Loudly.
                  --help         This text.

                """)
    }

    @Test func `an unknown command is a usage mistake, an error of a command has its own code`() async {
        let (unknown, printed) = await run("dance")
        #expect(unknown == .usage)
        #expect(printed.error.contains("unknown command dance"))
        let (missing, text) = await run("greet", "people", "nobody")
        #expect(missing == .notFound)
        #expect(text.error == "polder: there is no stream nobody; the plane has demo\n")
    }

    @Test func `the overview lists commands and exit codes`() async {
        let (code, printed) = await run("--help")
        #expect(code == .success)
        #expect(printed.output.contains("greet people  Greets."))
        #expect(printed.output.contains("78   the plane folder or the state folder holds mistakes"))
        #expect(await run().0 == .usage)
        #expect(await run("--version").1.output == "polder 9.9\n")
    }

    @Test func `colours are for terminals only`() {
        let printed = Printed()
        #expect(printed.console().styled("x", .red) == "x")
        #expect(printed.console(isTerminal: true).styled("x", .red) == "\u{1B}[31mx\u{1B}[0m")
    }
}
