internal import Bytes
internal import JSON

extension ClusterCall {
    /// Whether a body belongs to the call: its object must be the one that the path names.
    ///
    /// The API server checks the same, mostly; but what was judged is the path, so nothing that contradicts it is sent at all.
    /// Bodies are JSON: YAML and protobuf could be read in a second way, and `application/apply-patch+yaml` takes JSON too.
    ///
    /// - Parameters:
    ///   - body: The whole body; empty for none.
    ///   - expectedKind: The kind of the path's resource, when the API was asked for it. Without it only the kinds of
    ///     Kubernetes itself are compared.
    /// - Returns: The call, for a `create` with the name that the body gives to the object: judge this one.
    /// - Throws: `.call` with the rule that is broken.
    package func checked(
        body: [UInt8], expectedKind: String? = nil
    ) throws(AccessError) -> ClusterCall {
        guard !body.isEmpty else {
            if [.create, .update, .patch].contains(verbs.first), kind == .http || kind == .apply {
                throw Self.refused("it is missing")
            }
            return self
        }
        guard let resource, let verb = verbs.first, kind == .http || kind == .apply, verb != .get, verb != .list else {
            throw Self.refused("such a call has none")
        }
        guard bodyType == "application/json" || PatchType.all.contains(bodyType ?? "") else {
            throw .call(part: .header, rule: "a body is application/json")
        }
        let value: JSONValue
        do { value = try JSONValue.parse(body) } catch {
            // The place helps, the text is the caller's.
            throw Self.refused("it is not JSON: \(error.reason) at \(error.place)")
        }
        var checked = self
        switch verb {
        case .create, .update:
            try check(value, resource, expectedKind)
            checked.nameObject(value["metadata"]?["name"]?.string)
        case .patch:
            if kind == .apply {
                try check(value, resource, expectedKind)
            } else if bodyType == "application/json-patch+json" {
                try checkOperations(value)
            } else {
                guard value.object != nil else { throw Self.refused("such a patch is an object") }
                try checkPlace(value, resource, needsAll: false)
            }
        case .delete, .deletecollection:
            guard value.object != nil else { throw Self.refused("the options of a DELETE are an object") }
            if let kind = value["kind"], kind.string != "DeleteOptions" {
                throw Self.refused("kind: the options of a DELETE are DeleteOptions")
            }
        case .get, .list, .watch: throw Self.refused("such a call has none")
        }
        return checked
    }

    /// A whole object.
    private func check(
        _ value: JSONValue, _ resource: ResourceTarget, _ expectedKind: String?
    ) throws(AccessError) {
        guard value.object != nil else { throw Self.refused("it is one object") }
        guard let version = value["apiVersion"]?.string, let kind = value["kind"]?.string else {
            throw Self.refused("apiVersion and kind are missing")
        }
        let wanted = BuiltInKind.body(of: resource)
        let versions =
            wanted?.versions ?? [resource.group.isEmpty ? resource.version : "\(resource.group)/\(resource.version)"]
        guard versions.contains(where: version.isIdentical) else {
            throw Self.refused("apiVersion: the path says \(versions.joined(separator: " or "))")
        }
        if let name = expectedKind ?? wanted?.kind, !kind.isIdentical(to: name) {
            throw Self.refused("kind: the path says \(name)")
        }
        if wanted == nil, resource.subresource == nil, let other = BuiltInKind.resource(kind, group: resource.group),
            other != resource.resource
        {
            throw Self.refused("kind: the path is about \(resource.resource)")
        }
        try checkPlace(value, resource, needsAll: verbs.first != .create)
    }

