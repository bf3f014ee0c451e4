package import Config
package import Observe
package import TLS
import Time

/// The settings that every service has. Their names begin with the service's, except those that mean the same for all.
package struct CommonConfig: Sendable {
    /// Where the admin listener listens.
    package let adminListen: HostPort
    /// The service's certificate.
    package let tls: TLSFiles
    /// Who may look at the admin listener; nil means everybody who reaches it.
    package let adminClientCA: String?
    /// How long draining may take.
    package let grace: Duration
    /// Lines below are not written.
    package let logLevel: LogLevel
    /// Nil: text on a terminal, JSON otherwise.
    package let logFormat: LogFormat?

    init(reading env: inout EnvReader, prefix: String, adminListen: String) {
        self.adminListen = env.read(
            "\(prefix)_ADMIN_LISTEN", default: adminListen,
            "TLS address of `/livez`, `/readyz` and `/metrics`; port 0 takes a free one.")
        tls = TLSFiles(
            certificate: env.require(
                "\(prefix)_TLS_CERT_FILE", example: "/etc/polder/tls/\(Self.dashed(prefix)).pem",
                "Certificate chain, PEM; read again when it changes."),
            key: env.require(
                "\(prefix)_TLS_KEY_FILE", example: "/etc/polder/tls/\(Self.dashed(prefix)).key",
                "Private key of the certificate, PEM."))
        adminClientCA = env.readIfPresent(
            "\(prefix)_ADMIN_CLIENT_CA_FILE", example: "/etc/polder/tls/ca.pem",
            "When set, the admin listener wants a client certificate of this authority.")
        env.checkAddress("\(prefix)_ADMIN_LISTEN", self.adminListen)
        env.checkCertificate("\(prefix)_TLS_CERT_FILE", "\(prefix)_TLS_KEY_FILE", tls)
        env.checkAuthority("\(prefix)_ADMIN_CLIENT_CA_FILE", adminClientCA)
        grace = env.read(
            "SHUTDOWN_GRACE", default: "8s", in: .milliseconds(1) ... .hours(1),
            "How long a stopping service may finish what it accepted.")
        let level: LogLevelSetting = env.read(
            "LOG_LEVEL", default: "info", "Lines below this level are not written.")
        logLevel = level.level
        let format: LogFormatSetting = env.read(
            "LOG_FORMAT", default: "auto", "How lines look; `auto` is text on a terminal and JSON otherwise.")
        logFormat = format.format
    }

    /// `EVENT_GATEWAY` for `event-gateway`.
    static func prefix(of name: String) -> String {
        String(name.map { $0 == "-" ? "_" : Character($0.uppercased()) })
    }

    private static func dashed(_ prefix: String) -> String {
        String(prefix.map { $0 == "_" ? "-" : Character($0.lowercased()) })
    }
}

private enum LogLevelSetting: String, SettingChoice {
    case debug, info, warning, error

    var level: LogLevel {
        switch self {
        case .debug: .debug
        case .info: .info
        case .warning: .warning
        case .error: .error
        }
    }
}

private enum LogFormatSetting: String, SettingChoice {
    case auto, text, json

    var format: LogFormat? {
        switch self {
        case .auto: nil
        case .text: .text
        case .json: .json
        }
    }
}
