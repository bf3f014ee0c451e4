/// An enumeration of an interface definition; its zero value means "not specified".
package protocol ProtoEnum: Sendable, Hashable, RawRepresentable<Int32>, CaseIterable {
    /// Its full name in the definition: `strmprivacy.api.entities.v1.Policy.State`.
    static var protoName: String { get }
    /// The names of the values in the definition, in the order of the cases.
    static var names: [String] { get }
    /// The zero value.
    static var unspecified: Self { get }
}

extension ProtoEnum {
    /// Every case with its name.
    package static var named: Zip2Sequence<AllCases, [String]> { zip(allCases, names) }

    /// The value's name in the definition: `STATE_ACTIVE`.
    package var protoName: String {
        for (value, name) in Self.named where value == self { return name }
        preconditionFailure("\(Self.protoName) names each of its cases")
    }
}

/// A field of an enumeration. The sender may know more values than we do: such a number reads as `unspecified`, breaks the
/// rules, and is passed on unchanged.
@propertyWrapper
package struct Open<Value: ProtoEnum>: Sendable, Equatable {
    /// The number on the wire.
    package var number: Int32

    /// `unspecified`.
    package init() { number = 0 }

    /// A number that may be unknown here.
    package init(number: Int32) { self.number = number }

    /// A known value.
    package init(wrappedValue: Value) { number = wrappedValue.rawValue }

    /// The value; `unspecified` when the number is unknown.
    package var wrappedValue: Value {
        get { Value(rawValue: number) ?? .unspecified }
        set { number = newValue.rawValue }
    }

    /// The field itself, for its declaration and for its number.
    package var projectedValue: Open<Value> {
        get { self }
        set { self = newValue }
    }

    /// False for a number that we do not know.
    var isKnown: Bool { Value(rawValue: number) != nil }
}

/// A field that must hold a message. It reads as the empty message while it has none, as every protobuf library has it;
/// `$field.isSet` tells, and the rules refuse it.
@propertyWrapper
package struct Required<Message: ProtoMessage>: Sendable, Equatable {
    /// The message, if there is one.
    package var message: Message?

    /// No message yet.
    package init() { message = nil }

    /// A message.
    package init(wrappedValue: Message) { message = wrappedValue }

    /// The message, or the empty one.
    package var wrappedValue: Message {
        get { message ?? Message() }
        _modify {
            var held = message.take() ?? Message()
            defer { message = held }
            yield &held
        }
    }

    /// The field itself, for its declaration and to ask whether it is set.
    package var projectedValue: Required<Message> {
        get { self }
        set { self = newValue }
    }

    /// True when there is a message, also an empty one.
    package var isSet: Bool { message != nil }
}
