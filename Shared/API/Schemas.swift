// `strmprivacy.api.schemas.v1`

package import GRPC

/// Schemas of before contracts held them.
package enum SchemasService: RPCService {
    package static let serviceName = "strmprivacy.api.schemas.v1.SchemasService"

    /// All schemas that the caller may see.
    package static let listSchemas: UnaryMethod<ListSchemasRequest, ListSchemasResponse> = unary("ListSchemas")
    /// One schema.
    package static let getSchema: UnaryMethod<GetSchemaRequest, GetSchemaResponse> = unary("GetSchema")
    /// Makes a schema.
    package static let createSchema: UnaryMethod<CreateSchemaRequest, CreateSchemaResponse> = unary("CreateSchema")
    /// Changes a draft.
    package static let updateSchema: UnaryMethod<UpdateSchemaRequest, UpdateSchemaResponse> = unary("UpdateSchema")
    /// The schema as a package of a programming language.
    package static let getSchemaCode: UnaryMethod<GetSchemaCodeRequest, GetSchemaCodeResponse> = unary("GetSchemaCode")
    /// Makes a draft usable.
    package static let activateSchema: UnaryMethod<ActivateSchemaRequest, ActivateSchemaResponse> = unary(
        "ActivateSchema")
    /// Removes a schema.
    package static let deleteSchema: UnaryMethod<DeleteSchemaRequest, DeleteSchemaResponse> = unary("DeleteSchema")
    /// Puts a schema away.
    package static let archiveSchema: UnaryMethod<ArchiveSchemaRequest, ArchiveSchemaResponse> = unary("ArchiveSchema")
    /// The text of a schema.
    package static let getSchemaDefinition: UnaryMethod<GetSchemaDefinitionRequest, GetSchemaDefinitionResponse> =
        unary("GetSchemaDefinition")

    package static let methods = [
        listSchemas.shape, getSchema.shape, createSchema.shape, updateSchema.shape, getSchemaCode.shape,
        activateSchema.shape, deleteSchema.shape, archiveSchema.shape, getSchemaDefinition.shape,
    ]
}

/// `ListSchemasRequest`.
package struct ListSchemasRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.schemas.v1.ListSchemasRequest"

    /// Deprecated.
    package var billingID = ""
    /// A text that names hold.
    package var filter = ""
    /// The organisation's short name.
    package var handle = ""
    /// The name.
    package var name = ""
    /// Whose entities are wanted.
    @Open package var publicPrivate: FilterPublicPrivate
    /// Which language the schemas are written in.
    @Open package var schemaType: SchemaType
    /// Free labels.
    package var labels: [Label] = []
    /// Free words.
    package var domains: [String] = []
    /// Free words.
    package var industries: [String] = []

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "billingId", &billingID)
        fields.text(2, "filter", &filter)
        fields.text(3, "handle", &handle)
        fields.text(4, "name", &name)
        fields.enumeration(5, "publicPrivate", &$publicPrivate)
        fields.enumeration(6, "schemaType", &$schemaType)
        fields.messages(7, "labels", &labels)
        fields.texts(8, "domains", &domains)
        fields.texts(9, "industries", &industries)
    }
}

/// `ListSchemasResponse`.
package struct ListSchemasResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.schemas.v1.ListSchemasResponse"

    /// The schemas.
    package var schemas: [SchemaSpec] = []

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.messages(1, "schemas", &schemas)
    }
}

/// `GetSchemaRequest`.
package struct GetSchemaRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.schemas.v1.GetSchemaRequest"

    /// Deprecated.
    package var billingID = ""
    /// Which one.
    package var ref: SchemaRef?
    /// Which cluster.
    package var clusterRef: KafkaClusterRef?

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "billingId", &billingID)
        fields.message(2, "ref", &ref)
        fields.message(3, "clusterRef", &clusterRef)
    }
}

/// `GetSchemaResponse`.
package struct GetSchemaResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.schemas.v1.GetSchemaResponse"

    /// The schema.
    package var schema: SchemaSpec?
    /// The number of the schema in a schema registry.
    package var confluentID: Int32 = 0
    /// Changes whenever the entity does; an update must name the last one.
    package var checksum = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "schema", &schema)
        fields.int32(2, "confluentId", &confluentID)
        fields.text(3, "checksum", &checksum)
    }
}

/// `CreateSchemaRequest`.
package struct CreateSchemaRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.schemas.v1.CreateSchemaRequest"

    /// Deprecated.
    package var billingID = ""
    /// The schema.
    package var schema: SchemaSpec?
    /// The project's UUID.
    package var projectID = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "billingId", &billingID)
        fields.message(2, "schema", &schema)
        fields.text(3, "projectId", &projectID)
    }
}

