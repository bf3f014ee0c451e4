internal import Crypto
internal import JSON
internal import KeyVault
package import System
package import Time

/// The folder in which a plane keeps everything that is not configuration. Its own part of it:
///
///     tls/ca.pem, tls/ca.key                  the plane's certificate authority; the key 0600
///     tls/<service>.pem, tls/<service>.key    a leaf and the authority; renewed in time, the key 0600
///     secrets/kek                             32 random bytes, 0600: wraps every data key
///     secrets/admin-password                  the first admin's, 0600, made by the control plane
///     secrets/subject-hash.key                32 random bytes, 0600: hashes key-field values
///     run/lock                                held by the running supervisor
///     run/runtime.sock                        its socket, 0600
///     run/decrypter.env                       the settings that every decrypter gets
///     run/ports.json                          the ports that were chosen with `--ports auto`, for the next start
///     run/plane.json                          the ready document, 0600, while the plane is up
///     plane/                                  the demo plane, when no other folder was named
package struct StateFolder: Sendable {
    /// The folder's absolute path.
    package let path: String

    /// How long a service's certificate is valid.
    private static let leafLifetime: Int64 = 90 * 86_400  // seconds
    /// When it is replaced: this long before its end.
    private static let renewBefore: Int64 = 30 * 86_400  // seconds

    /// The state folder at an absolute path; nothing is made yet.
    package init(_ path: String) {
        self.path = path
    }

    /// Where `--dir` and the environment say, made absolute: `--dir`, `$POLDER_DIR`, `~/.local/share/polder`.
    ///
    /// - Throws: `.failed` when there is neither of them nor a home.
    package static func resolve(_ dir: String?, environment: [String: String]) throws(PolderError) -> StateFolder {
        if let path = dir ?? environment["POLDER_DIR"], !path.isEmpty {
            return StateFolder(try absolute(path))
        }
        guard let home = environment["HOME"], !home.isEmpty else {
            throw .failed("there is no home folder: say --dir DIR")
        }
        return StateFolder("\(home)/.local/share/polder")
    }

    /// A path made absolute.
    package static func absolute(_ path: String) throws(PolderError) -> String {
        var path = path
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        if path.hasPrefix("/") { return path }
        do {
            return "\(try Directory.current())/\(path)"
        } catch {
            throw .failed(error.description)
        }
    }

    /// The password of the admin that the control plane's first start makes; gone when the admin chose another one.
    package var adminPasswordFile: String { "\(path)/secrets/admin-password" }
    /// The authority's certificate.
    package var caFile: String { "\(path)/tls/ca.pem" }
    /// The runtime's socket.
    package var socketPath: String { "\(path)/run/runtime.sock" }
    /// The supervisor's lock.
    package var lockPath: String { "\(path)/run/lock" }
    /// The ready document.
    package var planeFile: String { "\(path)/run/plane.json" }
    /// The settings that every decrypter gets.
    package var decrypterSettingsFile: String { "\(path)/run/decrypter.env" }
    /// The ports that were chosen last.
    private var portsFile: String { "\(path)/run/ports.json" }
    /// Where the demo plane is written.
    package var demoFolder: String { "\(path)/plane" }
    /// A service's certificate and the authority's.
    package func certificateFile(of service: String) -> String { "\(path)/tls/\(service).pem" }
    /// A service's private key.
    package func keyFile(of service: String) -> String { "\(path)/tls/\(service).key" }

    /// Makes folders that are missing, and on the first start the keys.
    ///
    /// - Parameter provisionedKEK: The file of the key-encryption key when somebody else provides it.
    /// - Throws: `.configuration` when a key has been lost or cannot be used, otherwise `.failed` with what and why.
    package func prepare(provisionedKEK: String? = nil) throws(PolderError) {
        // sockaddr_un has 108 bytes for a path and its end.
        guard socketPath.utf8.count <= 107 else {
            throw .failed("\(path) is too long: the socket in it would have more than 107 bytes")
        }
        do {
            for folder in ["", "/tls", "/secrets", "/run"] {
                try Directory.create("\(path)\(folder)", mode: 0o700)
            }
        } catch {
            throw .failed(error.description)
        }
        do {
            _ = try PlaneSecrets.keyEncryptionKey(path, provisioned: provisionedKEK, creating: true)
            _ = try PlaneSecrets.hashKey(path, creating: true)
        } catch {
            throw error.isMisplacedSecret ? .configuration([error.description]) : .failed(error.description)
        }
    }

    /// The ports that a run on this folder chose last; nil when none did, and when what it wrote down cannot be read.
    ///
    /// - Throws: `.call` when the folder cannot be read.
    package func lastPorts() throws(SystemError) -> Ports? {
        guard try File.status(portsFile) != nil else { return nil }
        let bytes = try File.read(portsFile)
        do throws(JSONError) {
            return Ports(json: try JSONValue.parse(bytes))
        } catch {
            return nil
        }
    }

    /// Writes down the ports of this run.
    ///
    /// - Throws: `.call` when the folder cannot be written.
    package func keep(_ ports: Ports) throws(SystemError) {
        try File.writeAtomically(portsFile, ports.json.bytes(), mode: 0o600)
    }

    /// Makes the certificate authority if there is none, and every service's certificate that is missing or near its end.
    ///
    /// - Returns: True when one was made. Services notice by themselves.
    /// - Throws: `.failed` with what and why.
    @discardableResult
    package func renewCertificates(for services: [String], now: Timestamp) throws(PolderError) -> Bool {
        let seconds = now.milliseconds / 1000
        do {
            let authority = try authority(now: seconds)
            var isAnyNew = false
            for service in services where try !isGood(certificateFile(of: service), now: seconds) {
                let leaf = try authority.issue(service: service, now: seconds, lifetime: StateFolder.leafLifetime)
                try leaf.keyPEM.withBytes { bytes in
                    try File.writeAtomically(keyFile(of: service), Array(bytes), mode: 0o600)
                }
                try File.writeAtomically(certificateFile(of: service), leaf.certificatePEM)
                isAnyNew = true
            }
            return isAnyNew
        } catch {
            throw .failed("certificates in \(path)/tls: \(error)")
        }
    }

    private func authority(now: Int64) throws -> CertificateAuthority {
        let keyFile = "\(path)/tls/ca.key"
        if try File.status(caFile) != nil, try File.status(keyFile) != nil {
            let certificate = try File.read(caFile)
            if try CertificateAuthority.expiry(ofCertificatePEM: certificate) > now + StateFolder.leafLifetime {
                return try CertificateAuthority(
                    certificatePEM: certificate, keyPEM: SecretBytes(copying: try File.read(keyFile)))
            }
        }
        let fresh = try CertificateAuthority.create(name: "Polder local CA", now: now, lifetime: 3650 * 86_400)
        try fresh.privatePEM().withBytes { try File.writeAtomically(keyFile, Array($0), mode: 0o600) }
        try File.writeAtomically(caFile, fresh.certificatePEM)
        // Leaves of an older authority are worth nothing now.
        for name in try Directory.list("\(path)/tls") where name.hasSuffix(".pem") && name != "ca.pem" {
            try File.remove("\(path)/tls/\(name)")
        }
        return fresh
    }

    private func isGood(_ certificate: String, now: Int64) throws -> Bool {
        guard try File.status(certificate) != nil else { return false }
        let end = try CertificateAuthority.expiry(ofCertificatePEM: try File.read(certificate))
        return end > now + StateFolder.renewBefore
    }
}

/// Held by the one supervisor of a state folder, until it goes or its process ends.
final class PlaneLock: Sendable {
    private let lock: FileLock

    /// - Throws: `.locked` when another process holds it.
    init(_ state: StateFolder) throws(SystemError) {
        lock = try FileLock(state.lockPath)
    }
}
