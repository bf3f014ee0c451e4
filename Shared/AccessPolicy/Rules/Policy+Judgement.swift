internal import Bytes

extension Policy {
    /// Kinds that stand for a subresource of a pod.
    static let streamingKinds: Set<ClusterCall.Kind> = [.logs, .exec, .portforward]

    /// The kind of calls of that subresource of a pod.
    static func kind(ofPodResource resource: String) -> ClusterCall.Kind? {
        switch resource {
        case "pods/log": .logs
        case "pods/exec", "pods/attach": .exec
        case "pods/portforward": .portforward
        default: nil
        }
    }

    /// Judges a call.
    ///
    /// Any rule that denies it wins, wherever it stands; then any rule that allows it; else it is denied. Doubt counts against
    /// the call: a rule that allows must surely match, a rule that denies need only perhaps (a list over all namespaces includes the
    /// denied one; a namespace without known labels may have any).
    ///
    /// - Parameters:
    ///   - call: With the name from its body, when it makes an object (``ClusterCall/checked(body:expectedKind:)``).
    ///   - reason: What the caller gives as its reason, if any.
    ///   - labels: The labels of a namespace as the agent knows them; nil when it does not know the namespace.
    package func judge(
        _ call: ClusterCall, reason: String? = nil, labels: (String) -> [String: String]?
    ) -> Decision {
        guard let target = call.resource else { return Decision(.discovery, isAllowed: true) }
        let known = target.namespace.map(labels) ?? nil
        let hasReason = reason.map { !$0.utf8.allSatisfy { $0 <= 0x20 } } ?? false
        var allowed: Decision?
        for verb in call.verbs {
            let question = Question(
                call: call, target: target, verb: verb, names: Self.name(of: call, target), labels: known)
            let decision = judge(question, hasReason: hasReason)
            guard decision.isAllowed else { return decision }
            allowed = Decision(
                allowed?.basis ?? decision.basis, isAllowed: true,
                recordsFully: decision.recordsFully || allowed?.recordsFully == true)
        }
        return allowed ?? Decision(.noRule, isAllowed: false)
    }

    private func judge(_ question: Question, hasReason: Bool) -> Decision {
        for rule in rules where rule.effect == .deny {
            if rule.mayMatch(question) { return Decision(.rule(rule.id), isAllowed: false) }
        }
        var allowing: Rule?
        var recordsFully = false
        var refused: Decision.Basis?
        for rule in rules where rule.effect == .allow {
            switch rule.surelyMatches(question) {
            case .no: continue
            case .ifLabelsWereKnown: refused = refused ?? .unknownNamespace(rule.id)
            case .yes:
                if rule.requiresReason, !hasReason {
                    refused = refused ?? .reasonMissing(rule.id)
                    continue
                }
                allowing = allowing ?? rule
                // Of several rules that allow a call, one that wants it recorded is enough.
                recordsFully = recordsFully || rule.recordsFully
            }
        }
        guard let allowing else { return Decision(refused ?? .noRule, isAllowed: false) }
        return Decision(.rule(allowing.id), isAllowed: true, recordsFully: recordsFully && question.call.kind == .exec)
    }

    /// The one object that the call is about; nil when it is about several, or nobody knows.
    private static func name(of call: ClusterCall, _ target: ResourceTarget) -> String? {
        target.name ?? call.selectedName
    }
}

/// One verb of a call, as rules are asked about it.
private struct Question {
    let call: ClusterCall
    let target: ResourceTarget
    let verb: ClusterCall.Verb
    /// The object; nil for several.
    let names: String?
    /// Labels of the namespace; nil when there is none or it is not known.
    let labels: [String: String]?

    /// Whether objects of several namespaces may be in it.
    var spansNamespaces: Bool {
        guard target.namespace == nil, target.name == nil else { return false }
        // The only resources of the core group outside of namespaces: no other group can add to them.
        let isOutside =
            target.group.isEmpty
            && ["nodes", "namespaces", "persistentvolumes", "componentstatuses"].contains(target.resource)
        return !isOutside || target.resource == "namespaces"
    }
}

private enum Match { case no, ifLabelsWereKnown, yes }

extension Policy.Rule {
    fileprivate func mayMatch(_ question: Question) -> Bool {
        if let kinds, !kinds.contains(question.call.kind) { return false }
        if let verbs, !verbs.contains(question.verb) { return false }
        if let groups, !groups.contains(question.target.group) { return false }
        // Who denies `pods` denies `pods/exec`.
        if let resources, !resources.contains(question.target.resource),
            !resources.contains(question.target.resourceText)
        {
            return false
        }
        if let names, let name = question.names, !names.contains(name) { return false }
        switch namespaces {
        case .all: return true
        case .none: return question.target.namespace == nil
        case .some(let names, let labels):
            guard let namespace = question.target.namespace else { return question.spansNamespaces }
            if let names, !names.contains(namespace) { return false }
            guard let known = question.labels else { return true }
            return labels.allSatisfy { known[$0.key] == $0.value }
        }
    }

    fileprivate func surelyMatches(_ question: Question) -> Match {
        let target = question.target
        guard let kinds, kinds.contains(question.call.kind) else { return .no }
        if let verbs, !verbs.contains(question.verb) { return .no }
        if let groups, !groups.contains(target.group) { return .no }
        if let resources {
            guard resources.contains(target.resourceText) else { return .no }
        } else {
            // Only rules of pods' streams leave the resource out; `attach` is named or not meant.
            guard target.group.isEmpty, ["pods/log", "pods/exec", "pods/portforward"].contains(target.resourceText),
                Policy.kind(ofPodResource: target.resourceText) == question.call.kind
            else { return .no }
        }
        if let names {
            guard let name = question.names, names.contains(name) else { return .no }
        }
        switch namespaces {
        case .all: return .yes
        case .none: return target.namespace == nil ? .yes : .no
        case .some(let names, let labels):
            guard let namespace = target.namespace else { return .no }
            if let names, !names.contains(namespace) { return .no }
            if labels.isEmpty { return .yes }
            guard let known = question.labels else { return .ifLabelsWereKnown }
            return labels.allSatisfy { known[$0.key] == $0.value } ? .yes : .no
        }
    }
}
