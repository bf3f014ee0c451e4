package import Config
import Crypto
import ServiceKit
import Time

/// Every setting of the control plane.
package struct ControlPlaneConfig: ServiceConfig {
    /// Where the admin listener listens by default.
    package static let adminListen = "127.0.0.1:9103"

    /// Largest request body, in bytes: a token request has a few hundred.
    package static let maximumBody = 64 * 1024

    /// The TLS listener: HTTP/2 and HTTP/1.1.
    package let listen: HostPort
    /// The listener without TLS; nil when there is none.
    package let listenPlain: HostPort?
    /// The TLS listener of the API: gRPC.
    package let grpcListen: HostPort
    /// The listener of the API without TLS; nil when there is none.
    package let grpcListenPlain: HostPort?
    /// What begins the issuer's address; nil is `https://localhost:<port of the TLS listener>`.
    package let publicURL: URLString?
    /// The plane's folder of entities.
    package let planeFolder: String
    /// The state folder of the plane.
    package let stateFolder: String
    /// A file with the key-encryption key; nil means the state folder's own.
    package let kekFile: String?
    /// How long an access token lives.
    package let tokenLifetime: Duration
    /// What tokens say.
    package let tokenClaims: TokenClaimsSetting
    /// What stream tokens are signed with.
    package let algorithm: SigningAlgorithm
    /// Age at which a signing key gets a successor.
    package let keyRotation: Duration
    /// How long a new signing key is published before it signs.
    package let keyPublishAhead: Duration
    /// How often a client may fail to log in, per minute.
    package let failedLogins: Int
    /// The address of the first admin.
    package let adminEmail: EmailAddress
    /// Threads that serve connections.
    package let loops: Int

    /// Reads every setting.
    package init(reading env: inout EnvReader) {
        listen = env.read(
            "CONTROL_PLANE_LISTEN", default: "0.0.0.0:8543", "Address of the public listener: TLS, h2 and http/1.1.")
        listenPlain = env.readIfPresent(
            "CONTROL_PLANE_LISTEN_PLAIN", example: "127.0.0.1:8180",
            "Address of a listener without TLS, for clients on this machine: loopback only.")
        grpcListen = env.read(
            "CONTROL_PLANE_GRPC_LISTEN", default: "0.0.0.0:50052", "Address of the API's listener: gRPC over TLS.")
        grpcListenPlain = env.readIfPresent(
            "CONTROL_PLANE_GRPC_LISTEN_PLAIN", example: "127.0.0.1:50051",
            "Address of a listener of the API without TLS, for clients on this machine: loopback only.")
        publicURL = env.readIfPresent(
            "CONTROL_PLANE_PUBLIC_URL", example: "https://auth.example.com",
            "What begins the issuer of every token. Without it `https://localhost:<port of the TLS listener>`.")
        planeFolder = env.require(
            "CONTROL_PLANE_PLANE_FOLDER", example: "/etc/polder/plane",
            "Folder with the plane's streams, data contracts and policies; watched.")
        stateFolder = env.require(
            "CONTROL_PLANE_STATE_FOLDER", example: "/var/lib/polder",
            "State folder of the plane: identities, client secrets, signing keys, last good configuration.")
        kekFile = env.readIfPresent(
            "CONTROL_PLANE_KEK_FILE", example: "/run/secrets/kek",
            "File with the key-encryption key, 32 bytes, which seals secrets. Without it `<state>/secrets/kek`.")
        tokenLifetime = env.read(
            "CONTROL_PLANE_TOKEN_LIFETIME", default: "1h", in: .hours(1) ... .days(7),
            "How long an access token lives; public clients refresh all the time when it is less than an hour.")
        tokenClaims = env.read(
            "CONTROL_PLANE_TOKEN_CLAIMS", default: "keycloak",
            "Claims of tokens: all that Keycloak writes, or only those that are looked at, for short tokens.")
        algorithm = env.read(
            "CONTROL_PLANE_SIGNING_ALGORITHM", default: "RS256",
            "What new signing keys of realm `streams` sign with; the other realms have ES256.")
        keyRotation = env.read(
            "CONTROL_PLANE_KEY_ROTATION", default: "30d", in: .hours(12) ... .days(3650),
            "Age at which a signing key gets a successor.")
        keyPublishAhead = env.read(
            "CONTROL_PLANE_KEY_PUBLISH_AHEAD", default: "30m", in: .minutes(11) ... .hours(6),
            "How long a new signing key is published before it signs; verifiers keep key sets for 10 minutes.")
        failedLogins = env.read(
            "CONTROL_PLANE_FAILED_LOGINS", default: "30", in: 1...10_000,
            "How often one client id may fail to log in, per minute; further failures get 429.")
        adminEmail = env.read(
            "CONTROL_PLANE_ADMIN_EMAIL", default: "admin@polder.local",
            "E-mail address of the admin that the first start makes; the password is in `secrets/admin-password`.")
        loops = env.read("CONTROL_PLANE_LOOPS", default: "1", in: 1...64, "Threads that serve connections.")
        env.checkAddress("CONTROL_PLANE_LISTEN", listen)
        env.checkPlainListener("CONTROL_PLANE_LISTEN_PLAIN", listenPlain)
        env.checkAddress("CONTROL_PLANE_GRPC_LISTEN", grpcListen)
        env.checkPlainListener("CONTROL_PLANE_GRPC_LISTEN_PLAIN", grpcListenPlain)
    }
}

/// Names of the sets of claims as settings have them.
package enum TokenClaimsSetting: String, SettingChoice {
    /// All that Keycloak writes for a service account.
    case keycloak
    /// Issuer, expiry and client.
    case minimal
}

/// Names of the algorithms as settings have them.
package enum SigningAlgorithm: String, SettingChoice {
    /// RSA-2048.
    case rs256 = "RS256"
    /// P-256.
    case es256 = "ES256"
}
