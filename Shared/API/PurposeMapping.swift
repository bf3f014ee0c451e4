// `strmprivacy.api.purpose_mapping.v1`

package import GRPC

/// The names of purposes.
package enum PurposeMappingService: RPCService {
    package static let serviceName = "strmprivacy.api.purpose_mapping.v1.PurposeMappingService"

    /// All purpose mappings that the caller may see.
    package static let listPurposeMappings: UnaryMethod<ListPurposeMappingsRequest, ListPurposeMappingsResponse> =
        unary("ListPurposeMappings")
    /// One purpose mapping.
    package static let getPurposeMapping: UnaryMethod<GetPurposeMappingRequest, GetPurposeMappingResponse> = unary(
        "GetPurposeMapping")
    /// Makes a purpose mapping.
    package static let createPurposeMapping: UnaryMethod<CreatePurposeMappingRequest, CreatePurposeMappingResponse> =
        unary("CreatePurposeMapping")

    package static let methods = [listPurposeMappings.shape, getPurposeMapping.shape, createPurposeMapping.shape]
}

/// `ListPurposeMappingsResponse`.
package struct ListPurposeMappingsResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.purpose_mapping.v1.ListPurposeMappingsResponse"

    /// The purposes.
    package var purposeMappings: [PurposeMapping] = []

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.messages(1, "purposeMappings", &purposeMappings)
    }
}

/// `CreatePurposeMappingRequest`.
package struct CreatePurposeMappingRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.purpose_mapping.v1.CreatePurposeMappingRequest"

    /// The purpose.
    @Required package var purposeMapping: PurposeMapping

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "purposeMapping", &$purposeMapping)
    }
}

/// `CreatePurposeMappingResponse`.
package struct CreatePurposeMappingResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.purpose_mapping.v1.CreatePurposeMappingResponse"

    /// The purpose.
    package var purposeMapping: PurposeMapping?

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "purposeMapping", &purposeMapping)
    }
}

/// `GetPurposeMappingRequest`.
package struct GetPurposeMappingRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.purpose_mapping.v1.GetPurposeMappingRequest"

    /// The purpose's number.
    package var level: Int32 = 0

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.int32(1, "level", &level, in: 0 ... .max)
    }
}

/// `GetPurposeMappingResponse`.
package struct GetPurposeMappingResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.purpose_mapping.v1.GetPurposeMappingResponse"

    /// The purpose.
    package var purposeMapping: PurposeMapping?

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "purposeMapping", &purposeMapping)
    }
}

/// `ListPurposeMappingsRequest`.
package struct ListPurposeMappingsRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.purpose_mapping.v1.ListPurposeMappingsRequest"

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {}
}
