import Crypto
import TestKit
import Testing

@Suite struct CertificateAuthorityTests {
    static let now: Int64 = 1_767_225_600  // 2026-01-01

    @Test func `openssl accepts a leaf as server and as client, for every name`() async throws {
        let folder = try TemporaryFolder()
        let authority = try CertificateAuthority.create(name: "Polder test", now: Self.now, lifetime: 86_400 * 3650)
        let leaf = try authority.issue(
            service: "event-gateway", names: ["gateway.internal", "10.1.2.3"], now: Self.now, lifetime: 86_400 * 90)
        try folder.write("ca.pem", authority.certificatePEM)
        try folder.write("leaf.pem", leaf.certificatePEM)
        try folder.write("leaf.key", leaf.keyPEM.withBytes { [UInt8]($0) })
        for purpose in ["sslserver", "sslclient"] {
            for name in [
                ["-verify_hostname", "localhost"], ["-verify_hostname", "event-gateway"],
                ["-verify_hostname", "gateway.internal"], ["-verify_ip", "127.0.0.1"], ["-verify_ip", "::1"],
                ["-verify_ip", "10.1.2.3"],
            ] {
                let result = try await runTool(
                    "/usr/bin/openssl",
                    ["verify", "-x509_strict", "-attime", "\(Self.now + 60)", "-purpose", purpose] + name
                        + ["-CAfile", folder.file("ca.pem"), folder.file("leaf.pem")])
                #expect(result.output.contains("OK"))
            }
        }
        let wrong = try await runTool(
            "/usr/bin/openssl",
            [
                "verify", "-attime", "\(Self.now + 60)", "-verify_hostname", "example.org", "-CAfile",
                folder.file("ca.pem"), folder.file("leaf.pem"),
            ], mayFail: true)
        #expect(wrong.status != 0)
        let expired = try await runTool(
            "/usr/bin/openssl",
            [
                "verify", "-attime", "\(Self.now + 86_400 * 91)", "-CAfile", folder.file("ca.pem"),
                folder.file("leaf.pem"),
            ], mayFail: true)
        #expect(expired.status != 0)
    }

    @Test func `an authority read back from its files goes on issuing`() async throws {
        let folder = try TemporaryFolder()
        let first = try CertificateAuthority.create(name: "Polder test", now: Self.now, lifetime: 86_400 * 3650)
        let again = try CertificateAuthority(certificatePEM: first.certificatePEM, keyPEM: first.privatePEM())
        let renewed = try again.issue(service: "decrypter", now: Self.now, lifetime: 86_400)
        try folder.write("ca.pem", first.certificatePEM)
        try folder.write("leaf.pem", renewed.certificatePEM)
        let result = try await runTool(
            "/usr/bin/openssl",
            ["verify", "-attime", "\(Self.now + 60)", "-CAfile", folder.file("ca.pem"), folder.file("leaf.pem")])
        #expect(result.output.contains("OK"))
    }

    @Test func `the end of validity is read from the certificate`() throws {
        let authority = try CertificateAuthority.create(name: "Polder test", now: Self.now, lifetime: 86_400 * 3650)
        let leaf = try authority.issue(service: "decrypter", now: Self.now, lifetime: 86_400 * 90 + 7)
        #expect(try CertificateAuthority.expiry(ofCertificatePEM: leaf.certificatePEM) == Self.now + 86_400 * 90 + 7)
    }

    @Test func `two leaves share neither key nor serial number`() throws {
        let authority = try CertificateAuthority.create(name: "Polder test", now: Self.now, lifetime: 86_400)
        let first = try authority.issue(service: "decrypter", now: Self.now, lifetime: 60)
        let second = try authority.issue(service: "decrypter", now: Self.now, lifetime: 60)
        #expect(first.certificatePEM != second.certificatePEM)
        let same = first.keyPEM.isEqual(to: second.keyPEM)
        #expect(!same)
    }

    @Test func `a key that is not the authority's is refused`() throws {
        let authority = try CertificateAuthority.create(name: "Polder test", now: Self.now, lifetime: 86_400)
        #expect(throws: CryptoError.unusableKey) {
            _ = try CertificateAuthority(
                certificatePEM: authority.certificatePEM, keyPEM: SigningKey.generate(.es256).privatePEM())
        }
        #expect(throws: CryptoError.unusableCertificate) {
            _ = try CertificateAuthority(certificatePEM: [], keyPEM: SigningKey.generate(.es256).privatePEM())
        }
    }

    @Test(arguments: ["a,DNS:evil", "a b", "x\ny"])
    func `a name that would smuggle in another extension is refused`(_ name: String) throws {
        let authority = try CertificateAuthority.create(name: "Polder test", now: Self.now, lifetime: 86_400)
        #expect(throws: CryptoError.unusableCertificate) {
            _ = try authority.issue(service: "decrypter", names: [name], now: Self.now, lifetime: 60)
        }
        #expect(throws: CryptoError.unusableCertificate) {
            _ = try authority.issue(service: name, now: Self.now, lifetime: 60)
        }
    }
}
