// `strmprivacy.api.paging.v1`

package import GRPC

/// `TimestampPageToken`.
package struct TimestampPageToken: ProtoMessage {
    package static let protoName = "strmprivacy.api.paging.v1.TimestampPageToken"

    /// The time of the last entry shown.
    package var timestamp = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "timestamp", &timestamp)
    }
}

/// `OffsetPageToken`.
package struct OffsetPageToken: ProtoMessage {
    package static let protoName = "strmprivacy.api.paging.v1.OffsetPageToken"

    /// How many entries were shown.
    package var offset: Int64 = 0

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.int64(1, "offset", &offset)
    }
}

/// `FieldsOffsetPageToken`.
package struct FieldsOffsetPageToken: ProtoMessage {
    package static let protoName = "strmprivacy.api.paging.v1.FieldsOffsetPageToken"

    /// Name of a field → where its page ended.
    package var fields: [String: FieldsOffsetPageToken.FieldOffset] = [:]

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.messageMap(1, "fields", &self.fields)
    }

    /// `FieldsOffsetPageToken.FieldOffset`.
    package struct FieldOffset: ProtoMessage {
        package static let protoName = "strmprivacy.api.paging.v1.FieldsOffsetPageToken.FieldOffset"

        /// The value of the last entry shown.
        package var lastValue = ""
        /// Which way.
        @Open package var ordering: FieldsOffsetPageToken.Ordering

        package init() {}

        package mutating func visit(_ fields: inout ProtoFields) {
            fields.text(1, "lastValue", &lastValue)
            fields.enumeration(2, "ordering", &$ordering)
        }
    }

    /// `FieldsOffsetPageToken.Ordering`.
    package enum Ordering: Int32, ProtoEnum {
        package static let protoName = "strmprivacy.api.paging.v1.FieldsOffsetPageToken.Ordering"
        package static let names = ["ORDERING_UNSPECIFIED", "ASC", "DESC"]

        case unspecified = 0
        case asc = 1
        case desc = 2
    }
}
