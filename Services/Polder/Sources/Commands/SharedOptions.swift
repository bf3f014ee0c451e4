/// How a result is printed.
enum OutputFormat: String, CaseIterable, Sendable {
    case text
    case json
}

extension ArgumentReader {
    /// `--dir DIR`, which every command has.
    mutating func dirOption() -> String? {
        optionIfPresent(
            "--dir", "DIR", "The plane's state folder [$POLDER_DIR, otherwise ~/.local/share/polder].",
            from: .folder)
    }

    /// `-o text|json`.
    mutating func outputOption() -> OutputFormat {
        choice("--output", short: "-o", default: .text, "How the result is printed.")
    }
}
