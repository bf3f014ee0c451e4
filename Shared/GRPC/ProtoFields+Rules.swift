// What is reported when a rule is broken. The same rules hold for a message read from JSON, where each is checked as soon as
// its field is read, and for a message that is there already.

extension ProtoFields {
    /// Nobody reads more, and a message of four MiB can break a rule a million times.
    static let mostProblems = 100

    /// Notes a problem with a member of the message that is being visited, or with what is being visited itself.
    mutating func report(_ rule: String, _ name: String? = nil) {
        guard problems.count < ProtoFields.mostProblems else { return }
        problems.append(SpecProblem(DocumentPath(steps + (name.map { [.member($0)] } ?? [])), rule))
    }

    /// True when the last problem concerns this member: a value of the wrong kind is not also missing.
    func isReported(_ name: String?) -> Bool {
        guard let last = problems.last?.path.steps else { return false }
        guard let name else { return last == steps }
        return last.count == steps.count + 1 && last.last == .member(name) && last.dropLast() == steps[...]
    }

    mutating func reportMissing(oneOf names: [String]) {
        report("needs one of \(names.joined(separator: ", "))")
    }

    mutating func check(_ text: String, _ rules: [TextRule], _ name: String?) {
        for rule in rules {
            guard let problem = rule.problem(with: text) else { continue }
            if !isReported(name) { report(problem, name) }
            return
        }
    }

    mutating func check<Number: FixedWidthInteger>(_ value: Number, in range: ClosedRange<Number>, _ name: String?) {
        guard !range.contains(value) else { return }
        let isOpenAbove = range.upperBound == .max || range.upperBound == Number(truncatingIfNeeded: Int32.max)
        let isTooLow = value < range.lowerBound && range.lowerBound > .min
        report(
            isOpenAbove && isTooLow
                ? "must be at least \(range.lowerBound)" : "must be from \(range.lowerBound) to \(range.upperBound)",
            name)
    }

    mutating func check<Value>(_ value: Open<Value>, _ name: String?) {
        if !value.isKnown { report(Open<Value>.rule, name) }
    }

    mutating func check(_ texts: [String], _ count: ClosedRange<Int>, _ unique: Bool, _ name: String) {
        check(texts.count, count, name)
        if unique, Set(texts).count != texts.count { report("must not name anything twice", name) }
    }

    mutating func check(_ integers: [Int32], _ count: ClosedRange<Int>, _ unique: Bool, _ name: String) {
        check(integers.count, count, name)
    }

    mutating func check(_ count: Int, _ range: ClosedRange<Int>, _ name: String) {
        if count > range.upperBound { report("must have at most \(range.upperBound) items", name) }
        if count < range.lowerBound { report("must have at least \(range.lowerBound) items", name) }
    }

    /// Checks every element of a list.
    mutating func checkEach<Element>(
        _ list: [Element], _ name: String, _ check: (inout ProtoFields, Element) -> Void
    ) {
        for (index, element) in list.enumerated() {
            within(.member(name), .index(index)) { fields in check(&fields, element) }
        }
    }

    /// Checks every value of a map.
    mutating func checkEach<Value>(
        _ map: [String: Value], _ name: String, _ check: (inout ProtoFields, Value) -> Void
    ) {
        for (key, value) in map.sorted(by: { $0.key < $1.key }) {
            within(.member(name), .member(key)) { fields in check(&fields, value) }
        }
    }
}

extension Open {
    /// What a value must be.
    static var rule: String {
        "must be one of \(Value.named.filter { $0.0.rawValue != 0 }.map(\.1).joined(separator: ", "))"
    }
}
