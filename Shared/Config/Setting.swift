/// One declared setting, for tables and manifests.
package struct Setting: Sendable, Equatable {
    /// Whether the setting has to be there.
    package enum Presence: Sendable, Equatable {
        /// Absent means this text.
        case standard(String)
        /// Absent is a mistake.
        case required(example: String)
        /// Absent switches something off.
        case optional(example: String)
    }

    /// Name in the environment.
    package let name: String
    /// Whether it has to be there, and what stands in for it.
    package let presence: Presence
    /// What it is, with an article: "a duration such as 15m".
    package let kind: String
    /// Lower and upper limit as text, when it has them.
    package let limits: String?
    /// What it does, one sentence.
    package let about: String

    /// The settings as a Markdown table, in the order of reading. `polder`'s READMEs hold it between markers.
    package static func table(of settings: [Setting]) -> String {
        var lines = ["| setting | default | meaning |", "|---|---|---|"]
        for setting in settings {
            let standard =
                switch setting.presence {
                case .standard(let text): text.isEmpty ? "empty" : "`\(text)`"
                case .required(let example): "required, e.g. `\(example)`"
                case .optional(let example): "none, e.g. `\(example)`"
                }
            let limits = setting.limits.map { " Allowed: \($0)." } ?? ""
            lines.append("| `\(setting.name)` | \(cell(standard)) | \(cell(setting.about + limits)) |")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func cell(_ text: String) -> String {
        String(text.flatMap { $0 == "|" ? "\\|" : $0 == "\n" ? " " : "\($0)" })
    }
}
