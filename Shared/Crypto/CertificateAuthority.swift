internal import COpenSSL

/// A leaf certificate and its private key, both PEM.
package struct IssuedCertificate: ~Copyable {
    /// The leaf followed by the authority's certificate: what a TLS server presents.
    package let certificatePEM: [UInt8]
    /// The leaf's private key, for a file that only its owner may read.
    package let keyPEM: SecretBytes
}

/// A small certificate authority (RFC 5280) for the services of one plane: EC P-256 throughout.
///
/// Leaves are valid as server and as client, for `localhost`, `127.0.0.1`, `::1` and the service's own name.
///
/// - Isolation: immutable; may be used from any thread.
package struct CertificateAuthority: Sendable {
    /// The authority's own certificate, PEM: what clients trust.
    package let certificatePEM: [UInt8]
    private let key: SigningKey

    /// A new authority with a new key.
    /// - Parameters:
    ///   - name: Common name, shown by tools that list certificates.
    ///   - now: Seconds since 1970; validity begins an hour earlier, for clocks that are behind.
    ///   - lifetime: Seconds from `now` to the end of validity.
    package static func create(name: String, now: Int64, lifetime: Int64) throws(CryptoError) -> CertificateAuthority {
        let key = try SigningKey.generate(.es256)
        let certificate = try Certificate.unsigned(subject: name, publicKey: key, now: now, lifetime: lifetime)
        try certificate.setIssuer(certificate)
        try certificate.add(NID_basic_constraints, "critical,CA:TRUE,pathlen:0", issuer: certificate)
        try certificate.add(NID_key_usage, "critical,keyCertSign,cRLSign", issuer: certificate)
        try certificate.add(NID_subject_key_identifier, "hash", issuer: certificate)
        try certificate.sign(with: key)
        return CertificateAuthority(certificatePEM: try certificate.pem(), key: key)
    }

    /// An authority from its two stored files.
    /// - Throws: `.unusableCertificate`, `.unusableKey`; also when the key is not the certificate's.
    package init(certificatePEM: [UInt8], keyPEM: borrowing SecretBytes) throws(CryptoError) {
        let certificate = try Certificate(pem: certificatePEM)
        key = try SigningKey(pem: keyPEM)
        self.certificatePEM = certificatePEM
        guard answered(X509_check_private_key(certificate.pointer, key.key.pointer)) else { throw .unusableKey }
    }

    private init(certificatePEM: [UInt8], key: SigningKey) {
        self.certificatePEM = certificatePEM
        self.key = key
    }

    /// The authority's private key, for a file that only its owner may read.
    package func privatePEM() throws(CryptoError) -> SecretBytes { try key.privatePEM() }

    /// A new key and certificate for a service; call it again to renew.
    /// - Parameters:
    ///   - service: DNS-like name, becomes the common name and one of the alternative names.
    ///   - names: More DNS names or IP addresses, beyond the loopback ones that every leaf has.
    ///   - now: Seconds since 1970.
    ///   - lifetime: Seconds from `now`.
    package func issue(
        service: String, names: [String] = [], now: Int64, lifetime: Int64
    ) throws(CryptoError) -> IssuedCertificate {
        let authority = try Certificate(pem: certificatePEM)
        let leafKey = try SigningKey.generate(.es256)
        let leaf = try Certificate.unsigned(subject: service, publicKey: leafKey, now: now, lifetime: lifetime)
        try leaf.setIssuer(authority)
        var alternatives = ["DNS:localhost", "IP:127.0.0.1", "IP:::1", "DNS:" + service]
        for name in names {
            // A comma or colon trick in a name must not become another extension value.
            guard name.utf8.allSatisfy(Self.isNameByte) else { throw .unusableCertificate }
            let isAddress = name.contains(":") || name.utf8.allSatisfy { $0 == 0x2E || (0x30...0x39).contains($0) }
            alternatives.append((isAddress ? "IP:" : "DNS:") + name)
        }
        guard service.utf8.allSatisfy(Self.isNameByte), !service.contains(":") else { throw .unusableCertificate }
        try leaf.add(NID_basic_constraints, "critical,CA:FALSE", issuer: authority)
        try leaf.add(NID_key_usage, "critical,digitalSignature", issuer: authority)
        try leaf.add(NID_ext_key_usage, "serverAuth,clientAuth", issuer: authority)
        try leaf.add(NID_subject_alt_name, alternatives.joined(separator: ","), issuer: authority)
        try leaf.add(NID_subject_key_identifier, "hash", issuer: authority)
        try leaf.add(NID_authority_key_identifier, "keyid:always", issuer: authority)
        try leaf.sign(with: key)
        return IssuedCertificate(
            certificatePEM: try leaf.pem() + certificatePEM, keyPEM: try leafKey.privatePEM())
    }

    /// Letters, digits, `.`, `-`, `_`, `:` and `*`: all that host names and addresses need.
    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x3A, 0x41...0x5A, 0x61...0x7A, 0x2A, 0x2D, 0x2E, 0x5F: true
        case _: false
        }
    }

    /// When the first certificate of `pem` ends: seconds since 1970.
    package static func expiry(ofCertificatePEM pem: [UInt8]) throws(CryptoError) -> Int64 {
        let certificate = try Certificate(pem: pem)
        let epoch = try check(ASN1_TIME_set(nil, 0), "ASN1_TIME_set")
        defer { ASN1_STRING_free(epoch) }
        var days: Int32 = 0
        var seconds: Int32 = 0
        try check(
            ASN1_TIME_diff(&days, &seconds, epoch, X509_get0_notAfter(certificate.pointer)), "ASN1_TIME_diff")
        return Int64(days) * 86_400 + Int64(seconds)
    }
}

