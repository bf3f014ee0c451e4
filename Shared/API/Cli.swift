// `strmprivacy.api.cli.v1`

package import GRPC

/// Releases of the command line.
package enum CliService: RPCService {
    package static let serviceName = "strmprivacy.api.cli.v1.CliService"

    /// One release, or the latest.
    package static let getRelease: UnaryMethod<GetReleaseRequest, GetReleaseResponse> = unary("GetRelease")

    package static let methods = [getRelease.shape]
}

/// `GetReleaseRequest`.
package struct GetReleaseRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.cli.v1.GetReleaseRequest"

    /// `v1.0.0`; empty for the latest.
    package var version = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "version", &version, [.commandLineVersion])
    }
}

/// `GetReleaseResponse`.
package struct GetReleaseResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.cli.v1.GetReleaseResponse"

    /// The release.
    package var release: CliRelease?

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "release", &release)
    }
}

/// `CliRelease`.
package struct CliRelease: ProtoMessage {
    package static let protoName = "strmprivacy.api.cli.v1.CliRelease"

    /// The version.
    package var version = ""
    /// When.
    package var releaseTime: ProtoTimestamp?
    /// Where to get it.
    package var sourceURI = ""
    /// What is new.
    package var releaseNotes = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "version", &version)
        fields.message(2, "releaseTime", &releaseTime)
        fields.text(3, "sourceUri", &sourceURI)
        fields.text(4, "releaseNotes", &releaseNotes)
    }
}
