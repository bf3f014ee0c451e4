internal import Bytes
internal import JSON
internal import Regex

/// Holds one event against a schema.
///
/// What it costs is bounded for any schema and event: it takes steps for each schema that looks at a value, each member, each
/// comparison, each 32 bytes of text, and gives up when they are used up; then the event is refused. So is one with a string that a pattern cannot be
/// looked for in bounded time.
///
/// - Isolation: a value; made for each event, on its loop.
struct SchemaJudge {
    /// Why a value is refused. Small: branches that fail are no news, so words are made of the last one only.
    struct Finding {
        let rule: Rule
        /// The schema that refuses.
        let node: SchemaNode.Index
        /// The value, by its place on the tape.
        let value: Int32
        /// Of `required` and `dependentRequired` the name, by its index in the node's names.
        var name = 0
    }

    enum Rule {
        case forbidden, type, enumeration, constant
        case minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf
        case minLength, maxLength, pattern
        case minItems, maxItems, uniqueItems, minContains, maxContains
        case minProperties, maxProperties, required, propertyNames
        case anyOf, oneOf, not, tooCostly
    }

    /// Steps that any event may take, and more for each of its values and bytes: enough for dozens of schemas that look at each
    /// value. Some milliseconds when they are used up.
    private static let baseSteps = 100_000
    private static let stepsPerValue = 32
    /// Schemas inside schemas, values inside values: how deep the judge calls itself.
    private static let depthLimit = 512

    private let nodes: UnsafeMutablePointer<SchemaNode>
    private let constants: JSONTape.View
    private let tape: JSONTape.View
    private let matcher: PatternMatcher
    private var steps: Int
    /// Names that the objects being looked at have, a bit for each; the innermost object's last.
    private var seen: [UInt64] = []
    private(set) var finding: Finding?
    /// Once given up, nothing counts any more: a `not` must not turn it into consent.
    private var isTooCostly = false

    init(_ schema: JSONSchema, _ tape: JSONTape.View, _ matcher: PatternMatcher) {
        nodes = schema.nodes
        constants = schema.constants.view
        self.tape = tape
        self.matcher = matcher
        steps = Self.baseSteps + Self.stepsPerValue * tape.count + Int(tape[0].end)
    }

    /// Whether the event conforms; if not, `finding` says why.
    mutating func accepts(_ root: SchemaNode.Index) -> Bool { accepts(root, 0, 0) && !isTooCostly }

    private mutating func refuse(_ rule: Rule, _ node: SchemaNode.Index, _ value: Int32, name: Int = 0) -> Bool {
        if !isTooCostly { finding = Finding(rule: rule, node: node, value: value, name: name) }
        if rule == .tooCostly { isTooCostly = true }
        return false
    }

    private mutating func accepts(_ node: SchemaNode.Index, _ place: Int32, _ depth: Int) -> Bool {
        let schema = nodes + Int(node)
        let value = tape[place]
        steps &-= value.kind == .string || value.kind == .number ? 1 &+ Int(value.end &- value.start) / 32 : 1
        guard steps > 0, depth < Self.depthLimit, !isTooCostly else { return refuse(.tooCostly, node, place) }
        guard schema.pointee.types == .any || hasType(schema.pointee.types, value) else {
            return refuse(schema.pointee.types.isEmpty ? .forbidden : .type, node, place)
        }
        for choice in schema.pointee.choices {
            guard isOne(of: choice, place) else {
                return refuse(choice.isConst ? .constant : .enumeration, node, place)
            }
        }
        switch value.kind {
        case .null, .boolean: break
        case .number:
            if let rules = schema.pointee.number, let broken = broken(rules, value) {
                return refuse(broken, node, place)
            }
        case .string:
            if let rules = schema.pointee.string, let broken = broken(rules, value) {
                return refuse(broken, node, place)
            }
        case .array:
            if let rules = schema.pointee.array, !accepts(rules, node, place, depth) { return false }
        case .object:
            if let rules = schema.pointee.object, !accepts(rules, node, place, depth) { return false }
        }
        guard let logic = schema.pointee.logic else { return true }
        return accepts(logic, node, place, depth)
    }

    // MARK: - Values without values

    private func hasType(_ types: JSONTypes, _ value: JSONTape.Value) -> Bool {
        switch value.kind {
        case .null: types.contains(.null)
        case .boolean: types.contains(.boolean)
        case .string: types.contains(.string)
        case .array: types.contains(.array)
        case .object: types.contains(.object)
        case .number:
            types.contains(.number)
                || types.contains(.integer) && (value.flag || ExactNumber(tape.bytes(value)).isInteger)
        }
    }

