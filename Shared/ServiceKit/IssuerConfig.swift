package import Config
package import HTTP
import Time

/// The settings of a service that verifies tokens: whose they are, and where that issuer's keys come from.
package struct IssuerConfig: Sendable {
    /// What `iss` has to be.
    package let name: String
    /// Where the issuer's keys are fetched.
    package let keySetURL: URLParts
    /// Who signed the issuer's certificate, PEM.
    package let certificateAuthorityFile: String
    /// How far the issuer's clock may be off.
    package let clockSkew: Duration

    /// Reads the settings.
    ///
    /// - Parameter prefix: `EVENT_GATEWAY`.
    package init(reading env: inout EnvReader, prefix: String) {
        name = env.read(
            "\(prefix)_ISSUER", default: "https://localhost:8543/auth/realms/streams",
            "What `iss` of a token has to be, exactly.")
        keySetURL = env.read(
            "\(prefix)_JWKS_URL", default: "https://localhost:8543/auth/realms/streams/protocol/openid-connect/certs",
            "Where the issuer's public keys are fetched: https, or http on the loopback; the last set is kept in the state folder."
        )
        certificateAuthorityFile = env.require(
            "\(prefix)_CA_FILE", example: "/var/lib/polder/tls/ca.pem",
            "Authority that signed the issuer's certificate, PEM.")
        clockSkew = env.read(
            "\(prefix)_CLOCK_SKEW", default: "60s", in: .zero ... .minutes(10),
            "How far the issuer's clock may differ from ours when `exp` and `nbf` are checked.")
        if !keySetURL.scheme.isSecure, !HostPort(host: keySetURL.host, port: 0).isLoopback {
            env.refuse(
                "\(prefix)_JWKS_URL",
                because: "keys come over https, or from the loopback: who changes them on the way can make tokens")
        }
        env.checkAuthority("\(prefix)_CA_FILE", certificateAuthorityFile)
    }
}

extension URLParts: SettingValue {
    /// An absolute address.
    package static var settingKind: String { URLString.settingKind }
    /// Reads an `http` or `https` address.
    package init?(settingText: String) {
        guard let url = URLParts(settingText), url.scheme == .http || url.scheme == .https else { return nil }
        self = url
    }
    /// The whole address.
    package var settingText: String { description }
}
