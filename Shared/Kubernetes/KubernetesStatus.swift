package import Faults
package import HTTP
package import JSON

/// What an API server says about a failure: an object of kind `Status` (github.com/kubernetes/apimachinery, pkg/apis/meta/v1/types.go).
package struct KubernetesStatus: Sendable, Equatable, CustomStringConvertible {
    /// One thing that is wrong.
    package struct Cause: Sendable, Equatable {
        /// A word for programs, such as `FieldValueInvalid`.
        package var reason: String
        /// A sentence for people.
        package var message: String
        /// Where in the object; empty when that has no meaning.
        package var field: String

        /// From its parts.
        package init(reason: String, message: String, field: String = "") {
            self.reason = reason
            self.message = message
            self.field = field
        }
    }

    /// The HTTP status.
    package var code: Int
    /// A word for programs, such as `NotFound`; empty when the server gave none.
    package var reason: String
    /// A sentence for people; at most 4 KiB.
    package var message: String
    /// What is wrong with the request in particular; at most 64.
    package var causes: [Cause] = []
    /// When the server wants to be asked again.
    package var retryAfter: Duration?
    /// Only in a 410 to a list that is read in pieces: goes on from the current state, whatever was missed.
    package var freshContinue: String?

    /// From its parts.
    package init(code: Int, reason: String, message: String) {
        self.code = code
        self.reason = reason
        self.message = message
    }

    /// From the answer to a request. What a proxy on the way says in words of its own is left out: nobody knows what is in it.
    package init(_ response: Response) {
        self.init(code: response.status.code, reason: "", message: "the server answered \(response.status)")
        do throws(JSONError) {
            let object = try JSONValue.parse(response.body)
            if let status = KubernetesStatus(object) { self = status }
        } catch {
            // Not JSON: the status line has to do.
        }
        code = response.status.code
        if let seconds = response.headers["retry-after"].flatMap({ Int($0) }), seconds >= 0 {
            retryAfter = .seconds(min(seconds, 3600))
        }
    }

    /// From an object of kind `Status`; nil for anything else.
    package init?(_ object: JSONValue) {
        guard object["kind"]?.string == "Status" || object["status"]?.string != nil else { return nil }
        self.init(
            code: Int(clamping: object["code"]?.int64 ?? 0), reason: object["reason"]?.string ?? "",
            message: Self.short(object["message"]?.string ?? "", 4096))
        let details = object["details"]
        causes = (details?["causes"]?.array ?? []).prefix(64).map { cause in
            Cause(
                reason: Self.short(cause["reason"]?.string ?? "", 256),
                message: Self.short(cause["message"]?.string ?? "", 1024),
                field: Self.short(cause["field"]?.string ?? "", 1024))
        }
        if let seconds = details?["retryAfterSeconds"]?.int64, seconds > 0 { retryAfter = .seconds(min(seconds, 3600)) }
        freshContinue = object["metadata"]?["continue"]?.string
    }

    private static func short(_ text: String, _ limit: Int) -> String {
        text.utf8.count <= limit ? text : String(text.prefix(limit / 4)) + "…"
    }

    /// True when a version or a continue token is too old: list again.
    package var isExpired: Bool { code == 410 }
    /// True when the object is not there.
    package var isNotFound: Bool { code == 404 }
    /// True when an object of that name is there already.
    package var isAlreadyThere: Bool { code == 409 && reason == "AlreadyExists" }
    /// True when somebody else has changed the object meanwhile: read it again.
    package var isStale: Bool { code == 409 && reason == "Conflict" }

    /// 401 and 500 and above are not the caller's doing.
    package var blame: Blame {
        switch code {
        case 401: .us  // our token or certificate
        case 408, 429, 500...: .upstream
        default: .caller
        }
    }

    /// Busy servers, and servers in trouble, may answer otherwise later.
    package var retry: Retry {
        switch code {
        case 408, 429, 500, 502, 503, 504: .afterBackoff
        default: .never
        }
    }

    /// One line for a log.
    package var description: String { "\(code) \(reason.isEmpty ? "" : reason + ": ")\(message)" }
}

/// Fields that a server-side apply wanted to change, and that others own.
package struct ApplyConflict: Sendable, Equatable, CustomStringConvertible {
    /// One field.
    package struct Field: Sendable, Equatable {
        /// Its path, such as `.spec.replicas`.
        package var path: String
        /// Whose it is, in the server's words: `conflict with "kubectl" using apps/v1`.
        package var owner: String
    }

    /// The fields.
    package var fields: [Field]

    /// Nil when a status is not about that.
    package init?(_ status: KubernetesStatus) {
        let causes = status.causes.filter { $0.reason == "FieldManagerConflict" }
        guard status.code == 409, !causes.isEmpty else { return nil }
        fields = causes.map { Field(path: $0.field, owner: $0.message) }
    }

    /// One line for a log.
    package var description: String {
        "apply: " + fields.map { "\($0.path): \($0.owner)" }.joined(separator: "; ")
    }
}
