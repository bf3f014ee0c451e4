internal import JSON

/// A group of message fields of which at most one is set: an enumeration with a case for each of them.
package protocol ProtoOneof: Sendable, Equatable {
    /// Declares every member, in the order of the definition.
    static func visit(_ members: inout OneofMembers<Self>)
}

/// Takes the members of a oneof.
package struct OneofMembers<Choice: ProtoOneof> {
    /// One member, with its type wrapped up.
    struct Member {
        let number: Int
        let name: String
        let shape: (_ oneof: String) -> ProtoFieldShape
        /// Visits the field if this member is the one that is held.
        let write: (inout ProtoFields) -> Void
        /// Reads what stands behind a place of the input into the value; merges with what the value held.
        let read: (inout ProtoFields, inout Choice?, _ behind: Int) -> Void
        /// The member's name as it was given, if it was.
        let readJSON: (inout ProtoFields, inout Choice?) -> String?

        func read(_ fields: inout ProtoFields, _ value: inout Choice?, behind place: Int) {
            read(&fields, &value, place)
        }
    }

    private let held: Choice?
    private(set) var all: [Member] = []

    init(held: Choice?) { self.held = held }

    /// A member.
    ///
    /// - Parameters:
    ///   - wrap: The case that holds the message.
    ///   - unwrap: The message, if it is this case.
    package mutating func message<Value: ProtoMessage>(
        _ number: Int, _ name: String, _ wrap: @escaping (Value) -> Choice, _ unwrap: @escaping (Choice) -> Value?
    ) {
        let held = self.held
        all.append(
            Member(
                number: number, name: name,
                shape: { oneof in
                    ProtoFieldShape(
                        number: number, jsonName: name, kind: .message(Value.self), label: .singular, oneof: oneof)
                },
                write: { fields in
                    var message = held.flatMap(unwrap)
                    fields.message(number, name, &message)
                },
                read: { fields, value, behind in
                    var message = behind < 0 ? value.flatMap(unwrap) ?? Value() : Value()
                    for place in fields.places(of: number)
                    where fields.isForm(.bytes, place) && fields.start(place) > behind {
                        fields.within(.member(name)) { fields in message.visit(&fields, at: place) }
                    }
                    value = wrap(message)
                },
                readJSON: { fields, value in
                    let (found, name) = fields.take(name)
                    guard let found else { return nil }
                    var message = Value()
                    fields.within(.member(name)) { fields in fields.readJSON(found, into: &message) }
                    value = wrap(message)
                    return name
                }))
    }
}
