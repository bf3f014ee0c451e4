package import JSON

/// One document of a YAML text, as a JSON value that still knows the lines it came from.
package struct YAMLDocument: Sendable, Equatable {
    /// The content.
    package let value: JSONValue
    /// The lines of the content's parts.
    package let lines: LineTree
}

/// Where a value and its parts begin: the same tree as the value.
package struct LineTree: Sendable, Equatable {
    /// The line on which the value begins, from 1; for a member of a mapping, the line of its key.
    package let line: Int
    /// Of a mapping, by key.
    package let members: [String: LineTree]
    /// Of a list.
    package let elements: [LineTree]

    /// A value that begins on `line`, with the places of its parts.
    package init(line: Int, members: [String: LineTree] = [:], elements: [LineTree] = []) {
        self.line = line
        self.members = members
        self.elements = elements
    }
}
