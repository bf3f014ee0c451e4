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

private struct Dance: Command {
    static let name = "dance"
    static let summary = "Dances."
    static let details = ""
    let steps: Int?

    init(reading arguments: inout ArgumentReader) {
        _ = arguments.optionIfPresent("--dir", "DIR", "A folder.") as String?
        steps = arguments.numberIfPresent("--steps", "N", in: 0...Int.max, "How many.")
        _ = arguments.numberIfPresent("--beat", "N", in: 20...300, "How fast.")
    }

    func run(_ context: CommandContext) async throws(PolderError) { context.console.print("\(steps ?? 8) steps") }
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
        let code = await PolderCommandLine([CommandShape(Greet.self), CommandShape(Dance.self)], version: "9.9").run(
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
        let (unknown, printed) = await run("windmill")
        #expect(unknown == .usage)
        #expect(printed.error == "polder: unknown command windmill\npolder: try: polder --help\n")
        let (missing, text) = await run("greet", "people", "nobody")
        #expect(missing == .notFound)
        #expect(text.error == "polder: there is no stream nobody; the plane has demo\n")
    }

    @Test func `a misspelt command is told with the one that was meant`() async {
        #expect(await run("dnace").1.error.contains("unknown command dnace; did you mean dance?"))
        #expect(await run("great", "people", "anna").1.error.contains("did you mean greet people?"))
        let (code, printed) = await run("greet", "poeple")
        #expect(code == .usage)
        #expect(
            printed.error == """
                polder: unknown command greet poeple; did you mean greet people?
                polder: try: polder greet --help

                """)
    }

    @Test func `half the name of commands shows them`() async {
        let (code, printed) = await run("greet", "--help")
        #expect(code == .success)
        #expect(printed.output == "usage: polder greet <command> [options]\n\n  greet people  Greets.\n")
        #expect(await run("greet").0 == .usage)
        #expect(await run("help", "dance").1.output.hasPrefix("polder dance: Dances."))
    }

    @Test func `options before the command are told where they belong`() async {
        let (code, printed) = await run("--dir", "/x", "dance", "--steps", "2")
        #expect(code == .usage)
        #expect(
            printed.error.hasPrefix(
                "polder: --dir stands before the command; options come after it: polder dance --steps 2 --dir /x\n"))
    }

    @Test func `a negative number is a value, and refused as one`() async {
        #expect(await run("dance", "--steps", "3").1.output == "3 steps\n")
        #expect(
            await run("dance", "--steps", "-1", "--beat=500").1.error == """
                polder: --steps must be at least 0, not -1
                polder: --beat must be from 20 to 300, not 500
                polder: try: polder dance --help

                """)
    }

    @Test func `who has no plane is told how to make one there`() {
        #expect(
            PolderError.noPlane(dir: "/tmp/p").lines == [
                "there is no plane in /tmp/p; make one with: polder up --dir /tmp/p"
            ])
        #expect(
            PolderError.notRunning(dir: "/tmp/my plane").lines == [
                "no plane runs on /tmp/my plane; start one with: polder up --dir '/tmp/my plane'"
            ])
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
