/// What a field path leads to.
///
/// A path is a list of field names joined with `/`: `customer/id`. It goes through records and optional records; through
/// a list of records it addresses the field in every element. It does not go through maps and unions of several types.
package struct AvroPathTarget: Sendable, Equatable {
    /// The kinds of values that can be recorded and replaced.
    package enum Kind: Sendable, Equatable {
        /// A string.
        case text
        /// A string or null.
        case optionalText
        /// A list of strings.
        case textList
        /// A list of strings, or null in place of the list.
        case optionalTextList
        /// Anything else.
        case other
    }

    /// The field's type.
    package let schema: AvroSchema
    /// The field's kind.
    package let kind: Kind
    /// True if the path goes through a list, so that an event has any number of values for it.
    package let isInsideList: Bool

    /// True for everything that holds strings.
    package var holdsText: Bool { kind != .other }
    /// True for one string per event, possibly null.
    package var isSingleText: Bool { !isInsideList && (kind == .text || kind == .optionalText) }
}

extension AvroSchema {
    /// What the path leads to, or nil if the schema has no such field.
    package func target(of path: String) -> AvroPathTarget? {
        var schema = self
        var isInsideList = false
        for segment in path.split(separator: "/", omittingEmptySubsequences: false) {
            guard let record = schema.recordBelow(&isInsideList), let field = record.field(String(segment)) else {
                return nil
            }
            schema = field.schema
        }
        return AvroPathTarget(schema: schema, kind: schema.targetKind, isInsideList: isInsideList)
    }

    /// The record that this type is, or wraps in lists and optional values.
    private func recordBelow(_ isInsideList: inout Bool) -> AvroRecord? {
        var schema = self
        while true {
            if case .record(let record) = schema { return record }
            if case .array(let items) = schema {
                isInsideList = true
                schema = items
            } else if let optional = schema.optional {
                schema = optional.value
            } else {
                return nil
            }
        }
    }

    private var targetKind: AvroPathTarget.Kind {
        if isText { return self == .string ? .text : .optionalText }
        if isTextList { return optional == nil ? .textList : .optionalTextList }
        return .other
    }
}
