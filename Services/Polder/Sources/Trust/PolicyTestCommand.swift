internal import AccessPolicy
internal import JSON
internal import System

/// `polder plane policy test <policy> [path]`: what an agent with this policy would answer.
struct PolicyTestCommand: Command {
    static let name = "plane policy test"
    static let summary = "Says whether a plane's policy lets a call pass, and which rule decides."
    static let details = """
        polder plane policy test policy.json '/api/v1/namespaces/shop/pods?watch=1' --label pdp/managed=true
        polder plane policy test policy.json /api/v1/namespaces/shop/configmaps --method POST --body map.json

        It is the agent's own code, without an agent: nothing is called. Without a path the policy is only read, and its hash printed.
        Exit code 0: allowed; 5: denied; 78: the policy has mistakes, all of which are told.
        """

    let policy: String
    let path: String?
    let method: String
    let kind: ClusterCall.Kind?
    let labels: [String: String]?
    let reason: String?
    let body: String?
    let contentType: String?
    let output: OutputFormat

    init(reading arguments: inout ArgumentReader) {
        method = arguments.option("--method", short: "-X", "METHOD", default: "GET", "The request's method.")
        let word: String? = arguments.optionIfPresent(
            "--kind", "KIND", "What the stream says it carries [what the call does].",
            from: .words(ClusterCall.Kind.allCases.map(\.rawValue)))
        kind = word.flatMap(ClusterCall.Kind.init(rawValue:))
        if let word, kind == nil {
            arguments.refuse(
                "--kind must be one of \(ClusterCall.Kind.allCases.map(\.rawValue).joined(separator: ", ")), not \(word)"
            )
        }
        let pairs = arguments.options(
            "--label", short: "-l", "NAME=VALUE",
            "A label of the call's namespace; without any the namespace is unknown.")
        let isBare = arguments.flag("--no-labels", "The namespace is known, and has no labels.")
        reason = arguments.optionIfPresent("--reason", "TEXT", "The caller's reason.")
        body = arguments.optionIfPresent(
            "--body", "FILE", "The request's body: it must belong to the path.", from: .file)
        contentType = arguments.optionIfPresent(
            "--content-type", "TYPE", "The body's type [application/json with --body].")
        output = arguments.outputOption()
        policy = arguments.argument("policy", "The policy's file.", from: .file)
        path = arguments.argumentIfPresent("path", "Path and query as they are sent, percent-encoded.")
        var found: [String: String] = [:]
        for pair in pairs {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            if parts.count == 2, !parts[0].isEmpty {
                found[parts[0]] = parts[1]
            } else {
                arguments.refuse("--label must be NAME=VALUE, not \(pair)")
            }
        }
        if isBare, !pairs.isEmpty { arguments.refuse("--no-labels and --label contradict each other") }
        labels = isBare || !pairs.isEmpty ? found : nil
    }

    func run(_ context: CommandContext) async throws(PolderError) {
        let policy = try readPolicy()
        let hash: String
        do { hash = try policy.hash() } catch { throw .failed("\(error)") }
        guard let path else {
            switch output {
            case .text: context.console.print("\(policy.rules.count) rules, sha256 \(hash)")
            case .json:
                let value: JSONValue = ["rules": JSONValue(policy.rules.count), "policyHash": .string(hash)]
                context.console.print(value.text())
            }
            return
        }
        let (decision, call) = try judge(path, policy)
        switch output {
        case .text: context.console.print(text(decision, call))
        case .json: context.console.print(json(decision, call, hash).text())
        }
        guard decision.isAllowed else { throw .refused("denied: \(decision.explanation)") }
    }

    private func readPolicy() throws(PolderError) -> Policy {
        let bytes: [UInt8]
        do { bytes = try File.readWaiting(policy, limit: Policy.byteLimit) } catch { throw .failed("\(error)") }
        do { return try Policy(parsing: bytes) } catch {
            if case .policy(let problems) = error { throw .configuration(problems.map { "\(policy): \($0)" }) }
            throw .failed("\(error)")
        }
    }

    private func judge(_ path: String, _ policy: Policy) throws(PolderError) -> (Decision, ClusterCall?) {
        let parts = path.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let type = contentType ?? (body == nil ? nil : "application/json")
        let bytes: [UInt8]?
        do { bytes = try body.map { path throws(SystemError) in try File.readWaiting(path, limit: 32 << 20) } } catch {
            throw .failed("\(error)")
        }
        // What a stream should call itself, is told by the call.
        let kinds = kind.map { [$0] } ?? ClusterCall.Kind.allCases
        var refusal: AccessError?
        for kind in kinds {
            do {
                var call = try ClusterCall(
                    kind, method: method, path: parts[0], query: parts.count > 1 ? parts[1] : "", contentType: type)
                if let bytes { call = try call.checked(body: bytes) }
                return (policy.judge(call, reason: reason) { _ in labels }, call)
            } catch {
                if case .call(part: .kind, _) = error, refusal == nil || kind != kinds.last {
                    refusal = refusal ?? error
                    continue
                }
                return (Decision(refusing: error), nil)
            }
        }
        return (Decision(refusing: refusal ?? .call(part: .kind, rule: "no stream carries it")), nil)
    }

    private func text(_ decision: Decision, _ call: ClusterCall?) -> String {
        var lines = ["\(decision.isAllowed ? "allowed" : "denied"): \(decision.explanation)"]
        if decision.recordsFully { lines.append("  its bytes are recorded") }
        guard let call else { return lines.joined(separator: "\n") }
        lines.append("  kind       \(call.kind.rawValue)")
        if let resource = call.resource {
            lines.append("  verbs      \(call.verbs.map(\.rawValue).joined(separator: ", "))")
            lines.append("  group      \(resource.group.isEmpty ? "(core)" : resource.group)")
            lines.append("  resource   \(resource.resourceText)")
            lines.append("  namespace  \(resource.namespace ?? "(none)")")
            lines.append("  name       \(resource.name ?? "(several)")")
        }
        lines.append("  sent as    \(call.method) \(call.target)")
        return lines.joined(separator: "\n")
    }

    private func json(_ decision: Decision, _ call: ClusterCall?, _ hash: String) -> JSONValue {
        var object: JSONObject = [
            "allowed": .bool(decision.isAllowed), "rule": .string(decision.ruleID),
            "explanation": .string(decision.explanation), "recorded": .bool(decision.recordsFully),
            "policyHash": .string(hash),
        ]
        guard let call else { return .object(object) }
        object["kind"] = .string(call.kind.rawValue)
        object["method"] = .string(call.method)
        object["target"] = .string(call.target)
        object["verbs"] = .array(call.verbs.map { .string($0.rawValue) })
        if let resource = call.resource {
            object["group"] = .string(resource.group)
            object["resource"] = .string(resource.resourceText)
            object["namespace"] = resource.namespace.map { .string($0) }
            object["name"] = resource.name.map { .string($0) }
        }
        return .object(object)
    }
}
