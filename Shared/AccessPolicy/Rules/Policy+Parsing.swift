internal import Bytes
internal import JSON

extension Policy {
    /// Most bytes of a policy file.
    package static let byteLimit = 256 << 10
    /// Most rules.
    static let ruleLimit = 256
    /// Most entries of one list.
    static let listLimit = 64

    /// Reads `policy.json`. Strict: a member that nobody knows, a value that never matches, or a rule that would undo another one
    /// is a mistake, because a policy that does not say what its author meant is worse than none.
    ///
    /// - Throws: `.policy` with every mistake, each with rule, field and what must be true.
    package init(parsing text: [UInt8]) throws(AccessError) {
        guard text.count <= Self.byteLimit else {
            throw .policy([PolicyProblem(field: "", rule: "a policy has at most \(Self.byteLimit) bytes")])
        }
        let value: JSONValue
        do { value = try JSONValue.parse(text, depthLimit: 8) } catch {
            throw .policy([PolicyProblem(field: "", rule: error.description)])
        }
        var reader = PolicyReader()
        let policy = reader.policy(value)
        guard reader.problems.isEmpty else { throw .policy(reader.problems) }
        self = policy
    }
}

/// Collects mistakes while it reads.
private struct PolicyReader {
    var problems: [PolicyProblem] = []
    private var ruleID = ""

    private mutating func note(_ field: String, _ rule: String) {
        // A file of 256 KiB can hold many mistakes; the first ones are enough.
        guard problems.count < 100 else { return }
        problems.append(PolicyProblem(ruleID: ruleID, field: field, rule: rule))
    }

    mutating func policy(_ value: JSONValue) -> Policy {
        guard let object = value.object else {
            note("", "a policy is an object")
            return .denyAll
        }
        refuseUnknown(object, ["version", "default", "rules", "limits", "responses"], in: "")
        if value["version"]?.int64 != 1 { note("version", "must be 1") }
        if value["default"]?.string != "deny" { note("default", "must be deny") }
        let rules = readRules(value["rules"])
        let policy = Policy(
            rules: rules, limits: limits(value["limits"]), keepsManagedFields: keepsManagedFields(value["responses"]))
        checkTogether(rules)
        return policy
    }

    private mutating func readRules(_ value: JSONValue?) -> [Policy.Rule] {
        guard let elements = value?.array else {
            note("rules", "must be a list")
            return []
        }
        guard elements.count <= Policy.ruleLimit else {
            note("rules", "at most \(Policy.ruleLimit) rules")
            return []
        }
        var rules: [Policy.Rule] = []
        var ids: Set<String> = []
        for (index, element) in elements.enumerated() {
            let id = element["id"]?.string ?? ""
            ruleID = ResourceName.isLabel(id) ? id : "#\(index + 1)"
            if element.object == nil {
                note("", "a rule is an object")
            } else {
                if !ResourceName.isLabel(id) {
                    note("id", "must be 1 to 63 of a-z, 0-9 and -, with a letter or digit at both ends")
                } else if !ids.insert(id).inserted {
                    note("id", "another rule has it, too")
                }
                if let rule = rule(id, element) { rules.append(rule) }
            }
        }
        ruleID = ""
        return rules
    }

    private mutating func rule(_ id: String, _ value: JSONValue) -> Policy.Rule? {
        let fields = [
            "id", "effect", "kinds", "verbs", "groups", "resources", "namespaces", "names", "requires", "audit",
        ]
        refuseUnknown(value.object ?? [:], fields, in: "")
        guard let effect = value["effect"]?.string.flatMap(Policy.Effect.init(rawValue:)) else {
            note("effect", "must be allow or deny")
            return nil
        }
        let before = problems.count
        let kinds = words(value, "kinds", ClusterCall.Kind.self)
        let verbs = words(value, "verbs", ClusterCall.Verb.self)
        let groups = texts(
            value, "groups", "an API group, lower case, or \"\" for the core group; there is no wildcard"
        ) {
            $0.isEmpty || ResourceName.isSubdomain($0)
        }
        let resources = texts(
            value, "resources", "RESOURCE or RESOURCE/SUBRESOURCE, plural and lower case; there is no wildcard"
        ) { text in
            let parts = text.split(separator: "/", omittingEmptySubsequences: false)
            return parts.count <= 2 && parts.allSatisfy { ResourceName.isLabel($0) }
        }
        let names = texts(value, "names", "the name of an object") { ResourceName.isObjectName($0) }
        let namespaces = readNamespaces(value["namespaces"], effect)
        let requiresReason = readRequires(value["requires"], effect)
        let recordsFully = readAudit(value["audit"], effect, kinds)
        let rule = Policy.Rule(
            id: id, effect: effect, kinds: kinds, verbs: verbs, groups: groups, resources: resources,
            namespaces: namespaces ?? .all, names: names, requiresReason: requiresReason, recordsFully: recordsFully)
        guard problems.count == before else { return nil }
        if effect == .allow { checkAllowing(rule) }
        return rule
    }

