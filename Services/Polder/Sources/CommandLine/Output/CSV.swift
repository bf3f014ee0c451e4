/// Comma-separated values (RFC 4180).
package enum CSV {
    /// One record, without its line end; quotes only where they are needed.
    package static func record(_ values: [String]) -> String {
        values.map { value in
            let needsQuotes = value.utf8.contains { [0x22, 0x2C, 0x0A, 0x0D].contains($0) }
            return needsQuotes ? "\"\(value.replacing("\"", with: "\"\""))\"" : value
        }.joined(separator: ",")
    }
}
