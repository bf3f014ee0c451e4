// `strmprivacy.api.credentials.v1`

package import GRPC

/// Credentials of a stream's clients.
package enum CredentialsService: RPCService {
    package static let serviceName = "strmprivacy.api.credentials.v1.CredentialsService"

    /// All credentials that the caller may see.
    package static let listCredentials: UnaryMethod<ListCredentialsRequest, ListCredentialsResponse> = unary(
        "ListCredentials")
    /// One credential.
    package static let getCredential: UnaryMethod<GetCredentialRequest, GetCredentialResponse> = unary("GetCredential")
    /// Makes a credential.
    package static let createCredential: UnaryMethod<CreateCredentialRequest, CreateCredentialResponse> = unary(
        "CreateCredential")
    /// Removes a credential.
    package static let deleteCredential: UnaryMethod<DeleteCredentialRequest, DeleteCredentialResponse> = unary(
        "DeleteCredential")

    package static let methods = [
        listCredentials.shape, getCredential.shape, createCredential.shape, deleteCredential.shape,
    ]
}

/// `ListCredentialsRequest`.
package struct ListCredentialsRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.credentials.v1.ListCredentialsRequest"

    /// Which stream.
    @Required package var streamRef: StreamRef

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "streamRef", &$streamRef)
    }
}

/// `ListCredentialsResponse`.
package struct ListCredentialsResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.credentials.v1.ListCredentialsResponse"

    /// Credentials.
    package var credentials: [Credentials] = []

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.messages(1, "credentials", &credentials)
    }
}

/// `DeleteCredentialRequest`.
package struct DeleteCredentialRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.credentials.v1.DeleteCredentialRequest"

    /// Who authenticates.
    package var clientID = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "clientId", &clientID, [.required])
    }
}

/// `GetCredentialRequest`.
package struct GetCredentialRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.credentials.v1.GetCredentialRequest"

    /// Who authenticates.
    package var clientID = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "clientId", &clientID, [.required])
    }
}

/// `GetCredentialResponse`.
package struct GetCredentialResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.credentials.v1.GetCredentialResponse"

    /// The credentials, without their secret.
    package var credential: Credentials?

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "credential", &credential)
    }
}

/// `CreateCredentialRequest`.
package struct CreateCredentialRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.credentials.v1.CreateCredentialRequest"

    /// Which stream.
    @Required package var streamRef: StreamRef

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "streamRef", &$streamRef)
    }
}

/// `CreateCredentialResponse`.
package struct CreateCredentialResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.credentials.v1.CreateCredentialResponse"

    /// The credentials; the only time that the secret is shown.
    package var credentials: Credentials?

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "credentials", &credentials)
    }
}

/// `DeleteCredentialResponse`.
package struct DeleteCredentialResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.credentials.v1.DeleteCredentialResponse"

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {}
}
