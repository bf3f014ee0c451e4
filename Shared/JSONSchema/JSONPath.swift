internal import Bytes

/// What a field path leads to in a schema.
///
/// A path is a list of member names joined with `/`: `customer/id`. It goes through `properties`, `$ref` and `allOf`, through the
/// alternatives of `anyOf` and `oneOf` when only one of them is not null, and through the `items` of a list, where it addresses
/// the member in every element.
package enum JSONPathTarget: Sendable, Equatable {
    /// The schema describes no such member.
    case missing
    /// The schema leaves open what stands at the beginning of the path, where an object (or a list of objects) has to be: a value
    /// of another type could hide there.
    case open(prefix: String)
    /// A member that the schema describes. `isInsideList` is true when the path goes through a list, so that an event has any
    /// number of values for it.
    case found(Kind, isInsideList: Bool)

    /// The kinds of values that can be noted and replaced.
    package enum Kind: Sendable, Equatable {
        /// A string.
        case text
        /// A string or null.
        case optionalText
        /// A list of strings.
        case textList
        /// A list of strings, or null in place of the list.
        case optionalTextList
        /// Anything else; also what may be a string or something else.
        case other
    }

    /// True for everything that holds strings and nothing else but null.
    package var holdsText: Bool {
        if case .found(let kind, _) = self { kind != .other } else { false }
    }

    /// True for one string per event, possibly null.
    package var isSingleText: Bool {
        switch self {
        case .found(.text, isInsideList: false), .found(.optionalText, isInsideList: false): true
        case .found, .missing, .open: false
        }
    }
}

extension JSONSchema {
    /// What the path leads to.
    package func target(of path: String) -> JSONPathTarget {
        var place = applicable([root])
        var isInsideList = false
        var prefix = ""
        for segment in path.split(separator: "/", omittingEmptySubsequences: false) {
            while place.types.contains(.array) {
                guard place.types.isSubset(of: [.array, .null]), let elements = elements(place) else {
                    return .open(prefix: prefix)
                }
                isInsideList = true
                place = elements
            }
            let members = place.nodes.compactMap { nodes[Int($0)].object?.property(String(segment)) }
            guard !members.isEmpty else { return .missing }
            guard place.types.contains(.object), place.types.isSubset(of: [.object, .null]) else {
                return .open(prefix: prefix)
            }
            place = applicable(members)
            prefix += prefix.isEmpty ? String(segment) : "/\(segment)"
        }
        return .found(kind(place), isInsideList: isInsideList)
    }

    /// The types that the member at a path may have in any event that has it; nil when the schema does not describe it. Here a path
    /// goes through objects alone; the empty one means the whole event.
    package func types(at path: String) -> JSONTypes? { place(at: path)?.types }

    /// The types that every element of the list at a path has; nil when the schema does not say.
    package func elementTypes(at path: String) -> JSONTypes? { place(at: path).flatMap(elements)?.types }

    /// Whether the object at a path always has a member of that name.
    package func requires(_ name: String, at path: String) -> Bool {
        place(at: path)?.nodes.contains { index in
            nodes[Int(index)].object.map { rules in rules.required.contains { rules.names[$0].isIdentical(to: name) } }
                ?? false
        } ?? false
    }

    /// Whether the object at a path may have a member of that name which the schema does not describe.
    package func allowsMore(_ name: String, at path: String) -> Bool {
        place(at: path)?.nodes.allSatisfy { index in
            guard let rules = nodes[Int(index)].object, let additional = rules.additional else { return true }
            return rules.property(name) != nil || !nodes[Int(additional)].types.isEmpty
        } ?? false
    }

    private func place(at path: String) -> Applicable? {
        var place = applicable([root])
        for segment in path.split(separator: "/") {
            let members = place.nodes.compactMap { nodes[Int($0)].object?.property(String(segment)) }
            guard !members.isEmpty else { return nil }
            place = applicable(members)
        }
        return place
    }

    /// What may stand at a place, and the schemas that whatever stands there must satisfy in any case.
    struct Applicable {
        var types = JSONTypes.any
        var nodes: [SchemaNode.Index] = []
    }

    /// All that applies where all of these schemas do.
    func applicable(_ roots: [SchemaNode.Index]) -> Applicable {
        var result = Applicable()
        for root in roots { add(root, to: &result) }
        return result
    }

    // The recursion is as deep as the nesting that the compiler allows.
    private func add(_ index: SchemaNode.Index, to result: inout Applicable) {
        guard !result.nodes.contains(index) else { return }
        let node = nodes[Int(index)]
        result.nodes.append(index)
        result.types.formIntersection(node.narrowTypes)
        guard let logic = node.logic else { return }
        for schema in logic.all { add(schema, to: &result) }
        for alternatives in [logic.any, logic.one] where !alternatives.isEmpty {
            let branches = alternatives.map { applicable([$0]) }
            result.types.formIntersection(branches.reduce([]) { $0.union($1.types) })
            // One that is not null: what is there in any case, when there is something.
            let values = branches.filter { !$0.types.subtracting(.null).isEmpty }
            guard values.count == 1, let value = values.first else { continue }
            for node in value.nodes where !result.nodes.contains(node) { result.nodes.append(node) }
        }
    }

    /// What every element of a list at that place must be; nil when the schema does not say.
    private func elements(_ place: Applicable) -> Applicable? {
        let items = place.nodes.compactMap { index in
            nodes[Int(index)].array.flatMap { $0.first.isEmpty ? $0.rest : nil }
        }
        return items.isEmpty ? nil : applicable(items)
    }

    private func kind(_ place: Applicable) -> JSONPathTarget.Kind {
        if place.types == .string { return .text }
        if place.types == [.string, .null] { return .optionalText }
        guard place.types.contains(.array), place.types.isSubset(of: [.array, .null]),
            let elements = elements(place), elements.types == .string
        else { return .other }
        return place.types.contains(.null) ? .optionalTextList : .textList
    }
}
