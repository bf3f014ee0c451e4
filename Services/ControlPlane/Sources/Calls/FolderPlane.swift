import API
package import PlaneConfig
import Wire

/// What the plane folder describes, as the API shows it: in project `default`, read-only.
package struct FolderPlane: Sendable {
    /// Streams, contracts and policies.
    package let snapshot: PlaneSnapshot
    private let identities: Identities

    /// A version of the folder, and where the secrets of its streams are.
    package init(_ snapshot: PlaneSnapshot, _ identities: Identities) {
        self.snapshot = snapshot
        self.identities = identities
    }

    /// The secret of a stream's client.
    ///
    /// - Throws: `.damaged` when it cannot be read.
    func secret(of stream: PlaneStream) throws(CallError) -> String {
        do throws(PlaneConfigError) {
            return try identities.clientSecret(of: stream)
        } catch {
            throw .damaged("the secret of stream \(stream.name) of the plane folder: \(error)")
        }
    }
}

extension PlaneStream {
    /// The message, without what is secret and without its topic.
    func spec(inProject projectID: String) -> StreamSpec {
        var spec = StreamSpec()
        spec.ref.name = name
        spec.ref.projectID = projectID
        spec.enabled = isEnabled
        spec.policyID = policy.id
        if let derivedFrom {
            spec.linkedStream = derivedFrom
            spec.consentLevels = purposes
            spec.consentLevelType = consentLevelType
        } else {
            var limits = Limits()
            limits.eventRate = eventRate
            spec.limits = limits
        }
        var masked = MaskedFields()
        for (ref, paths) in masks {
            var list = MaskedFields.PatternList()
            list.fieldPatterns = paths
            masked.fieldPatterns[ref.description] = list
        }
        spec.maskedFields = masked
        return spec
    }
}