    private func broken(_ rules: SchemaNode.NumberRules, _ value: JSONTape.Value) -> Rule? {
        let number = ExactNumber(tape.bytes(value))
        func limit(_ place: Int32) -> ExactNumber { ExactNumber(constants.bytes(constants[place])) }
        if let minimum = rules.minimum, number.compared(to: limit(minimum)) < 0 { return .minimum }
        if let maximum = rules.maximum, number.compared(to: limit(maximum)) > 0 { return .maximum }
        if let above = rules.above, number.compared(to: limit(above)) <= 0 { return .exclusiveMinimum }
        if let below = rules.below, number.compared(to: limit(below)) >= 0 { return .exclusiveMaximum }
        if let divisor = rules.multipleOf, !number.isMultiple(of: divisor) { return .multipleOf }
        return nil
    }

    private mutating func broken(_ rules: SchemaNode.StringRules, _ value: JSONTape.Value) -> Rule? {
        let text = tape.characters(value)
        if rules.minLength > 0 || rules.maxLength < .max {
            // Continuation bytes are not characters of their own.
            let length = text.count { $0 & 0xC0 != 0x80 }
            if length < rules.minLength { return .minLength }
            if length > rules.maxLength { return .maxLength }
        }
        guard let pattern = rules.pattern else { return nil }
        switch matcher.find(pattern, in: text) {
        case .found: return nil
        case .notFound: return .pattern
        case .tooCostly: return .tooCostly
        }
    }

    // MARK: - Arrays

    private mutating func accepts(
        _ rules: SchemaNode.ArrayRules, _ node: SchemaNode.Index, _ place: Int32, _ depth: Int
    ) -> Bool {
        let count = Int(tape[place].count)
        guard count >= rules.minItems else { return refuse(.minItems, node, place) }
        guard count <= rules.maxItems else { return refuse(.maxItems, node, place) }
        var element = place &+ 1
        var contained = 0
        for index in 0..<count {
            if index < rules.first.count {
                guard accepts(rules.first[index], element, depth &+ 1) else { return false }
            } else if let rest = rules.rest {
                guard accepts(rest, element, depth &+ 1) else { return false }
            }
            if let contains = rules.contains, accepts(contains, element, depth &+ 1) { contained &+= 1 }
            element = tape[element].next
        }
        if rules.contains != nil {
            guard contained >= rules.minContains else { return refuse(.minContains, node, place) }
            guard contained <= rules.maxContains else { return refuse(.maxContains, node, place) }
        }
        guard !rules.isUnique || isUnique(place, count) else {
            return refuse(steps > 0 ? .uniqueItems : .tooCostly, node, place)
        }
        return !isTooCostly
    }

    /// Whether no two elements are equal: those with equal hashes are compared.
    private mutating func isUnique(_ place: Int32, _ count: Int) -> Bool {
        guard count > 1 else { return true }
        steps &-= Int(tape[place].next &- place) &+ Int(tape[place].end &- tape[place].start) / 32
        guard steps > 0 else { return false }
        var elements: [(hash: Int, place: Int32)] = []
        elements.reserveCapacity(count)
        var element = place &+ 1
        for _ in 0..<count {
            // Hashing is seeded per process, so nobody can choose values that clash.
            var hasher = Hasher()
            hash(element, into: &hasher)
            elements.append((hasher.finalize(), element))
            element = tape[element].next
        }
        elements.sort { $0.hash < $1.hash }
        for index in 1..<count where elements[index].hash == elements[index - 1].hash {
            if isEqual(tape, elements[index].place, tape, elements[index - 1].place) { return false }
        }
        return true
    }

    private func hash(_ place: Int32, into hasher: inout Hasher) {
        let value = tape[place]
        hasher.combine(value.kind)
        switch value.kind {
        case .null: break
        case .boolean: hasher.combine(value.flag)
        case .number: ExactNumber(tape.bytes(value)).hash(into: &hasher)
        case .string: hasher.combine(bytes: tape.characters(value))
        case .array:
            hasher.combine(value.count)
            var element = place &+ 1
            for _ in 0..<value.count {
                hash(element, into: &hasher)
                element = tape[element].next
            }
        case .object:
            // Members have no order: their hashes are added up.
            var sum = 0
            var name = place &+ 1
            for _ in 0..<value.count {
                var member = Hasher()
                member.combine(bytes: tape.characters(tape[name]))
                hash(name &+ 1, into: &member)
                sum &+= member.finalize()
                name = tape[name &+ 1].next
            }
            hasher.combine(sum)
        }
    }

    // MARK: - Objects

