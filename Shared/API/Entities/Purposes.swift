package import GRPC

/// `PurposeMapping`: the name of a purpose.
package struct PurposeMapping: ProtoMessage {
    package static let protoName = "strmprivacy.api.entities.v1.PurposeMapping"

    /// Output only: the number that contracts and streams use.
    package var level: Int32 = 0
    /// What the data is used for.
    package var purpose = ""
    /// For people.
    package var description = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.int32(1, "level", &level, in: 0 ... .max)
        fields.text(2, "purpose", &purpose, [.required, .length(2...100)])
        fields.text(3, "description", &description, [.length(2 ... .max)])
    }
}

/// `ConsentLevels`: a list of purposes.
package struct ConsentLevels: ProtoMessage {
    package static let protoName = "strmprivacy.api.entities.v1.ConsentLevels"

    /// Purposes.
    package var consentLevels: [Int32] = []

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.int32s(1, "consentLevels", &consentLevels)
    }
}

/// `ConsentLevelMapping`: the name of a purpose.
package struct ConsentLevelMapping: ProtoMessage {
    package static let protoName = "strmprivacy.api.entities.v1.ConsentLevelMapping"

    /// Which one.
    @Required package var ref: ConsentLevelMappingRef
    /// The name.
    package var name = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "ref", &$ref)
        fields.text(2, "name", &name, [.required, .length(4...100), .name])
    }
}

/// `ConsentLevelMappingRef`.
package struct ConsentLevelMappingRef: ProtoMessage {
    package static let protoName = "strmprivacy.api.entities.v1.ConsentLevelMappingRef"

    /// Deprecated.
    package var billingID = ""
    /// The purpose's number.
    package var level: Int32 = 0
    /// The project's UUID.
    package var projectID = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "billingId", &billingID, [.empty])
        fields.int32(2, "level", &level, in: 0 ... .max)
        fields.text(3, "projectId", &projectID, [.required, .uuid])
    }
}
