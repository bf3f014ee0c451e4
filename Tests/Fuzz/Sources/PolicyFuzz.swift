internal import AccessPolicy
internal import JSON
internal import RequestReader

/// What is a call means one thing: to us, to the API server, and to whoever stands between.
enum PolicyPathFuzz {
    private static let methods = ["GET", "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "get"]

    static func run(_ bytes: UnsafeRawBufferPointer) throws(BrokenInvariant) {
        var input = FuzzInput(bytes)
        let method = input.element(of: methods)
        let kind = input.element(of: ClusterCall.Kind.allCases)
        let type = input.element(
            of: [nil, "application/merge-patch+json", "application/apply-patch+yaml"] as [String?])
        let original = [UInt8](input.rest)
        let parts = original.split(separator: 0x3F, maxSplits: 1, omittingEmptySubsequences: false)
        let path = String(decoding: parts.first ?? [], as: UTF8.self)
        let query = parts.count > 1 ? String(decoding: parts[1], as: UTF8.self) : ""
        let parsed = outcome { () throws(AccessError) in
            try ClusterCall(kind, method: method, path: path, query: query, contentType: type)
        }
        guard case .success(let call) = parsed else { return }
        try require(call.target == path || call.target.hasPrefix(path + "?"), "the path is sent as it came")
        let sent = Array(call.target.utf8)
        let again = sent.split(separator: 0x3F, maxSplits: 1, omittingEmptySubsequences: false)
        let reread = outcome { () throws(AccessError) in
            try ClusterCall(
                kind, method: method, path: path,
                query: again.count > 1 ? String(decoding: again[1], as: UTF8.self) : "",
                contentType: type)
        }
        try require(reread.value == call, "what is sent is read as the same call")
        for target in [original, sent] {
            for habit in RequestInfo.Habit.allCases {
                let info = try require(
                    RequestInfo(method: method, target: target, habit), "a call is no bad request to anybody (\(habit))"
                )
                try compare(call, info, ignoresCase: habit == .caseless)
            }
        }
        let decision = Policy.denyAll.judge(call) { _ in [:] }
        try require(decision.isAllowed == call.isDiscovery, "without rules only questions about the API pass")
    }

    private static func compare(
        _ call: ClusterCall, _ info: RequestInfo, ignoresCase: Bool
    ) throws(BrokenInvariant) {
        guard let resource = call.resource else {
            return try require(
                info.plainPath != nil && info.verb == "get", "a question about the API is one to everybody")
        }
        func same(_ ours: String?, _ theirs: String) -> Bool {
            ignoresCase ? (ours ?? "").lowercased() == theirs.lowercased() : ours ?? "" == theirs
        }
        try require(
            info.plainPath == nil && same(resource.group, info.group) && same(resource.resource, info.resource)
                && same(resource.subresource, info.subresource) && same(resource.namespace, info.namespace)
                && same(resource.name, info.name), "a path names the same to everybody: \(info)")
        // Execs and ports count as `create`, however they are opened.
        if call.kind != .exec, call.kind != .portforward {
            try require(call.verbs.first?.rawValue == info.verb, "a call does the same to everybody: \(info)")
        }
    }
}

/// Policies are what their canonical text says.
enum PolicyJSONFuzz {
    static func run(_ bytes: UnsafeRawBufferPointer) throws(BrokenInvariant) {
        let text = [UInt8](bytes)
        let parsed = outcome { () throws(AccessError) in try Policy(parsing: text) }
        guard case .success(let policy) = parsed else {
            if case .failure(.policy(let problems)) = parsed {
                try require(!problems.isEmpty, "a policy is refused for a reason")
                try require(problems.allSatisfy { !$0.rule.isEmpty }, "every mistake says what must be true")
            }
            return
        }
        let canonical = policy.canonicalText
        let again = outcome { () throws(AccessError) in try Policy(parsing: canonical) }
        try require(again.value == policy, "the canonical text means the same policy")
        try require(again.value?.canonicalText == canonical, "the canonical text is its own")
        let hashes = [policy, again.value ?? policy].map { policy in
            outcome { () throws(AccessError) in try policy.hash() }.value
        }
        try require(hashes[0] != nil && hashes[0] == hashes[1], "the same policy has the same hash")
        for path in [
            "/api/v1/namespaces/a/pods/a", "/api/v1/secrets", "/apis/apps/v1/namespaces/a/deployments/a/scale", "/api",
        ] {
            try judge(path, policy)
        }
    }

    private static func judge(_ path: String, _ policy: Policy) throws(BrokenInvariant) {
        let parsed = outcome { () throws(AccessError) in try ClusterCall(.http, method: "GET", path: path) }
        let call = try require(parsed.value, "a plain path is a call")
        for labels in [nil, [:], ["a": "b"]] as [[String: String]?] {
            for reason in [nil, "why"] {
                let decision = policy.judge(call, reason: reason) { _ in labels }
                if decision.isAllowed, !call.isDiscovery {
                    let rule = policy.rules.first { $0.id == decision.ruleID }
                    try require(rule?.effect == .allow, "a rule that allows allowed it")
                    // Knowing less never allows more.
                    let less = policy.judge(call, reason: nil) { _ in nil }
                    try require(
                        !less.isAllowed || decision.isAllowed,
                        "what is allowed without labels and reason is so with them")
                }
            }
        }
    }
}
