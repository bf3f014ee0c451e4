/// What `polder demo` shows, as lines of text: at most 80 columns, colours only where the console wants them.
///
/// Pure: it is told what happened to one event and how many there are, and answers what to print.
struct DemoStory {
    /// One field of the event on its way.
    struct Field {
        let name: String
        /// What its contract says of it: `purpose 1`, `not personal`.
        let rule: String
        /// As sent.
        let sent: String
        /// Column title → text there; nil where the stream has no such event.
        let shown: [String?]
    }

    /// Paints a text in a style; the identity where there are no colours.
    let paint: (String, Console.Style) -> String
    /// 80, or fewer on a narrow terminal, but never below what the table needs.
    let width: Int

    init(columns: Int, paint: @escaping (String, Console.Style) -> String) {
        width = min(80, max(72, columns))
        self.paint = paint
    }

    func title(_ text: String, aside: String) -> [String] {
        let space = max(2, width - text.count - aside.count)
        return [
            paint(text, .bold) + String(repeating: " ", count: space) + paint(aside, .dim),
            paint(String(repeating: "─", count: width), .dim),
        ]
    }

    /// `✓ what  detail`
    func done(_ what: String, _ detail: String) -> String { "\(paint("✓", .green)) \(what)  \(paint(detail, .dim))" }

    /// `1  heading`
    func step(_ number: Int, _ heading: String) -> [String] {
        ["", "\(paint(String(number), .cyan))  \(paint(heading, .bold))", ""]
    }

    /// The event as its producer sends it.
    func producer(_ fields: [Field], consent: [Int], status: Int) -> [String] {
        let name = fields.map(\.name.count).max() ?? 0
        let value = fields.map(\.sent.count).max() ?? 0
        var lines = fields.map {
            "   \(pad($0.name, name))  \(pad($0.sent, value))  \(paint($0.rule, .dim))"
        }
        lines.append(
            "   \(pad("consent", name))  \(pad(consent.map(String.init).joined(separator: ", "), value))  "
                + paint("purposes that the person agreed to", .dim))
        lines += ["", "   \(paint("→ \(status)", status == 204 ? .green : .red)) event and key are on disk"]
        return lines
    }

    /// The same event side by side, in each stream.
    func sideBySide(columns: [(title: String, about: String)], _ fields: [Field]) -> [String] {
        let name = fields.map(\.name.count).max() ?? 0
        let width = (width - 3 - name - 2 * columns.count) / columns.count
        func row(_ head: String, _ cells: [(text: String, style: Console.Style)]) -> String {
            // Nothing behind the last cell: a line has no blanks at its end.
            let painted = cells.enumerated().map { index, cell -> String in
                let text = fit(cell.text, width)
                return "  " + paint(index == cells.count - 1 ? text : pad(text, width), cell.style)
            }
            return "   " + pad(head, name) + painted.joined()
        }
        var lines = [
            row("", columns.map { ($0.title, .bold) }), row("", columns.map { ($0.about, .dim) }),
            paint(
                "   " + String(repeating: "─", count: name)
                    + columns.map { _ in "  " + String(repeating: "─", count: width) }.joined(), .dim),
        ]
        for field in fields {
            lines.append(
                row(
                    field.name,
                    field.shown.map { text in
                        guard let text else { return ("–", .dim) }
                        return (text, text == field.sent ? .green : .magenta)
                    }))
        }
        return lines
    }

    /// A request that was refused, and why.
    func refusal(_ what: String, status: Int, reason: String) -> [String] {
        ["   \(what)", "", "   \(paint("→ \(status)", .red))"] + wrap(reason, indent: 5)
    }

    /// How many events each stream holds by now. `seconds` since the first.
    func counters(sent: Int, streams: [(name: String, events: Int)], seconds: Int) -> String {
        // A derived stream's name goes on where its source's ends: the line has to fit.
        let source = streams.first?.name ?? ""
        let parts = streams.map { stream in
            let isDerived = stream.name != source && stream.name.hasPrefix(source)
            return "\(isDerived ? String(stream.name.dropFirst(source.count)) : stream.name) \(grouped(stream.events))"
        }
        return "   \(seconds / 60):\(seconds % 60 < 10 ? "0" : "")\(seconds % 60)  sent \(grouped(sent))  "
            + parts.joined(separator: "  ")
    }

    /// `12 345`, so that big counts are read at a glance.
    func grouped(_ number: Int) -> String {
        let digits = Array(String(number))
        var text = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { text.append(" ") }
            text.append(digit)
        }
        return text
    }

    private func pad(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    private func fit(_ text: String, _ width: Int) -> String {
        text.count <= width ? text : String(text.prefix(width - 1)) + "…"
    }

    private func wrap(_ text: String, indent: Int) -> [String] {
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ") {
            if !line.isEmpty, indent + line.count + 1 + word.count > width {
                lines.append(line)
                line = ""
            }
            line += line.isEmpty ? String(word) : " " + word
        }
        return (lines + [line]).map { String(repeating: " ", count: indent) + $0 }
    }
}
