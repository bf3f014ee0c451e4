internal import Bytes

/// Where the interesting values of events of one schema stand: paths as a tree of names.
///
/// - Isolation: immutable once made, shared by all loops; the mutable part is a ``JSONWalker`` each.
package final class JSONProgram: Sendable {
    /// A member that a path goes through or ends at.
    struct Node: Sendable {
        var names = NameTable([])
        var children: [Int32] = []
        /// The point whose path ends here, or -1.
        var point: Int32 = -1
        /// The value must be a string, null, or a list of them.
        var isText = false
        /// The value must be no list: the schema does not describe it, so that nobody else looks.
        var isSingle = false
        /// The end of the object is noted, so that members can be added.
        var notesEnd = false
    }

    /// The events' schema.
    package let schema: JSONSchema
    /// The paths whose values are noted, in the order given: a mark's `point` is an index into this list.
    package let points: [String]
    let nodes: [Node]

    /// Prepares a schema's paths.
    ///
    /// - Parameters:
    ///   - points: Paths of the values to note; of a list each element is noted. A path that an event does not have is not
    ///     noted.
    ///   - extending: The path of an object that members may be added to: its end is noted as ``JSONMark/objectEnd``.
    package init(_ schema: JSONSchema, points: [String], extending object: String? = nil) {
        self.schema = schema
        self.points = points
        let tree = Tree()
        for (index, path) in points.enumerated() {
            let end = tree.member(path)
            end.point = Int32(index)
            let target = schema.target(of: path)
            end.isText = target.holdsText
            end.isSingle = target == .missing
        }
        if let object { tree.member(object).notesEnd = true }
        var nodes: [Node] = []
        _ = tree.flatten(into: &nodes)
        self.nodes = nodes
    }

    private final class Tree {
        private var names: [String] = []
        private var children: [Tree] = []
        var point: Int32 = -1
        var isText = false
        var isSingle = false
        var notesEnd = false

        func member(_ path: String) -> Tree {
            path.split(separator: "/", omittingEmptySubsequences: false).reduce(self) { $0.child(String($1)) }
        }

        private func child(_ name: String) -> Tree {
            if let index = names.firstIndex(where: { $0.isIdentical(to: name) }) { return children[index] }
            names.append(name)
            children.append(Tree())
            return children[children.count - 1]
        }

        func flatten(into nodes: inout [Node]) -> Int32 {
            let index = nodes.count
            nodes.append(Node(point: point, isText: isText, isSingle: isSingle, notesEnd: notesEnd))
            nodes[index].names = NameTable(names)
            nodes[index].children = children.map { $0.flatten(into: &nodes) }
            return Int32(index)
        }
    }
}
