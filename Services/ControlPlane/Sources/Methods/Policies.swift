import API
import GRPC
import PlaneConfig

extension MethodTable {
    /// `PoliciesService`. Listing answers whoever may look at anything: the public command line needs it beside other answers.
    mutating func addPolicies() {
        list(PoliciesService.listPolicies, .everybody(.view)) { call, _ throws(CallError) in
            var response = ListPoliciesResponse()
            response.policies = try call.policies()
            return response
        }
        read(PoliciesService.getPolicy, .everybody(.view)) { call, request throws(CallError) in
            var response = GetPolicyResponse()
            response.policy = request.policyID.isEmpty ? .standard : try call.knownPolicy(request.policyID)
            return response
        }
        change(PoliciesService.createPolicy, .people(.createResources)) { call, change, request throws(CallError) in
            var response = CreatePolicyResponse()
            response.policy = try call.create(request.policy, change)
            return response
        }
        change(PoliciesService.updatePolicy, .people(.createResources)) { call, change, request throws(CallError) in
            var response = UpdatePolicyResponse()
            response.policy = try call.update(request.policy, request.updateMask, change)
            return response
        }
        change(PoliciesService.deletePolicy, .people(.deleteResources)) { call, change, request throws(CallError) in
            let policy = try call.storedPolicy(request.policyID)
            guard policy.state != .active else {
                throw .refused("policy \(policy.name) is active: archive it before you delete it")
            }
            let users = try call.users(ofPolicy: policy.id)
            guard users.isEmpty else {
                throw .refused("policy \(policy.name) is used by \(users.joined(separator: ", "))")
            }
            try change.removePolicy(policy.id)
            try change.audit(.policy, policy.name, before: policy.json, after: nil)
            return DeletePolicyResponse()
        }
    }
}

/// The way of a policy: a draft can be edited, an active one can be used, an archived one is for looking only.
extension PolicySpec.State {
    /// The state that may come next; nil behind the last one.
    var next: PolicySpec.State? {
        switch self {
        case .draft: .active
        case .active: .archived
        case .archived, .unspecified: nil
        }
    }
}

extension Call {
    /// All policies but the default one: those of the plane folder, then the others, the oldest first.
    func policies() throws(CallError) -> [PolicySpec] { try folder.snapshot.policies + view.policies() }

    /// A policy by its UUID, wherever it is described.
    ///
    /// - Throws: `.notFound`.
    fileprivate func knownPolicy(_ id: String) throws(CallError) -> PolicySpec {
        guard let policy = try policy(id) else { throw .notFound(.policy, id) }
        return policy
    }

    /// A policy that can be changed.
    ///
    /// - Throws: `.notFound`; `.refused` for a policy of the plane folder.
    fileprivate func storedPolicy(_ id: String) throws(CallError) -> PolicySpec {
        if let policy = folderPolicy(id) {
            throw .refused("policy \(policy.name) is described in the plane folder: change it there")
        }
        return try knownPolicy(id)
    }

    private func folderPolicy(_ id: String) -> PolicySpec? {
        folder.snapshot.policies.first { $0.id.lowercased() == id.lowercased() }
    }

    fileprivate func create(_ asked: PolicySpec, _ change: StateChange) throws(CallError) -> PolicySpec {
        var policy = asked
        policy.id = asked.id.isEmpty ? StateSecrets.newID() : asked.id.lowercased()
        guard policy.state == .unspecified || policy.state == .draft else {
            throw .invalid(field: "policy.state", rule: "must be STATE_DRAFT, with which every policy begins")
        }
        policy.state = .draft
        try checkComplete(policy)
        guard try self.policy(policy.id) == nil else { throw .alreadyExists(.policy, policy.id) }
        try checkName(of: policy)
        try change.add(policy)
        try change.audit(.policy, policy.name, before: nil, after: policy.json)
        return policy
    }

    fileprivate func update(
        _ asked: PolicySpec, _ mask: FieldMask, _ change: StateChange
    ) throws(CallError) -> PolicySpec {
        if asked.id.isEmpty { throw .invalid(field: "policy.id", rule: "must be set") }
        let before = try storedPolicy(asked.id)
        if mask.paths.isEmpty { throw .invalid(field: "update_mask", rule: "must name the fields to change") }
        var after = before
        var isEdited = false
        for path in mask.paths {
            switch path {
            case "name": after.name = asked.name
            case "description": after.description = asked.description
            case "legal_grounds", "legalGrounds": after.legalGrounds = asked.legalGrounds
            case "retention_days", "retentionDays": after.retentionDays = asked.retentionDays
            case "state":
                guard asked.state == before.state.next else {
                    throw .refused(
                        "policy \(before.name) is \(before.state.protoName) and cannot become \(asked.state.protoName)")
                }
                after.state = asked.state
                continue
            case _:
                throw .invalid(
                    field: "update_mask",
                    rule: "names \(path); it may name name, description, legal_grounds, retention_days and state")
            }
            isEdited = true
        }
        if isEdited, before.state != .draft {
            throw .refused("policy \(before.name) is \(before.state.protoName): only a draft can be edited")
        }
        try checkComplete(after)
        if after.state == .archived {
            // The plane's components take nothing that names a policy which is not active.
            let users = try users(ofPolicy: before.id)
            guard users.isEmpty else {
                throw .refused("policy \(before.name) is used by \(users.joined(separator: ", "))")
            }
        }
        if after.name != before.name { try checkName(of: after) }
        try change.update(after)
        try change.audit(.policy, after.name, before: before.json, after: after.json)
        return after
    }

    private func checkComplete(_ policy: PolicySpec) throws(CallError) {
        if policy.name.isEmpty { throw .invalid(field: "policy.name", rule: "must be set") }
        if policy.retentionDays < 1 { throw .invalid(field: "policy.retention_days", rule: "must be at least 1") }
    }

    private func checkName(of policy: PolicySpec) throws(CallError) {
        let isTaken = try policies().contains { $0.name == policy.name && $0.id != policy.id }
        if isTaken || policy.name == PolicySpec.standard.name { throw .alreadyExists(.policy, policy.name) }
    }

    /// What uses a policy, in words.
    fileprivate func users(ofPolicy id: String) throws(CallError) -> [String] {
        try view.streams(ofPolicy: id).map { "stream \($0.name)" } + view.resources(using: Use(policy: id)).map(\.title)
    }
}
