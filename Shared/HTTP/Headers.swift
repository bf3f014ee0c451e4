internal import Bytes

/// Header fields in the order they came. Names are kept in lower case (RFC 9113 §8.2) and compared so; several fields
/// may have the same name.
package struct Headers: Sendable, Equatable, ExpressibleByDictionaryLiteral {
    /// One field.
    package struct Field: Sendable, Equatable {
        /// Lower case.
        package let name: String
        /// Without white space at both ends.
        package let value: String
    }

    /// All fields, in order.
    package private(set) var fields: [Field] = []

    /// No fields.
    package init() {}

    /// As written.
    package init(dictionaryLiteral elements: (String, String)...) {
        for (name, value) in elements { add(name, value) }
    }

    /// Appends a field, also when the name is there already.
    package mutating func add(_ name: String, _ value: String) {
        fields.append(Field(name: Self.lowercased(name), value: value))
    }

    /// The first value of that name; nil when there is none. Setting replaces all fields of that name.
    package subscript(_ name: String) -> String? {
        get {
            let name = Self.lowercased(name)
            return fields.first { $0.name == name }?.value
        }
        set {
            let name = Self.lowercased(name)
            fields.removeAll { $0.name == name }
            if let newValue { fields.append(Field(name: name, value: newValue)) }
        }
    }

    /// Every value of that name, in order.
    package func all(_ name: String) -> [String] {
        let name = Self.lowercased(name)
        return fields.filter { $0.name == name }.map(\.value)
    }

    /// True when a comma-separated list field of that name holds the token, letters without case.
    package func list(_ name: String, contains token: String) -> Bool {
        let token = Self.lowercased(token)
        return all(name).contains { value in
            value.utf8.split(separator: UInt8(ascii: ",")).contains { element in
                Array(element).withUnsafeBytes { Self.lowercased(String(decoding: ASCII.trimmed($0), as: UTF8.self)) }
                    == token
            }
        }
    }

    private static func lowercased(_ text: String) -> String {
        if text.utf8.allSatisfy({ ASCII.lowercased($0) == $0 }) { return text }
        return String(decoding: text.utf8.map(ASCII.lowercased), as: UTF8.self)
    }
}
