// Prometheus text format 0.0.4:
//
//   # HELP strm_gateway_events_total Events by schema and status.
//   # TYPE strm_gateway_events_total counter
//   strm_gateway_events_total{schemaid="strmprivacy/demo/1.0.2",status="204"} 17
//
// A help text escapes `\` and line feed, a label value also `"`. Numbers are what Go's ParseFloat reads.

enum Exposition {
    static func writeHeader(_ family: FamilyDescription, to text: inout String) {
        text += "# HELP \(family.name) "
        escape(family.help, quotes: false, to: &text)
        text += "\n# TYPE \(family.name) \(family.kind)\n"
    }

    static func writeSample(
        _ family: FamilyDescription, _ suffix: String, _ values: [String], _ value: String, le: String? = nil,
        to text: inout String
    ) {
        text += family.name
        text += suffix
        if !values.isEmpty || le != nil {
            text += "{"
            var first = true
            for (label, value) in zip(family.labels, values) {
                if !first { text += "," }
                first = false
                text += "\(label)=\""
                escape(value, quotes: true, to: &text)
                text += "\""
            }
            if let le { text += "\(first ? "" : ",")le=\"\(le)\"" }
            text += "}"
        }
        text += " \(value)\n"
    }

    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        if value == value.rounded(), abs(value) < 1e15 { return String(Int64(value)) }
        return String(value)
    }

    private static func escape(_ value: String, quotes: Bool, to text: inout String) {
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\"" where quotes: text += "\\\""
            default: text.unicodeScalars.append(scalar)
            }
        }
    }
}