    /// Name and namespace, where the body gives them, are those of the path.
    ///
    /// - Parameter needsAll: The name must be given.
    private func checkPlace(
        _ value: JSONValue, _ resource: ResourceTarget, needsAll: Bool
    ) throws(AccessError) {
        guard let metadata = value["metadata"] else {
            if needsAll { throw Self.refused("metadata.name is missing") }
            return
        }
        guard metadata.object != nil else { throw Self.refused("metadata is an object") }
        let isNamespace = resource.group.isEmpty && resource.resource == "namespaces"
        if let namespace = metadata["namespace"] {
            guard let text = namespace.string, text.isIdentical(to: isNamespace ? "" : resource.namespace ?? "") else {
                throw Self.refused("metadata.namespace: the path says another one, or none")
            }
        }
        guard let name = metadata["name"] else {
            if needsAll { throw Self.refused("metadata.name is missing") }
            return
        }
        guard let text = name.string, ResourceName.isObjectName(text) else {
            throw Self.refused("metadata.name is not a name")
        }
        if let named = resource.name, !text.isIdentical(to: named) {
            throw Self.refused("metadata.name: the path says another one")
        }
    }

    /// RFC 6902: operations with a path; none moves the object to another name or namespace.
    private func checkOperations(_ value: JSONValue) throws(AccessError) {
        guard let operations = value.array else { throw Self.refused("a JSON patch is an array") }
        for operation in operations {
            guard let path = operation["path"]?.string, operation["op"]?.string != nil else {
                throw Self.refused("an operation of a JSON patch has op and path")
            }
            if ["", "/apiVersion", "/kind", "/metadata", "/metadata/name", "/metadata/namespace"].contains(path) {
                throw Self.refused("a JSON patch does not replace what names the object")
            }
        }
    }

    private static func refused(_ rule: String) -> AccessError { .call(part: .body, rule: rule) }
}

/// Kinds of Kubernetes itself, so that no Secret is sent to where ConfigMaps were allowed.
enum BuiltInKind {
    /// Resource → kind, for every group that comes with Kubernetes. A kind that is missing here is compared by the API server only.
    private static let kinds: [String: [String: String]] = [
        "": [
            "configmaps": "ConfigMap", "endpoints": "Endpoints", "events": "Event", "limitranges": "LimitRange",
            "namespaces": "Namespace", "nodes": "Node", "persistentvolumeclaims": "PersistentVolumeClaim",
            "persistentvolumes": "PersistentVolume", "pods": "Pod", "podtemplates": "PodTemplate",
            "replicationcontrollers": "ReplicationController", "resourcequotas": "ResourceQuota", "secrets": "Secret",
            "serviceaccounts": "ServiceAccount", "services": "Service",
        ],
        "apps": [
            "controllerrevisions": "ControllerRevision", "daemonsets": "DaemonSet", "deployments": "Deployment",
            "replicasets": "ReplicaSet", "statefulsets": "StatefulSet",
        ],
        "batch": ["cronjobs": "CronJob", "jobs": "Job"],
        "autoscaling": ["horizontalpodautoscalers": "HorizontalPodAutoscaler"],
        "policy": ["poddisruptionbudgets": "PodDisruptionBudget"],
        "networking.k8s.io": [
            "ingressclasses": "IngressClass", "ingresses": "Ingress", "networkpolicies": "NetworkPolicy",
        ],
        "rbac.authorization.k8s.io": [
            "clusterrolebindings": "ClusterRoleBinding", "clusterroles": "ClusterRole", "rolebindings": "RoleBinding",
            "roles": "Role",
        ],
        "storage.k8s.io": ["storageclasses": "StorageClass"],
        "coordination.k8s.io": ["leases": "Lease"],
        "apiextensions.k8s.io": ["customresourcedefinitions": "CustomResourceDefinition"],
    ]

    /// What a body at this path must be; nil when only the API server knows.
    static func body(of target: ResourceTarget) -> (versions: [String], kind: String)? {
        let own = target.group.isEmpty ? target.version : "\(target.group)/\(target.version)"
        switch target.subresource {
        case nil, "status"?: return kinds[target.group]?[target.resource].map { ([own], $0) }
        case "scale"?: return (["autoscaling/v1"], "Scale")
        case "eviction"?: return (["policy/v1", "policy/v1beta1"], "Eviction")
        default: return nil
        }
    }

    /// The resource of a kind that comes with Kubernetes; nil for every other kind.
    static func resource(_ kind: String, group: String) -> String? {
        guard let found = kinds[group] else { return nil }
        return found.first { $0.value == kind }?.key
    }
}
