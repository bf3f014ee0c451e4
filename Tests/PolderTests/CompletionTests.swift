import JSON
import Polder
import System
import TestKit
import Testing

private struct Paint: Command {
    static let name = "paint wall"
    static let summary = "Paints."
    static let details = ""

    enum Colour: String, CaseIterable { case red, green, grey }

    init(reading arguments: inout ArgumentReader) {
        _ = arguments.choice("--colour", short: "-c", default: Colour.red, "Which.")
        _ = arguments.options("--brush", "NAME", "With what.", from: .words(["broad", "fine"]))
        _ = arguments.flag("--twice", "Again.")
        _ = arguments.optionIfPresent("--plan", "FILE", "A drawing.", from: .file) as String?
        _ = arguments.argument("wall", "Which wall.", from: .words(["north", "south"]))
        _ = arguments.argument("stream", "For whom.", from: .names(.stream))
    }

    func run(_ context: CommandContext) async throws(PolderError) {}
}

@Suite struct CompleterTests {
    private let completer = Completer([
        CommandShape(Paint.self),
        CommandShape(name: "pack", summary: "Packs.") { arguments in
            _ = arguments.arguments("things", "What.", from: .words(["hat", "coat"]))
            return { _ throws(PolderError) in }
        },
    ])

    private func words(_ line: String...) -> [String]? {
        guard case .words(let candidates) = completer.answer(to: line) else { return nil }
        return candidates.map(\.word)
    }

    @Test func `commands are completed word by word`() {
        #expect(words("") == ["paint", "pack"])
        #expect(words("pai") == ["paint"])
        #expect(words("paint", "") == ["wall"])
        #expect(words("windmill", "") == [])
    }

    @Test func `options are offered until they are given, those that repeat always`() {
        #expect(words("paint", "wall", "-") == ["--colour", "--brush", "--twice", "--plan", "--help"])
        #expect(
            words("paint", "wall", "-c", "red", "--brush", "fine", "--twice", "--") == ["--brush", "--plan", "--help"])
    }

    @Test func `values come from the declaration`() {
        #expect(words("paint", "wall", "--colour", "gr") == ["green", "grey"])
        #expect(words("paint", "wall", "-c", "") == ["red", "green", "grey"])
        #expect(words("paint", "wall", "--colour=gr") == ["--colour=green", "--colour=grey"])
        #expect(completer.answer(to: ["paint", "wall", "--plan", "x"]) == .files)
    }

    @Test func `arguments are counted, whatever stands between them`() {
        #expect(words("paint", "wall", "n") == ["north"])
        #expect(words("paint", "wall", "--colour", "red", "--twice", "") == ["north", "south"])
        #expect(completer.answer(to: ["paint", "wall", "north", "de"]) == .names(.stream, start: "de"))
        #expect(words("paint", "wall", "north", "demo", "") == [])
        #expect(words("pack", "hat", "hat", "c") == ["coat"])
        #expect(words("pack", "--", "-", "c") == ["coat"])
    }

    @Test func `names of contexts come from the file`() async throws {
        let folder = try TemporaryFolder()
        try folder.write("config.yaml", text: "contexts: [{name: production, api: 'https://a:1', auth: 'https://b:1'}]")
        let result = try await runTool(
            builtBinary("polder"), ["__complete", "--", "context", "use", "p"],
            environment: ["POLDER_CONFIG": folder.file("config.yaml")])
        #expect(result.output == "words\nproduction\thttps://a:1\n")
    }
}

/// The scripts, run by the shells that they are for.
@Suite struct CompletionScriptTests {
    private let folder: TemporaryFolder

    /// Contexts to complete, one with a space in front of nothing: names are quoted by the shell, not by us.
    init() throws {
        folder = try TemporaryFolder()
        try folder.write(
            "config.yaml",
            text: """
                contexts:
                  - {name: production, api: 'https://a:1', auth: 'https://b:1'}
                  - {name: playground, api: 'https://a:1', auth: 'https://b:1'}
                """)
    }

    private func run(_ shell: String, _ arguments: [String]) async throws -> String {
        let binary = try builtBinary("polder")
        return try await runTool(
            shell, arguments,
            environment: [
                "PATH": "\(File.parent(of: binary)):/usr/bin:/bin", "POLDER_CONFIG": folder.file("config.yaml"),
                "HOME": folder.path, "POLDER_DIR": folder.file("state"),
            ]
        ).output
    }

    @Test(arguments: [
        ("polder con", ["context"]), ("polder context use p", ["playground", "production"]),
        ("polder up --ports=a", ["auto"]), ("polder completion ", ["bash", "fish", "zsh"]),
        ("polder status --wa", ["--wait"]), ("polder windmill ", []),
    ])
    func `bash`(_ line: String, _ words: [String]) async throws {
        let script = """
            source <(polder completion bash)
            COMP_LINE=$1 COMP_POINT=${#1}
            _polder polder
            printf '%s\\n' "${COMPREPLY[@]}"
            """
        let output = try await run("bash", ["--norc", "-c", script, "bash", line])
        #expect(output.split(separator: "\n").map(String.init).sorted() == words)
    }

    @Test(arguments: [
        ("polder con", ["context"]), ("polder context use p", ["playground", "production"]),
        ("polder up --ports=a", ["--ports=auto"]), ("polder completion ", ["bash", "fish", "zsh"]),
        ("polder status --wa", ["--wait"]), ("polder windmill ", []),
    ])
    func `fish`(_ line: String, _ words: [String]) async throws {
        let script = "polder completion fish | source; complete --do-complete '\(line)'"
        let output = try await run("fish", ["--no-config", "-c", script])
        #expect(
            output.split(separator: "\n").map { String($0.split(separator: "\t")[0]) }.sorted() == words)
    }

    @Test(arguments: [
        ("polder con", "polder context "), ("polder context use pr", "polder context use production "),
        ("polder up --ports=a", "polder up --ports=auto "), ("polder status --wa", "polder status --wait "),
        ("polder windmill x", "polder windmill x"),
    ])
    func `zsh`(_ line: String, _ completed: String) async throws {
        // A terminal of its own, in which a line is typed, Tab is pressed, and the line is read back.
        let script = """
            zmodload zsh/zpty
            zpty shell zsh -f -i
            zpty -w shell 'PS1= PS2= RPS1=; unsetopt zle_bracketed_paste; autoload -U compinit; compinit -u -D'
            zpty -w shell 'source <(polder completion zsh)'
            zpty -w shell 'show() { print -r -- "<<$BUFFER>>"; exit }; zle -N show; bindkey "^X" show'
            zpty -w shell 'print REA""DY'
            zpty -r -m shell answer '*READY*'
            zpty -n -w shell "$1"$'\\t\\x18'
            zpty -r -m shell answer '*>>*'
            print -r -- "$answer"
            """
        let output = try await run("zsh", ["-f", "-c", script, "zsh", line])
        let answer = output.split(separator: "<<").last?.split(separator: ">>").first.map(String.init)
        #expect(answer == completed)
    }
}
