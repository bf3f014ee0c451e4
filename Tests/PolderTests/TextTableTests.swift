import JSON
import Polder
import Testing

@Suite struct TextTableTests {
    @Test func `columns are as wide as their widest cell, and no line ends in spaces`() {
        let table = TextTable(
            titles: ["Stream", "Derived", "Purposes"], rows: [["demo", "", ""], ["demo-0-1", "demo", "0,1"]])
        #expect(
            table.lines(width: nil) == [
                "Stream    Derived  Purposes",
                "demo",
                "demo-0-1  demo     0,1",
            ])
    }

    @Test func `on a narrow terminal the widest columns give way, down to eight letters`() {
        let table = TextTable(titles: ["Name", "About"], rows: [["demo", "a description that is long"]])
        #expect(table.lines(width: 22) == ["Name  About", "demo  a description t…"])
        #expect(table.lines(width: 3) == ["Name  About", "demo  a descr…"])
    }

    @Test func `wide characters take two columns`() {
        let table = TextTable(titles: ["Name", "N"], rows: [["日本", "1"], ["abcd", "2"], ["😀", "3"]])
        #expect(table.lines(width: nil) == ["Name  N", "日本  1", "abcd  2", "😀    3"])
    }

    @Test func `a name cannot steer the terminal`() {
        let table = TextTable(titles: ["Name"], rows: [["a\u{1B}[2Jb\nc\u{202E}d"]])
        #expect(table.lines(width: nil)[1] == "a\\u{1b}[2Jb\\u{a}c\\u{202e}d")
    }

    @Test(arguments: [
        (ResultFormat.table, "Name  N\na,b   1\n"), (.plain, "a,b\n"), (.csv, "Name,N\r\n\"a,b\",1\r\n"),
        (.json, "[\n  {\n    \"name\": \"a,b\",\n    \"list\": []\n  }\n]\n"), (.yaml, "- name: \"a,b\"\n  list: []\n"),
    ])
    func `a result has five forms`(_ format: ResultFormat, _ text: String) {
        let printed = Printed()
        printed.console().print(
            PrintedResult(titles: ["Name", "N"], rows: [["a,b", "1"]], value: [["name": "a,b", "list": []]]), as: format
        )
        #expect(printed.output == text)
    }

    @Test func `titles are bold on a terminal only`() {
        let printed = Printed()
        printed.console(isTerminal: true).print(
            PrintedResult(titles: ["Name"], rows: [["demo"]], value: []), as: .table)
        #expect(printed.output == "\u{1B}[1mName\u{1B}[0m\ndemo\n")
    }
}
