internal import HTTP
package import JSON

/// A kind of object as the API's paths name it.
package struct ResourceType: Sendable, Hashable, CustomStringConvertible {
    /// Empty for the core group.
    package var group: String
    /// `v1` for example.
    package var version: String
    /// In the plural: `deployments`.
    package var resource: String

    /// From its parts.
    package init(group: String = "", version: String = "v1", _ resource: String) {
        self.group = group
        self.version = version
        self.resource = resource
    }

    /// `apps/v1/deployments`, `v1/pods`.
    package var description: String { (group.isEmpty ? "" : group + "/") + version + "/" + resource }

    /// `apps/v1`, `v1`: what an object's `apiVersion` says.
    package var apiVersion: String { group.isEmpty ? version : group + "/" + version }

    /// `v1/pods`
    package static let pods = ResourceType("pods")
    /// `v1/namespaces`
    package static let namespaces = ResourceType("namespaces")
    /// `v1/configmaps`
    package static let configMaps = ResourceType("configmaps")
    /// `v1/secrets`
    package static let secrets = ResourceType("secrets")
    /// `apps/v1/deployments`
    package static let deployments = ResourceType(group: "apps", "deployments")
}

/// One object, one part of it, or all objects of a type (kubernetes.io/docs/reference/using-api/api-concepts).
package struct ResourcePath: Sendable, Hashable {
    /// What it is.
    package var type: ResourceType
    /// Nil for what has none, and for a collection over all of them.
    package var namespace: String?
    /// Nil for a collection.
    package var name: String?
    /// `status`, `log`, `exec` …
    package var subresource: String?

    /// From its parts; checked when it is used.
    package init(_ type: ResourceType, namespace: String? = nil, name: String? = nil, subresource: String? = nil) {
        self.type = type
        self.namespace = namespace
        self.name = name
        self.subresource = subresource
    }

    /// The path, each part percent-encoded.
    ///
    /// - Throws: `.badRequest` when a part is empty or would mean something else in a path.
    package func text() throws(KubernetesError) -> String {
        var path = type.group.isEmpty ? "/api" : "/apis/" + (try Self.part("group", type.group))
        path += "/" + (try Self.part("version", type.version))
        if let namespace { path += "/namespaces/" + (try Self.part("namespace", namespace)) }
        path += "/" + (try Self.part("resource", type.resource))
        if let name { path += "/" + (try Self.part("name", name)) }
        if let subresource {
            guard name != nil else { throw .badRequest(field: "subresource", rule: "belongs to an object with a name") }
            path += "/" + (try Self.part("subresource", subresource))
        }
        return path
    }

    /// Kubernetes itself allows neither `/` nor `%` in a name, nor the names `.` and `..` (pkg/api/validation/path).
    private static func part(_ field: String, _ text: String) throws(KubernetesError) -> String {
        guard !text.isEmpty, text != ".", text != "..", text.utf8.count <= 253,
            text.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "%") })
        else { throw .badRequest(field: field, rule: "is no name of 1 to 253 bytes without '/', '%' and white space") }
        return PercentEncoding.encode(text)
    }
}

/// Which objects of a collection are meant.
package struct ObjectSelection: Sendable, Hashable {
    /// Their type.
    package var type: ResourceType
    /// Nil: of all namespaces, or of a type that has none.
    package var namespace: String?
    /// `app=web,tier!=cache`; nil for all.
    package var labels: String?
    /// `metadata.name=web`; nil for all.
    package var fields: String?
    /// Asks for metadata only (`PartialObjectMetadata`): for inventories.
    package var metadataOnly = false

    /// All objects of a type.
    package init(_ type: ResourceType, namespace: String? = nil, labels: String? = nil, fields: String? = nil) {
        self.type = type
        self.namespace = namespace
        self.labels = labels
        self.fields = fields
    }

    var path: ResourcePath { ResourcePath(type, namespace: namespace) }

    var query: FormFields {
        var query = FormFields()
        if let labels { query.add("labelSelector", labels) }
        if let fields { query.add("fieldSelector", fields) }
        return query
    }
}

/// What the API server keeps about every object, as far as it is needed here.
package struct ObjectMeta: Sendable, Equatable {
    /// Unique in its namespace, for its type.
    package var name: String
    /// Empty for objects that have none.
    package var namespace: String
    /// Unique for ever: another object under the same name has another one.
    package var uid: String
    /// Changes whenever the object does. To be compared for equality only.
    package var resourceVersion: String
    /// Labels.
    package var labels: [String: String]
    /// Annotations.
    package var annotations: [String: String]
    /// Set while the object goes.
    package var deletionTimestamp: String?

    /// Of an object; nil when it has no metadata with a name.
    package init?(of object: JSONValue) {
        guard let metadata = object["metadata"], let name = metadata["name"]?.string else { return nil }
        self.name = name
        namespace = metadata["namespace"]?.string ?? ""
        uid = metadata["uid"]?.string ?? ""
        resourceVersion = metadata["resourceVersion"]?.string ?? ""
        labels = Self.texts(metadata["labels"])
        annotations = Self.texts(metadata["annotations"])
        deletionTimestamp = metadata["deletionTimestamp"]?.string
    }

    private static func texts(_ value: JSONValue?) -> [String: String] {
        var texts: [String: String] = [:]
        for member in value?.object?.members ?? [] { texts[member.name] = member.value.string }
        return texts
    }
}