    /// What an allowing rule must say out loud.
    private mutating func checkAllowing(_ rule: Policy.Rule) {
        guard let kinds = rule.kinds else { return note("kinds", "a rule that allows names its kinds") }
        if !kinds.isSubset(of: Policy.streamingKinds) {
            if rule.verbs == nil { note("verbs", "a rule that allows http, apply or watch names its verbs") }
            if rule.groups == nil { note("groups", "a rule that allows http, apply or watch names its groups") }
            if rule.resources == nil {
                note("resources", "a rule that allows http, apply or watch names its resources")
            }
        }
        if let verbs = rule.verbs {
            if kinds.contains(.watch) != verbs.contains(.watch), kinds.contains(.watch) || kinds.contains(.http) {
                note("verbs", "watch belongs to the kind watch: name both or neither")
            }
            if kinds.contains(.apply), !verbs.isSuperset(of: [.patch, .create]) {
                note("verbs", "the kind apply needs patch and create")
            }
        }
        for resource in rule.resources ?? [] {
            let parts = resource.split(separator: "/").map(String.init)
            let subresource = parts.count == 2 ? parts[1] : nil
            let isCore = rule.groups?.contains("") ?? true
            if ClusterCall.isNeverAllowed(group: isCore ? "" : "other", resource: parts[0], subresource: subresource) {
                note("resources", "\(resource) cannot be allowed")
            }
            if isCore, let kind = Policy.kind(ofPodResource: resource), !kinds.contains(kind) {
                note("resources", "\(resource) needs the kind \(kind.rawValue)")
            }
        }
    }

    /// Labels of namespaces decide what may be done there, so who is judged by them must not write them.
    private mutating func checkTogether(_ rules: [Policy.Rule]) {
        let trustsLabels = rules.contains { rule in
            if case .some(_, let labels) = rule.namespaces { return !labels.isEmpty }
            return false
        }
        guard trustsLabels else { return }
        for rule in rules where rule.effect == .allow {
            let writes = !(rule.verbs ?? []).isDisjoint(with: [.create, .update, .patch])
            let isNamespace = (rule.resources ?? []).contains { $0 == "namespaces" || $0.hasPrefix("namespaces/") }
            if writes, isNamespace, rule.groups?.contains("") ?? true {
                ruleID = rule.id
                note("resources", "namespaces cannot be written where rules go by their labels (matchLabels)")
            }
        }
        ruleID = ""
    }

    private mutating func readNamespaces(_ value: JSONValue?, _ effect: Policy.Effect) -> Policy.Namespaces? {
        guard let value else {
            if effect == .deny { return .all }
            note("namespaces", "a rule that allows says where: {\"names\"}, {\"matchLabels\"}, \"all\" or \"none\"")
            return nil
        }
        switch value.string {
        case "all"?: return .all
        case "none"?: return Policy.Namespaces.none
        default: break
        }
        guard let object = value.object, !object.isEmpty else {
            note("namespaces", "must be \"all\", \"none\", or an object with names or matchLabels")
            return nil
        }
        refuseUnknown(object, ["names", "matchLabels"], in: "namespaces.")
        let names = texts(value, "names", "a namespace", in: "namespaces.") { ResourceName.isLabel($0) }
        var labels: [String: String] = [:]
        if let wanted = value["matchLabels"] {
            let members = wanted.object?.members ?? []
            if members.isEmpty || members.count > 16 {
                note("namespaces.matchLabels", "must be an object of 1 to 16 labels")
            }
            for member in members.prefix(16) {
                guard let text = member.value.string, Self.isLabel(name: member.name), Self.isLabel(value: text) else {
                    note("namespaces.matchLabels", "\(shownName(member.name)) is not a label with a value")
                    continue
                }
                labels[member.name] = text
            }
        }
        return .some(names: names, labels: labels)
    }