    private mutating func accepts(
        _ rules: SchemaNode.ObjectRules, _ node: SchemaNode.Index, _ place: Int32, _ depth: Int
    ) -> Bool {
        let count = Int(tape[place].count)
        guard count >= rules.minProperties else { return refuse(.minProperties, node, place) }
        guard count <= rules.maxProperties else { return refuse(.maxProperties, node, place) }
        let words = (rules.names.count &+ 63) / 64
        let base = seen.count
        for _ in 0..<words { seen.append(0) }
        defer { seen.removeLast(words) }
        steps &-= count
        var name = place &+ 1
        for _ in 0..<count {
            let member = name &+ 1
            let text = tape.characters(tape[name])
            var isKnown = false
            if let index = rules.table.index(of: text) {
                seen[base &+ index / 64] |= 1 &<< UInt64(index % 64)
                let property = rules.properties[index]
                if property >= 0 {
                    isKnown = true
                    guard accepts(property, member, depth &+ 1) else { return false }
                }
            }
            for (pattern, schema) in rules.patterns {
                switch matcher.find(pattern, in: text) {
                case .notFound: continue
                case .tooCostly: return refuse(.tooCostly, node, name)
                case .found:
                    isKnown = true
                    guard accepts(schema, member, depth &+ 1) else { return false }
                }
            }
            if !isKnown, let additional = rules.additional {
                guard accepts(additional, member, depth &+ 1) else { return false }
            }
            if let names = rules.propertyNames {
                guard accepts(names, name, depth &+ 1) else { return refuse(.propertyNames, node, member) }
            }
            name = tape[member].next
        }
        func has(_ index: Int) -> Bool { seen[base &+ index / 64] &>> UInt64(index % 64) & 1 == 1 }
        for index in rules.required where !has(index) { return refuse(.required, node, place, name: index) }
        for (index, needs) in rules.dependentRequired where has(index) {
            for need in needs where !has(need) { return refuse(.required, node, place, name: need) }
        }
        for (index, schema) in rules.dependentSchemas where has(index) {
            guard accepts(schema, place, depth &+ 1) else { return false }
        }
        return true
    }

    // MARK: - Combinations

    private mutating func accepts(
        _ rules: SchemaNode.LogicRules, _ node: SchemaNode.Index, _ place: Int32, _ depth: Int
    ) -> Bool {
        for schema in rules.all {
            guard accepts(schema, place, depth &+ 1) else { return false }
        }
        if !rules.any.isEmpty {
            var isAccepted = false
            for schema in rules.any where !isAccepted { isAccepted = accepts(schema, place, depth &+ 1) }
            guard isAccepted else { return refuse(.anyOf, node, place) }
        }
        if !rules.one.isEmpty {
            var accepted = 0
            for schema in rules.one where accepted < 2 && accepts(schema, place, depth &+ 1) { accepted &+= 1 }
            guard accepted == 1 else { return refuse(.oneOf, node, place) }
        }
        if let not = rules.not {
            guard !accepts(not, place, depth &+ 1) else { return refuse(.not, node, place) }
        }
        if let condition = rules.condition {
            let branch = accepts(condition, place, depth &+ 1) ? rules.then : rules.otherwise
            if let branch {
                guard accepts(branch, place, depth &+ 1) else { return false }
            }
        }
        return !isTooCostly
    }

    // MARK: - Equality

    private mutating func isOne(of choice: SchemaNode.Choice, _ place: Int32) -> Bool {
        if tape[place].kind == .string { return choice.texts.index(of: tape.characters(tape[place])) != nil }
        return choice.others.contains { isEqual(tape, place, constants, $0) }
    }

    /// Equality of JSON Schema: numbers by value, objects without order (2020-12, Core §4.2.2).
    private mutating func isEqual(
        _ tape: JSONTape.View, _ place: Int32, _ other: JSONTape.View, _ otherPlace: Int32
    ) -> Bool {
        steps &-= 1
        guard steps > 0 else {
            isTooCostly = true
            finding = Finding(rule: .tooCostly, node: 0, value: 0)
            return false
        }
        let (value, otherValue) = (tape[place], other[otherPlace])
        guard value.kind == otherValue.kind else { return false }
        switch value.kind {
        case .null: return true
        case .boolean: return value.flag == otherValue.flag
        case .number: return ExactNumber(tape.bytes(value)) == ExactNumber(other.bytes(otherValue))
        case .string:
            return value.count == otherValue.count
                && tape.characters(value).elementsEqual(other.characters(otherValue))
        case .array:
            guard value.count == otherValue.count else { return false }
            var (element, otherElement) = (place &+ 1, otherPlace &+ 1)
            for _ in 0..<value.count {
                guard isEqual(tape, element, other, otherElement) else { return false }
                (element, otherElement) = (tape[element].next, other[otherElement].next)
            }
            return true
        case .object:
            guard value.count == otherValue.count else { return false }
            var name = place &+ 1
            for _ in 0..<value.count {
                guard let member = member(tape.characters(tape[name]), of: otherPlace, other),
                    isEqual(tape, name &+ 1, other, member)
                else { return false }
                name = tape[name &+ 1].next
            }
            return true
        }
    }

    /// The value of the member of that name.
    private mutating func member(_ name: UnsafeRawBufferPointer, of object: Int32, _ tape: JSONTape.View) -> Int32? {
        var other = object &+ 1
        for _ in 0..<tape[object].count {
            steps &-= 1
            let text = tape.characters(tape[other])
            if text.count == name.count, text.elementsEqual(name) { return other &+ 1 }
            other = tape[other &+ 1].next
        }
        return nil
    }
}
