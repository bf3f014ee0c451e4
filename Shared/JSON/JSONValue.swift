internal import Bytes

/// One JSON value (RFC 8259), members in the order of the text.
package enum JSONValue: Sendable, Equatable {
    /// `null`.
    case null
    /// `true` or `false`.
    case bool(Bool)
    /// A number, kept as its text so that no digit is lost.
    case number(JSONNumber)
    /// A string, unescaped.
    case string(String)
    /// An array.
    case array([JSONValue])
    /// An object.
    case object(JSONObject)
}

/// A JSON number: its text, and its value for those who can represent it.
package struct JSONNumber: Sendable, Equatable, CustomStringConvertible {
    /// The number as written, for example `1.50` or `-2e3`.
    package let text: String

    /// Trusts `text` to be a number of the JSON grammar.
    init(checked text: String) {
        self.text = text
    }

    /// An integer.
    package init(_ value: Int64) {
        text = String(value)
    }

    /// A finite number in its shortest form; nil for NaN and infinities, which JSON cannot write.
    package init?(_ value: Double) {
        guard value.isFinite else { return nil }
        text = value.description
    }

    /// The value as an exact integer: also for `1.0` and `1e3`; nil if it has a fraction or does not fit.
    package var int64: Int64? {
        if let exact = Int64(text) { return exact }
        // From 2^53 on, a double no longer tells which integer was meant.
        guard let double, double.magnitude < 0x1p53 else { return nil }
        // Not `Int64(exactly:)`: in debug builds it pulls in libm, which nothing else here needs.
        let integer = Int64(double)
        return Double(integer) == double ? integer : nil
    }

    /// The nearest double; nil if the number is too large for one.
    package var double: Double? {
        guard let value = Double(text), value.isFinite else { return nil }
        return value
    }

    /// The number as written.
    package var description: String { text }
}

/// An object: names are unique, byte for byte (RFC 8259 §8.3), and order is kept.
package struct JSONObject: Sendable, Equatable, ExpressibleByDictionaryLiteral {
    /// One member of an object.
    package struct Member: Sendable, Equatable {
        /// The member's name, unescaped.
        package var name: String
        /// The member's value.
        package var value: JSONValue

        /// A member as it stands in an object.
        package init(name: String, value: JSONValue) {
            self.name = name
            self.value = value
        }
    }

    /// The members in order. Reading only, so that names stay unique.
    package private(set) var members: [Member]

    /// An object without members.
    package init() {
        members = []
    }

    /// Trusts the names to differ: for readers that have checked it.
    package init(unique members: [Member]) {
        self.members = members
    }

    /// Members in the order given; of two with the same name the later one wins.
    package init(dictionaryLiteral elements: (String, JSONValue)...) {
        self.init()
        for (name, value) in elements { self[name] = value }
    }

    /// The member's value, or nil. Setting replaces in place or appends; setting nil removes.
    package subscript(_ name: String) -> JSONValue? {
        get { members.first { $0.name.isIdentical(to: name) }?.value }
        set {
            let index = members.firstIndex { $0.name.isIdentical(to: name) }
            switch (index, newValue) {
            case (let index?, let value?): members[index].value = value
            case (let index?, nil): members.remove(at: index)
            case (nil, let value?): members.append(Member(name: name, value: value))
            case (nil, nil): break
            }
        }
    }

    /// Number of members.
    package var count: Int { members.count }
    /// True without members.
    package var isEmpty: Bool { members.isEmpty }
    /// The names in order.
    package var names: [String] { members.map(\.name) }
}

extension JSONValue {
    /// The string, if it is one.
    package var string: String? { if case .string(let value) = self { value } else { nil } }
    /// The boolean, if it is one.
    package var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
    /// The number, if it is one.
    package var number: JSONNumber? { if case .number(let value) = self { value } else { nil } }
    /// The exact integer, if it is a number that is one.
    package var int64: Int64? { number?.int64 }
    /// The double, if it is a number that has one.
    package var double: Double? { number?.double }
    /// The elements, if it is an array.
    package var array: [JSONValue]? { if case .array(let value) = self { value } else { nil } }
    /// The members, if it is an object.
    package var object: JSONObject? { if case .object(let value) = self { value } else { nil } }
    /// True for `null`.
    package var isNull: Bool { if case .null = self { true } else { false } }

    /// The member of that name, if it is an object that has one.
    package subscript(_ name: String) -> JSONValue? { object?[name] }
    /// The element at that place, if it is an array that has one.
    package subscript(_ index: Int) -> JSONValue? {
        guard let array, array.indices.contains(index) else { return nil }
        return array[index]
    }

    /// What it is, for messages: `null`, `boolean`, `number`, `string`, `array` or `object`.
    package var kindName: String {
        switch self {
        case .null: "null"
        case .bool: "boolean"
        case .number: "number"
        case .string: "string"
        case .array: "array"
        case .object: "object"
        }
    }
}

extension JSONValue: ExpressibleByNilLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByStringLiteral, ExpressibleByStringInterpolation, ExpressibleByArrayLiteral,
    ExpressibleByDictionaryLiteral
{
    /// `null`.
    package init(nilLiteral: ()) { self = .null }
    /// `true` or `false`.
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    /// An integer.
    package init(integerLiteral value: Int64) { self = .number(JSONNumber(value)) }
    /// A string.
    package init(stringLiteral value: String) { self = .string(value) }
    /// An array.
    package init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    /// An object; of two members with the same name the later one wins.
    package init(dictionaryLiteral elements: (String, JSONValue)...) {
        var object = JSONObject()
        for (name, value) in elements { object[name] = value }
        self = .object(object)
    }

    /// An integer.
    package init(_ value: some BinaryInteger & FixedWidthInteger) {
        self = .number(JSONNumber(checked: String(value)))
    }
}
