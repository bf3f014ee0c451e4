import AccessPolicy
import Testing

/// The policy of an owner: applications in namespaces with a label, logs, a shell in development with a reason, no secrets.
let ownersPolicy = """
    { "version": 1, "default": "deny",
      "rules": [
       {"id":"apps","effect":"allow","kinds":["http","apply","watch"],
        "verbs":["get","list","watch","create","update","patch","delete"],
        "groups":["apps","","batch"], "resources":["deployments","deployments/scale","services","configmaps","secrets","pods"],
        "namespaces":{"matchLabels":{"pdp/managed":"true"}}},
       {"id":"no-secret-read","effect":"deny","verbs":["get","list","watch"],"resources":["secrets"]},
       {"id":"logs","effect":"allow","kinds":["logs"],"namespaces":{"matchLabels":{"pdp/managed":"true"}}},
       {"id":"shell","effect":"allow","kinds":["exec"],"namespaces":{"matchLabels":{"pdp/env":"dev"}},
        "requires":["reason"],"audit":"full"},
       {"id":"nodes","effect":"allow","kinds":["http"],"verbs":["list"],"groups":[""],"resources":["nodes"],"namespaces":"none"},
       {"id":"lease","effect":"allow","kinds":["http"],"verbs":["get","update"],"groups":["coordination.k8s.io"],
        "resources":["leases"],"namespaces":{"names":["pdp"]},"names":["pdp-agent-leader"]} ],
      "limits": {"maxBodyBytes": 1048576} }
    """

/// Labels of the namespaces that the agent knows.
func labels(of namespace: String) -> [String: String]? {
    [
        "shop": ["pdp/managed": "true"], "dev": ["pdp/managed": "true", "pdp/env": "dev"],
        "kube-system": ["kubernetes.io/metadata.name": "kube-system"], "pdp": [:],
    ][namespace]
}

func policy(_ text: String) throws -> Policy { try Policy(parsing: Array(text.utf8)) }

/// The rule that a call breaks before any policy is asked; nil when it is a call.
func refusal(
    _ kind: ClusterCall.Kind = .http, _ method: String = "GET", _ path: String, _ query: String = "",
    contentType: String? = nil
) -> AccessError? {
    do {
        _ = try ClusterCall(kind, method: method, path: path, query: query, contentType: contentType)
        return nil
    } catch { return error }
}

extension Policy {
    /// Judges a call as the agent does.
    func judge(
        _ kind: ClusterCall.Kind = .http, _ method: String = "GET", _ path: String, _ query: String = "",
        contentType: String? = nil, reason: String? = nil
    ) -> Decision {
        do {
            let call = try ClusterCall(kind, method: method, path: path, query: query, contentType: contentType)
            return judge(call, reason: reason, labels: labels(of:))
        } catch { return Decision(refusing: error) }
    }
}
