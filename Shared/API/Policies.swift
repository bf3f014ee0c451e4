// `strmprivacy.api.policies.v1`

package import GRPC

/// How long data is kept.
package enum PoliciesService: RPCService {
    package static let serviceName = "strmprivacy.api.policies.v1.PoliciesService"

    /// All policies that the caller may see.
    package static let listPolicies: UnaryMethod<ListPoliciesRequest, ListPoliciesResponse> = unary("ListPolicies")
    /// One policy.
    package static let getPolicy: UnaryMethod<GetPolicyRequest, GetPolicyResponse> = unary("GetPolicy")
    /// Removes a policy.
    package static let deletePolicy: UnaryMethod<DeletePolicyRequest, DeletePolicyResponse> = unary("DeletePolicy")
    /// Makes a policy.
    package static let createPolicy: UnaryMethod<CreatePolicyRequest, CreatePolicyResponse> = unary("CreatePolicy")
    /// Changes the fields that the mask names.
    package static let updatePolicy: UnaryMethod<UpdatePolicyRequest, UpdatePolicyResponse> = unary("UpdatePolicy")

    package static let methods = [
        listPolicies.shape, getPolicy.shape, deletePolicy.shape, createPolicy.shape, updatePolicy.shape,
    ]
}

/// `ListPoliciesResponse`.
package struct ListPoliciesResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.policies.v1.ListPoliciesResponse"

    /// The policies.
    package var policies: [PolicySpec] = []

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.messages(1, "policies", &policies)
    }
}

/// `DeletePolicyRequest`.
package struct DeletePolicyRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.policies.v1.DeletePolicyRequest"

    /// The policy's UUID.
    package var policyID = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "policyId", &policyID, [.required, .uuid])
    }
}

/// `CreatePolicyRequest`.
package struct CreatePolicyRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.policies.v1.CreatePolicyRequest"

    /// The policy.
    @Required package var policy: PolicySpec

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "policy", &$policy)
    }
}

/// `CreatePolicyResponse`.
package struct CreatePolicyResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.policies.v1.CreatePolicyResponse"

    /// The policy.
    package var policy: PolicySpec?

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "policy", &policy)
    }
}

/// `UpdatePolicyRequest`.
package struct UpdatePolicyRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.policies.v1.UpdatePolicyRequest"

    /// The policy.
    @Required package var policy: PolicySpec
    /// Which fields change.
    @Required package var updateMask: FieldMask

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "policy", &$policy)
        fields.message(2, "updateMask", &$updateMask)
    }
}

/// `UpdatePolicyResponse`.
package struct UpdatePolicyResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.policies.v1.UpdatePolicyResponse"

    /// The policy.
    package var policy: PolicySpec?

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "policy", &policy)
    }
}

/// `GetPolicyRequest`.
package struct GetPolicyRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.policies.v1.GetPolicyRequest"

    /// The policy's UUID; empty means the default policy.
    package var policyID = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "policyId", &policyID, [.uuid])
    }
}

/// `GetPolicyResponse`.
package struct GetPolicyResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.policies.v1.GetPolicyResponse"

    /// The policy.
    package var policy: PolicySpec?

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "policy", &policy)
    }
}

/// `ListPoliciesRequest`.
package struct ListPoliciesRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.policies.v1.ListPoliciesRequest"

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {}
}

/// `DeletePolicyResponse`.
package struct DeletePolicyResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.policies.v1.DeletePolicyResponse"

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {}
}
