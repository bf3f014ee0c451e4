import JSON
import Polder
import Testing

@Suite struct FieldChangeTests {
    private func changes(_ actual: JSONValue?, _ desired: JSONValue, ignoring: Set<String> = []) -> [String] {
        FieldChange.changes(from: actual, to: desired, ignoring: ignoring).map(\.text)
    }

    @Test func `only what a document says is compared`() {
        let actual: JSONValue = ["name": "one month", "retentionDays": 30, "id": "x", "state": "STATE_ACTIVE"]
        #expect(changes(actual, ["name": "one month", "retentionDays": 30]) == [])
        #expect(
            changes(actual, ["retentionDays": 60, "description": "new"])
                == ["retentionDays: 30 → 60", "description: nothing → new"])
        #expect(changes(actual, ["state": "STATE_DRAFT"], ignoring: ["state"]) == [])
    }

    @Test func `what proto-JSON leaves out is not a change`() {
        #expect(changes([:], ["isPublic": false, "tags": [], "metadata": ["title": ""], "count": 0]) == [])
        #expect(changes(["isPublic": true], ["isPublic": false]) == ["isPublic: true → false"])
    }

    @Test func `changes have the path of the innermost member`() {
        let actual: JSONValue = ["validations": [["field": "a", "value": "x"]], "ref": ["name": "n"]]
        let desired: JSONValue = ["validations": [["field": "a", "value": "y"]], "ref": ["name": "n"]]
        #expect(changes(actual, desired) == ["validations[0].value: x → y"])
        #expect(FieldChange.changes(from: actual, to: desired)[0].member == "validations")
        #expect(changes(actual, ["validations": []]) == ["validations: [{\"field\":\"a\",\"value\":\"x\"}] → []"])
    }

    @Test func `the seed of masks is compared, and never shown`() {
        let actual: JSONValue = ["maskedFields": ["seed": "hush"]]
        #expect(changes(actual, ["maskedFields": ["seed": "hush"]]) == [])
        #expect(changes(actual, ["maskedFields": ["seed": "silence"]]) == ["maskedFields.seed: *** → ***"])
    }

    @Test func `schemas are compared as JSON`() {
        #expect(changes(["definition": "{\"a\": 1, \"b\": 2}"], ["definition": "{\"b\":2,\"a\":1}"]) == [])
        #expect(changes(["definition": "{\"a\": 1}"], ["definition": "{\"a\":2}"]).count == 1)
        #expect(changes(["definition": "{broken"], ["definition": "{}"]).count == 1)
    }
}

/// Every command that there is.
@Suite struct AllCommandsTests {
    @Test func `every command has a help of its own, and a name that is found`() {
        let line = PolderCommandLine(PolderMain.commands, version: "9.9")
        var names: Set<String> = []
        for command in PolderMain.commands {
            for name in [command.name] + command.otherNames {
                #expect(names.insert(name).inserted, "\(name) is there twice")
            }
            let help = line.help(of: command)
            #expect(help.hasPrefix("polder \(command.name): \(command.summary)\n"))
            #expect(help.contains("--help"))
            // Reading no arguments must never end in a crash, and an option is declared once.
            var reader = ArgumentReader(["--help-me"])
            _ = command.read(&reader)
            reader.finish()
            #expect(reader.mistakes.contains("unknown option --help-me"))
        }
    }

    @Test func `the words of a command may be turned around`() async {
        let printed = Printed()
        let code = await PolderCommandLine(PolderMain.commands, version: "9.9").run(
            ["contract", "review", "--help"], CommandContext(console: printed.console(), environment: [:]))
        #expect(code == .success)
        #expect(printed.output.hasPrefix("polder review data-contract: "))
    }
}
