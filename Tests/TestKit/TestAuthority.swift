import Crypto
import System

/// A certificate authority for one test, and certificates of it, as files in the test's folder.
///
/// Real time: other people's TLS libraries look at the machine's clock.
package final class TestAuthority: Sendable {
    private let authority: CertificateAuthority
    private let folder: TemporaryFolder

    /// Path of the authority's certificate.
    package let caFile: String

    /// Makes the authority and writes `<name>.pem` into the folder.
    ///
    /// - Throws: `CryptoError`, `TestKitError`.
    package init(in folder: TemporaryFolder, name: String = "ca") throws {
        self.folder = folder
        authority = try CertificateAuthority.create(
            name: "Polder test authority", now: Self.now - 3600, lifetime: 30 * 86_400)
        caFile = try folder.write("\(name).pem", authority.certificatePEM)
    }

    /// Makes a certificate for localhost, 127.0.0.1, ::1 and the service's name, and writes `<service>.pem` and
    /// `<service>.key`; replaces those that exist.
    ///
    /// - Throws: `CryptoError`, `TestKitError`.
    @discardableResult
    package func issue(_ service: String) throws -> (certificate: String, key: String) {
        let issued = try authority.issue(service: service, now: Self.now - 3600, lifetime: 7 * 86_400)
        let key = issued.keyPEM.withBytes { Array($0) }
        let paths = (certificate: folder.file("\(service).pem"), key: folder.file("\(service).key"))
        // Atomic: a server that reads them again must never see half a file.
        try File.writeAtomically(paths.key, key, mode: 0o600)
        try File.writeAtomically(paths.certificate, issued.certificatePEM)
        return paths
    }

    private static var now: Int64 { epochSeconds() }
}
