extension JSONValue {
    /// The text for people: a member or element on each line, two spaces for each level, no line end behind it. What is
    /// empty stays on its line.
    package func indentedText() -> String {
        var text = ""
        writeIndented(0, into: &text)
        return text
    }

    private func writeIndented(_ depth: Int, into text: inout String) {
        let inner = String(repeating: "  ", count: depth + 1)
        let outer = String(repeating: "  ", count: depth)
        switch self {
        case .null, .bool, .number, .string:
            text += self.text()
        case .array(let elements):
            if elements.isEmpty { return text += "[]" }
            text += "["
            for (index, element) in elements.enumerated() {
                text += index == 0 ? "\n\(inner)" : ",\n\(inner)"
                element.writeIndented(depth + 1, into: &text)
            }
            text += "\n\(outer)]"
        case .object(let object):
            if object.isEmpty { return text += "{}" }
            text += "{"
            for (index, member) in object.members.enumerated() {
                text += index == 0 ? "\n\(inner)" : ",\n\(inner)"
                text += "\(JSONValue.string(member.name).text()): "
                member.value.writeIndented(depth + 1, into: &text)
            }
            text += "\n\(outer)}"
        }
    }
}
