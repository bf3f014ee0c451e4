internal import Bytes

/// One step from a value to a part of it.
package enum PathStep: Sendable, Hashable {
    /// A member of an object, or a key of a map.
    case member(String)
    /// An element of a list, counted from zero.
    case index(Int)
}

/// Where in a document something is: the steps from its root.
package struct DocumentPath: Sendable, Hashable, CustomStringConvertible {
    /// The steps, outermost first.
    package var steps: [PathStep]

    /// A path of these steps; none means the whole document.
    package init(_ steps: [PathStep] = []) {
        self.steps = steps
    }

    /// This path and one step more.
    package func appending(_ step: PathStep) -> DocumentPath {
        DocumentPath(steps + [step])
    }

    /// `ref.name`, `consentLevels[2]`, `fieldPatterns["strmprivacy/example/1.3.0"]`; empty for the whole document. Names may come
    /// from a stranger: at most 120 characters of each are shown.
    package var description: String {
        var text = ""
        for step in steps {
            switch step {
            case .member(let name)
            where !name.isEmpty && name.utf8.count <= 120 && name.unicodeScalars.allSatisfy(isPlain):
                text += text.isEmpty ? name : ".\(name)"
            case .member(let name):
                text += "[\"\(shownName(name, limit: 120))\"]"
            case .index(let index):
                text += "[\(index)]"
            }
        }
        return text
    }

    private func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || ("0"..."9").contains(scalar) || scalar == "_"
    }
}

/// One thing that is wrong with a message: where, and which rule it breaks.
package struct SpecProblem: Sendable, Hashable, CustomStringConvertible {
    /// The member concerned, from the root of the message that was decoded.
    package let path: DocumentPath
    /// The rule in words that follow the path: `must have 4 to 100 characters`. Never the value of a secret.
    package let rule: String

    /// A problem at a path.
    package init(_ path: DocumentPath, _ rule: String) {
        self.path = path
        self.rule = rule
    }

    /// The path and the rule in one line.
    package var description: String {
        path.steps.isEmpty ? rule : "\(path) \(rule)"
    }
}
