/// Rows as aligned text. Pure.
package struct TextTable: Sendable {
    /// The titles of the columns.
    package let titles: [String]
    /// A text for every column of every row.
    package let rows: [[String]]

    private static let gap = 2
    /// A column is not made narrower than this.
    private static let narrowest = 8

    /// A table of these rows; control characters are made visible, so that no name can steer a terminal.
    package init(titles: [String], rows: [[String]]) {
        self.titles = titles
        self.rows = rows.map { $0.map(TextTable.visible) }
    }

    /// The title line and a line for each row.
    ///
    /// - Parameter width: Columns of the terminal; the widest columns give way. Nil: as wide as it needs.
    package func lines(width: Int?) -> [String] {
        var widths = titles.indices.map { column in
            ([titles] + rows).map { TextTable.width(of: $0[column]) }.max() ?? 0
        }
        if let width { shrink(&widths, to: width) }
        return ([titles] + rows).map { row in
            var line = ""
            for (column, cell) in row.enumerated() {
                let text = TextTable.cut(cell, to: widths[column])
                line += text
                if column < row.count - 1 {
                    line += String(repeating: " ", count: widths[column] - TextTable.width(of: text) + TextTable.gap)
                }
            }
            while line.last == " " { line.removeLast() }
            return line
        }
    }

    private func shrink(_ widths: inout [Int], to width: Int) {
        var excess = widths.reduce(0, +) + TextTable.gap * max(0, widths.count - 1) - width
        while excess > 0 {
            guard let widest = widths.indices.max(by: { widths[$0] < widths[$1] }),
                widths[widest] > TextTable.narrowest
            else { return }
            widths[widest] -= 1
            excess -= 1
        }
    }

    private static func cut(_ text: String, to width: Int) -> String {
        guard Self.width(of: text) > width else { return text }
        var cut = ""
        var used = 0
        for character in text {
            let next = Self.width(of: String(character))
            if used + next > width - 1 { break }
            cut.append(character)
            used += next
        }
        return cut + "…"
    }

    /// Columns of a terminal: East Asian wide characters and emoji take two (Unicode UAX #11, the common blocks).
    private static func width(of text: String) -> Int {
        text.reduce(0) { total, character in
            let first = character.unicodeScalars.first?.value ?? 0
            let isWide =
                (0x1100...0x115F).contains(first) || (0x2E80...0xA4CF).contains(first)
                || (0xAC00...0xD7A3).contains(first) || (0xF900...0xFAFF).contains(first)
                || (0xFE30...0xFE6F).contains(first) || (0xFF00...0xFF60).contains(first)
                || (0xFFE0...0xFFE6).contains(first) || (0x1F300...0x1FAFF).contains(first)
                || (0x20000...0x3FFFD).contains(first)
            return total + (isWide ? 2 : 1)
        }
    }

    /// A text whose control characters are shown, not obeyed.
    static func visible(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isControl) else { return text }
        var shown = ""
        for scalar in text.unicodeScalars {
            if isControl(scalar) {
                shown += "\\u{\(String(scalar.value, radix: 16))}"
            } else {
                shown.unicodeScalars.append(scalar)
            }
        }
        return shown
    }

    /// Controls, and the marks that change the direction of text.
    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0...0x1F, 0x7F...0x9F, 0x200E...0x200F, 0x2028...0x202E, 0x2066...0x2069: true
        case _: false
        }
    }
}
