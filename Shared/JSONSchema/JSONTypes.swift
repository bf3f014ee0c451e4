internal import JSON

/// The types that a value may have (`type` of JSON Schema), one bit each. `integer` is part of `number`.
package struct JSONTypes: OptionSet, Sendable, Hashable {
    /// The bits.
    package let rawValue: UInt8

    /// `null`.
    package static let null = JSONTypes(rawValue: 1)
    /// `true` and `false`.
    package static let boolean = JSONTypes(rawValue: 2)
    /// Whole numbers, `1.0` among them.
    package static let integer = JSONTypes(rawValue: 4)
    /// Numbers that are not whole. The keyword `number` means these and `integer`.
    static let fraction = JSONTypes(rawValue: 8)
    /// Strings.
    package static let string = JSONTypes(rawValue: 16)
    /// Lists.
    package static let array = JSONTypes(rawValue: 32)
    /// Objects.
    package static let object = JSONTypes(rawValue: 64)

    static let number: JSONTypes = [.integer, .fraction]
    static let any = JSONTypes(rawValue: 127)

    private static let words: [(JSONTypes, String)] = [
        (.boolean, "boolean"), (.number, "number"), (.integer, "integer"), (.string, "string"), (.array, "array"),
        (.object, "object"), (.null, "null"),
    ]

    /// From bits.
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// The type that a keyword names, or nil.
    init?(word: String) {
        guard let found = Self.words.first(where: { $0.1 == word }) else { return nil }
        self = found.0
    }

    /// The types of a value that a schema names (`enum`, `const`).
    init(of value: JSONValue) {
        switch value {
        case .null: self = .null
        case .bool: self = .boolean
        // Whether it is whole is not asked: a set that is too large refuses a field's path, never an event.
        case .number: self = .number
        case .string: self = .string
        case .array: self = .array
        case .object: self = .object
        }
    }

    /// "string or null", null last.
    var text: String {
        var names: [String] = []
        var rest = self
        for (type, word) in Self.words where rest.isSuperset(of: type) && !type.isEmpty {
            names.append(word)
            rest.subtract(type)
        }
        return names.joined(separator: " or ")
    }
}