    private mutating func readRequires(_ value: JSONValue?, _ effect: Policy.Effect) -> Bool {
        guard let value else { return false }
        guard effect == .allow, value == ["reason"] else {
            note("requires", effect == .allow ? "must be [\"reason\"]" : "only a rule that allows requires something")
            return false
        }
        return true
    }

    private mutating func readAudit(
        _ value: JSONValue?, _ effect: Policy.Effect, _ kinds: Set<ClusterCall.Kind>?
    ) -> Bool {
        guard let value else { return false }
        guard effect == .allow, value.string == "full", kinds?.contains(.exec) == true else {
            note("audit", "must be full, in a rule that allows the kind exec")
            return false
        }
        return true
    }

    private mutating func limits(_ value: JSONValue?) -> Policy.Limits {
        var limits = Policy.Limits()
        guard let value else { return limits }
        guard let object = value.object else {
            note("limits", "must be an object")
            return limits
        }
        refuseUnknown(object, Policy.Limits.table.map(\.name), in: "limits.")
        for (name, path, range) in Policy.Limits.table {
            guard let member = value[name] else { continue }
            guard let number = member.int64, range.contains(Int(number)) else {
                note("limits.\(name)", "must be a number from \(range.lowerBound) to \(range.upperBound)")
                continue
            }
            limits[keyPath: path] = Int(number)
        }
        return limits
    }

    private mutating func keepsManagedFields(_ value: JSONValue?) -> Bool {
        guard let value else { return false }
        guard let object = value.object else {
            note("responses", "must be an object")
            return false
        }
        refuseUnknown(object, ["keepManagedFields"], in: "responses.")
        guard let member = value["keepManagedFields"] else { return false }
        guard let keeps = member.bool else {
            note("responses.keepManagedFields", "must be true or false")
            return false
        }
        return keeps
    }

    // MARK: Parts

    private mutating func refuseUnknown(_ object: JSONObject, _ known: [String], in place: String) {
        for name in object.names where !known.contains(where: { $0.isIdentical(to: name) }) {
            note(place + shownName(name), "nobody knows this member; there are \(known.joined(separator: ", "))")
        }
    }

    private mutating func words<Word: RawRepresentable<String> & CaseIterable & Hashable>(
        _ value: JSONValue, _ field: String, _ type: Word.Type
    ) -> Set<Word>? {
        let known = Word.allCases.map(\.rawValue)
        let texts = texts(value, field, "one of \(known.joined(separator: ", ")); there is no wildcard") { text in
            known.contains { $0.isIdentical(to: text) }
        }
        return texts.map { Set($0.compactMap(Word.init(rawValue:))) }
    }

    private mutating func texts(
        _ value: JSONValue, _ field: String, _ what: String, in place: String = "", _ fits: (String) -> Bool
    ) -> Set<String>? {
        guard let member = value[field] else { return nil }
        guard let elements = member.array, 1...Policy.listLimit ~= elements.count else {
            note(place + field, "must be a list of 1 to \(Policy.listLimit)")
            return nil
        }
        var found: Set<String> = []
        for element in elements {
            guard let text = element.string, text.isASCII, fits(text) else {
                note(place + field, "\(element.string.map { shownName($0) } ?? element.kindName) is not \(what)")
                continue
            }
            if !found.insert(text).inserted { note(place + field, "\(shownName(text)) comes twice") }
        }
        return found
    }

    /// `[PREFIX/]NAME` (kubernetes.io, "Labels and Selectors").
    private static func isLabel(name: String) -> Bool {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        guard let last = parts.last, parts.count <= 2, !last.isEmpty, isLabel(value: String(last)) else { return false }
        // Longer prefixes than DNS allows are nobody's; ours is shorter than a label: `pdp/managed`.
        return parts.count == 1 || ResourceName.isSubdomain(parts[0])
    }

    private static func isLabel(value: String) -> Bool {
        let bytes = Array(value.utf8)
        guard let first = bytes.first, let last = bytes.last else { return true }
        let isEnd = { (byte: UInt8) in ASCII.isLetter(byte) || ASCII.isDigit(byte) }
        return bytes.count <= 63 && isEnd(first) && isEnd(last)
            && bytes.allSatisfy { isEnd($0) || [0x2D, 0x2E, 0x5F].contains($0) }
    }
}
