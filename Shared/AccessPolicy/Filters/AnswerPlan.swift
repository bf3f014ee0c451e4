internal import Bytes

/// What has to be done with the body of an answer before it may leave the plane.
package enum AnswerPlan: Sendable, Equatable {
    /// It leaves as it is.
    case pass
    /// It goes through an ``AnswerFilter`` of these rules.
    case filter(AnswerFilter.Rules)

    /// Decides by call and answer, never by what the body looks like.
    ///
    /// - Parameters:
    ///   - status: The answer's status.
    ///   - contentType: Its `content-type`, if any.
    ///   - contentEncoding: Its `content-encoding`, if any.
    ///   - keepsManagedFields: As the policy says.
    /// - Throws: `.answer` for what cannot be looked into (compressed, protobuf, CBOR, YAML): it must not leave the plane.
    package init(
        for call: ClusterCall, status: Int, contentType: String?, contentEncoding: String? = nil,
        keepsManagedFields: Bool
    ) throws(AccessError) {
        if let encoding = contentEncoding, encoding.utf8.map(ASCII.lowercased) != Array("identity".utf8) {
            throw .answer(rule: "it is compressed, though nobody asked for that")
        }
        // Bytes of a log, a terminal or a port have no form, and what tells what the API offers holds no object.
        guard let resource = call.resource, ![.exec, .portforward].contains(call.kind) else {
            self = .pass
            return
        }
        let type = (contentType ?? "").utf8.prefix { $0 != UInt8(ascii: ";") }.map(ASCII.lowercased)
        let name = type.withUnsafeBytes { String(decoding: ASCII.trimmed($0), as: UTF8.self) }
        let isSecret = resource.group.isEmpty && resource.resource == "secrets"
        switch name {
        case "application/json":
            self = .filter(AnswerFilter.Rules(dropsManagedFields: !keepsManagedFields, hidesSecrets: isSecret))
        case "text/plain" where call.kind == .logs || (status >= 400 && !isSecret): self = .pass
        case "" where status == 204 || status == 304: self = .pass
        default: throw .answer(rule: "it is neither JSON nor the text of a log")
        }
    }
}