/// Owner of one X509.
private struct Certificate: ~Copyable {
    let pointer: OpaquePointer

    init(owning pointer: OpaquePointer) { self.pointer = pointer }

    init(pem: [UInt8]) throws(CryptoError) {
        let parsed = pem.withUnsafeBytes { bytes -> OpaquePointer? in
            guard let source = BIO_new_mem_buf(bytes.baseAddress, Int32(bytes.count)) else { return nil }
            defer { BIO_free(source) }
            return PEM_read_bio_X509(source, nil, nil, nil)
        }
        guard let parsed else {
            ERR_clear_error()
            throw .unusableCertificate
        }
        pointer = parsed
    }

    /// An unsigned version 3 certificate with a random serial number of 127 bits (RFC 5280 §4.1.2.2: at most 20 bytes,
    /// positive).
    static func unsigned(
        subject: String, publicKey: SigningKey, now: Int64, lifetime: Int64
    ) throws(CryptoError) -> Certificate {
        let certificate = Certificate(owning: try check(X509_new(), "X509_new"))
        let pointer = certificate.pointer
        try check(X509_set_version(pointer, 2), "X509_set_version")
        var serial = try SecureRandom.bytes(16)
        serial[0] = serial[0] & 0x7F | 0x40
        let number = try check(BN_bin2bn(serial, Int32(serial.count), nil), "BN_bin2bn")
        defer { BN_free(number) }
        _ = try check(BN_to_ASN1_INTEGER(number, X509_get_serialNumber(pointer)), "BN_to_ASN1_INTEGER")
        _ = try check(ASN1_TIME_set(X509_getm_notBefore(pointer), Int(now - 3600)), "ASN1_TIME_set")
        _ = try check(ASN1_TIME_set(X509_getm_notAfter(pointer), Int(now + lifetime)), "ASN1_TIME_set")
        try check(X509_set_pubkey(pointer, publicKey.key.pointer), "X509_set_pubkey")
        let text = Array(subject.utf8)
        let added = X509_NAME_add_entry_by_txt(
            X509_get_subject_name(pointer), "CN", MBSTRING_UTF8, text, Int32(text.count), -1, 0)
        try check(added, "X509_NAME_add_entry_by_txt")
        return certificate
    }

    deinit { X509_free(pointer) }

    borrowing func setIssuer(_ issuer: borrowing Certificate) throws(CryptoError) {
        try check(X509_set_issuer_name(pointer, X509_get_subject_name(issuer.pointer)), "X509_set_issuer_name")
    }

    /// Adds an extension in OpenSSL's configuration notation.
    borrowing func add(_ nid: Int32, _ value: String, issuer: borrowing Certificate) throws(CryptoError) {
        var context = X509V3_CTX()
        X509V3_set_ctx(&context, issuer.pointer, pointer, nil, nil, 0)
        let made = try check(X509V3_EXT_conf_nid(nil, &context, nid, value), "X509V3_EXT_conf_nid")
        defer { X509_EXTENSION_free(made) }
        try check(X509_add_ext(pointer, made, -1), "X509_add_ext")
    }

    borrowing func sign(with key: SigningKey) throws(CryptoError) {
        guard X509_sign(pointer, key.key.pointer, EVP_sha256()) > 0 else { throw openSSLFault("X509_sign") }
    }

    borrowing func pem() throws(CryptoError) -> [UInt8] {
        let sink = try check(BIO_new(BIO_s_mem()), "BIO_new")
        defer { BIO_free(sink) }
        try check(PEM_write_bio_X509(sink, pointer), "PEM_write_bio_X509")
        return withBIOContent(sink) { [UInt8]($0) }
    }
}
