// `strmprivacy.api.kafka_users.v1`

package import GRPC

/// Who may read what Kafka exporters write.
package enum KafkaUsersService: RPCService {
    package static let serviceName = "strmprivacy.api.kafka_users.v1.KafkaUsersService"

    /// All Kafka users that the caller may see.
    package static let listKafkaUsers: UnaryMethod<ListKafkaUsersRequest, ListKafkaUsersResponse> = unary(
        "ListKafkaUsers")
    /// One Kafka user.
    package static let getKafkaUser: UnaryMethod<GetKafkaUserRequest, GetKafkaUserResponse> = unary("GetKafkaUser")
    /// Removes a Kafka user.
    package static let deleteKafkaUser: UnaryMethod<DeleteKafkaUserRequest, DeleteKafkaUserResponse> = unary(
        "DeleteKafkaUser")
    /// Makes a Kafka user.
    package static let createKafkaUser: UnaryMethod<CreateKafkaUserRequest, CreateKafkaUserResponse> = unary(
        "CreateKafkaUser")

    package static let methods = [
        listKafkaUsers.shape, getKafkaUser.shape, deleteKafkaUser.shape, createKafkaUser.shape,
    ]
}

/// `ListKafkaUsersRequest`.
package struct ListKafkaUsersRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.kafka_users.v1.ListKafkaUsersRequest"

    /// Which one.
    @Required package var ref: KafkaExporterRef

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "ref", &$ref)
    }
}

/// `ListKafkaUsersResponse`.
package struct ListKafkaUsersResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.kafka_users.v1.ListKafkaUsersResponse"

    /// The users.
    package var kafkaUsers: [KafkaUser] = []

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.messages(1, "kafkaUsers", &kafkaUsers)
    }
}

/// `DeleteKafkaUserRequest`.
package struct DeleteKafkaUserRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.kafka_users.v1.DeleteKafkaUserRequest"

    /// Which one.
    @Required package var ref: KafkaUserRef

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "ref", &$ref)
    }
}

/// `CreateKafkaUserRequest`.
package struct CreateKafkaUserRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.kafka_users.v1.CreateKafkaUserRequest"

    /// The user.
    @Required package var kafkaUser: KafkaUser

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "kafkaUser", &$kafkaUser)
    }
}

/// `CreateKafkaUserResponse`.
package struct CreateKafkaUserResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.kafka_users.v1.CreateKafkaUserResponse"

    /// The user.
    package var kafkaUser: KafkaUser?

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "kafkaUser", &kafkaUser)
    }
}

/// `GetKafkaUserRequest`.
package struct GetKafkaUserRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.kafka_users.v1.GetKafkaUserRequest"

    /// Which one.
    @Required package var ref: KafkaUserRef

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "ref", &$ref)
    }
}

/// `GetKafkaUserResponse`.
package struct GetKafkaUserResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.kafka_users.v1.GetKafkaUserResponse"

    /// The user.
    package var kafkaUser: KafkaUser?

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "kafkaUser", &kafkaUser)
    }
}

/// `DeleteKafkaUserResponse`.
package struct DeleteKafkaUserResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.kafka_users.v1.DeleteKafkaUserResponse"

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {}
}
