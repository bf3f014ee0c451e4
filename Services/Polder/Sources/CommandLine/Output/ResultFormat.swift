package import JSON
internal import YAML

/// How a result of the control plane is printed.
package enum ResultFormat: String, CaseIterable, Sendable {
    case table
    case json
    case yaml
    /// The names, a line each.
    case plain
    case csv
}

/// Something to print in every format: rows for people, values for programs.
package struct PrintedResult: Sendable {
    /// The titles of the columns; the first column is the name.
    package let titles: [String]
    /// A text for every column of every row.
    package let rows: [[String]]
    /// What `json` and `yaml` show.
    package let value: JSONValue

    /// A result of these parts.
    package init(titles: [String], rows: [[String]], value: JSONValue) {
        self.titles = titles
        self.rows = rows
        self.value = value
    }
}

extension Console {
    /// Prints a result. A table is cut to the terminal's width, and its titles are bold there.
    package func print(_ result: PrintedResult, as format: ResultFormat) {
        switch format {
        case .table:
            let lines = TextTable(titles: result.titles, rows: result.rows).lines(width: outputColumns)
            for (index, line) in lines.enumerated() { print(index == 0 ? styled(line, .bold) : line) }
        case .json: print(result.value.indentedText())
        case .yaml: print(bytes: Array(YAMLText.of(result.value).utf8))
        case .plain: for row in result.rows { print(row.first ?? "") }
        case .csv: for row in [result.titles] + result.rows { print(bytes: Array("\(CSV.record(row))\r\n".utf8)) }
        }
    }
}

extension ArgumentReader {
    /// `-o table|json|yaml|plain|csv`.
    mutating func formatOption() -> ResultFormat {
        choice("--output", short: "-o", default: .table, "How the result is printed.")
    }
}
