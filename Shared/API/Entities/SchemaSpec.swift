package import GRPC
package import Wire

/// `Schema`: the shape of events, as an Avro or JSON schema text or as a simple schema.
package struct SchemaSpec: ProtoMessage {
    package static let protoName = "strmprivacy.api.entities.v1.Schema"

    /// Which schema.
    @Required package var ref: SchemaRef
    /// Where it stands in its life.
    @Open package var state: State
    /// Usable by every organisation.
    package var isPublic = false
    /// The schema's text, when it is not a simple schema.
    package var definition = ""
    /// Output only: CRC-64-AVRO of the canonical form, in decimal.
    package var fingerprint = ""
    /// For people.
    package var metadata: SchemaMetadata?
    /// The schema as a tree of typed nodes.
    package var simpleSchema: SimpleSchema?
    /// Output only: UUID.
    package var id = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "ref", &$ref)
        fields.enumeration(2, "state", &$state)
        fields.flag(3, "isPublic", &isPublic)
        fields.text(4, "definition", &definition)
        fields.text(5, "fingerprint", &fingerprint)
        fields.message(6, "metadata", &metadata)
        fields.message(7, "simpleSchema", &simpleSchema)
        fields.text(8, "id", &id, [.uuid])
        fields.require(
            !definition.isEmpty || simpleSchema != nil, "definition", "must be set, or simpleSchema in its place")
    }

    /// `Schema.State`.
    package enum State: Int32, ProtoEnum {
        package static let protoName = "strmprivacy.api.entities.v1.Schema.State"

        case unspecified = 0
        case draft = 1
        case active = 2
        case archived = 3
        case inReview = 4
        case incomplete = 5
        case approved = 6

        package static let names = [
            "STATE_UNSPECIFIED", "DRAFT", "ACTIVE", "ARCHIVED", "IN_REVIEW", "INCOMPLETE", "APPROVED",
        ]
    }
}

/// `SchemaRef`.
package struct SchemaRef: ProtoMessage {
    package static let protoName = "strmprivacy.api.entities.v1.SchemaRef"

    /// The owner's short name.
    package var handle = ""
    /// The schema's name.
    package var name = ""
    /// Three numbers joined with points.
    package var version = ""
    /// Which language the schema is written in.
    @Open package var schemaType: SchemaType

    package init() {}

    /// The reference without its type.
    package var contractRef: ContractRef { ContractRef(handle: handle, name: name, version: version) }

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "handle", &handle, [.required, .length(4...100), .noSlash])
        fields.text(2, "name", &name, [.required, .length(4...100), .noSlash])
        fields.text(3, "version", &version, [.required, .version])
        fields.enumeration(4, "schemaType", &$schemaType)
    }
}

/// `SchemaMetadata`: for people.
package struct SchemaMetadata: ProtoMessage {
    package static let protoName = "strmprivacy.api.entities.v1.SchemaMetadata"

    /// 4–100 characters.
    package var title = ""
    /// At most 5000 characters.
    package var description = ""
    /// Output only.
    package var createTime: ProtoTimestamp?
    /// `https://…`.
    package var iconURI = ""
    /// Free labels.
    package var labels: [Label] = []
    /// Free words.
    package var domains: [String] = []
    /// Free words.
    package var industries: [String] = []

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "title", &title, [.length(4...100), .noControl])
        fields.text(2, "description", &description, [.length(0...5000)])
        fields.message(3, "createTime", &createTime)
        fields.text(4, "iconUri", &iconURI, [.uri, .prefix("https://")])
        fields.messages(5, "labels", &labels)
        fields.texts(6, "domains", &domains)
        fields.texts(7, "industries", &industries)
    }
}

/// `SchemaType`.
package enum SchemaType: Int32, ProtoEnum {
    package static let protoName = "strmprivacy.api.entities.v1.SchemaType"

    case unspecified = 0
    case avro = 1
    case jsonSchema = 2

    package static let names = ["SCHEMA_TYPE_UNSPECIFIED", "AVRO", "JSONSCHEMA"]
}

/// `Schema.SimpleSchemaDefinition`: a record and its nodes.
package struct SimpleSchema: ProtoMessage {
    package static let protoName = "strmprivacy.api.entities.v1.Schema.SimpleSchemaDefinition"

    /// For people; the record's name is made from it when `avroName` is empty.
    package var name = ""
    /// The Avro namespace; made from the contract reference when empty.
    package var namespace = ""
    /// The record's documentation.
    package var doc = ""
    /// The record's fields.
    package var nodes: [SimpleSchemaNode] = []
    /// The record's Avro name.
    package var avroName = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "name", &name, [.required, .noControl])
        fields.text(2, "namespace", &namespace, [.avroNamespace])
        fields.text(3, "doc", &doc, [.length(0...5000)])
        fields.messages(4, "nodes", &nodes)
        fields.text(5, "avroName", &avroName, [.avroName])
    }
}

/// `SimpleSchemaNode`: one field of a simple schema.
package struct SimpleSchemaNode: ProtoMessage {
    package static let protoName = "strmprivacy.api.entities.v1.SimpleSchemaNode"

    /// What the field holds.
    @Open package var type: SimpleSchemaNodeType
    /// For people; the field's name is made from it when `avroName` is empty.
    package var name = ""
    /// A list of what `type` says.
    package var repeated = false
    /// Not nullable.
    package var required = false
    /// The fields of a `NODE`.
    package var nodes: [SimpleSchemaNode] = []
    /// The field's documentation.
    package var doc = ""
    /// The field's Avro name.
    package var avroName = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.enumeration(1, "type", &$type, required: true)
        fields.text(2, "name", &name, [.required, .noControl])
        fields.flag(3, "repeated", &repeated)
        fields.flag(4, "required", &required)
        fields.messages(5, "nodes", &nodes)
        fields.text(6, "doc", &doc, [.length(0...5000)])
        fields.text(7, "avroName", &avroName, [.avroName])
        fields.require(type != .node || !nodes.isEmpty, "nodes", "must hold at least one node when type is NODE")
        fields.require(type == .node || nodes.isEmpty, "nodes", "may be given only when type is NODE")
    }
}

/// `SimpleSchemaNodeType`.
package enum SimpleSchemaNodeType: Int32, ProtoEnum {
    package static let protoName = "strmprivacy.api.entities.v1.SimpleSchemaNodeType"

    case unspecified = 0
    case string = 1
    case boolean = 2
    /// 32 bits.
    case float = 3
    /// 32 bits.
    case integer = 4
    case long = 5
    /// A nested record.
    case node = 10

    package static let names = [
        "SIMPLE_SCHEMA_NODE_TYPE_UNSPECIFIED", "STRING", "BOOLEAN", "FLOAT", "INTEGER", "LONG", "NODE",
    ]
}