/// `CreateSchemaResponse`.
package struct CreateSchemaResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.schemas.v1.CreateSchemaResponse"

    /// The schema.
    package var schema: SchemaSpec?
    /// Changes whenever the entity does; an update must name the last one.
    package var checksum = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "schema", &schema)
        fields.text(2, "checksum", &checksum)
    }
}

/// `UpdateSchemaRequest`.
package struct UpdateSchemaRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.schemas.v1.UpdateSchemaRequest"

    /// Deprecated.
    package var billingID = ""
    /// The schema.
    package var schema: SchemaSpec?
    /// Changes whenever the entity does; an update must name the last one.
    package var checksum = ""
    /// Which fields change.
    package var updateMask: FieldMask?
    /// The project's UUID.
    package var projectID = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "billingId", &billingID)
        fields.message(2, "schema", &schema)
        fields.text(3, "checksum", &checksum)
        fields.message(4, "updateMask", &updateMask)
        fields.text(5, "projectId", &projectID)
    }
}

/// `UpdateSchemaResponse`.
package struct UpdateSchemaResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.schemas.v1.UpdateSchemaResponse"

    /// The schema.
    package var schema: SchemaSpec?
    /// Changes whenever the entity does; an update must name the last one.
    package var checksum = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "schema", &schema)
        fields.text(2, "checksum", &checksum)
    }
}

/// `ActivateSchemaRequest`.
package struct ActivateSchemaRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.schemas.v1.ActivateSchemaRequest"

    /// Deprecated.
    package var billingID = ""
    /// Which schema.
    package var schemaRef: SchemaRef?
    /// The project's UUID.
    package var projectID = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "billingId", &billingID)
        fields.message(2, "schemaRef", &schemaRef)
        fields.text(3, "projectId", &projectID)
    }
}

/// `DeleteSchemaRequest`.
package struct DeleteSchemaRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.schemas.v1.DeleteSchemaRequest"

    /// Deprecated.
    package var billingID = ""
    /// Which schema.
    package var schemaRef: SchemaRef?
    /// The project's UUID.
    package var projectID = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "billingId", &billingID)
        fields.message(2, "schemaRef", &schemaRef)
        fields.text(3, "projectId", &projectID)
    }
}

/// `ArchiveSchemaRequest`.
package struct ArchiveSchemaRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.schemas.v1.ArchiveSchemaRequest"

    /// Deprecated.
    package var billingID = ""
    /// Which schema.
    package var schemaRef: SchemaRef?
    /// The project's UUID.
    package var projectID = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "billingId", &billingID)
        fields.message(2, "schemaRef", &schemaRef)
        fields.text(3, "projectId", &projectID)
    }
}

/// `GetSchemaCodeRequest`.
package struct GetSchemaCodeRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.schemas.v1.GetSchemaCodeRequest"

    /// Deprecated.
    package var billingID = ""
    /// Which one.
    package var ref: SchemaRef?
    /// The programming language.
    package var language = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "billingId", &billingID)
        fields.message(2, "ref", &ref)
        fields.text(3, "language", &language)
    }
}

/// `GetSchemaCodeResponse`.
package struct GetSchemaCodeResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.schemas.v1.GetSchemaCodeResponse"

    /// What to call the file.
    package var filename = ""
    /// Bytes of `data`.
    package var dataSize: Int64 = 0
    /// The file.
    package var data: [UInt8] = []

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "filename", &filename)
        fields.int64(2, "dataSize", &dataSize)
        fields.bytes(3, "data", &data)
    }
}

/// `GetSchemaDefinitionRequest`.
package struct GetSchemaDefinitionRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.schemas.v1.GetSchemaDefinitionRequest"

    /// The number of the schema in a schema registry.
    package var confluentID: Int32 = 0
    /// Which cluster.
    package var clusterRef: KafkaClusterRef?

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.int32(1, "confluentId", &confluentID)
        fields.message(2, "clusterRef", &clusterRef)
    }
}

/// `GetSchemaDefinitionResponse`.
package struct GetSchemaDefinitionResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.schemas.v1.GetSchemaDefinitionResponse"

    /// The schema as text.
    package var definition = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "definition", &definition)
    }
}

/// `ActivateSchemaResponse`.
package struct ActivateSchemaResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.schemas.v1.ActivateSchemaResponse"

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {}
}

/// `DeleteSchemaResponse`.
package struct DeleteSchemaResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.schemas.v1.DeleteSchemaResponse"

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {}
}

/// `ArchiveSchemaResponse`.
package struct ArchiveSchemaResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.schemas.v1.ArchiveSchemaResponse"

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {}
}
