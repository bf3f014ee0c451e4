private import COpenSSL
internal import Glibc

/// What a call on a session came to.
package enum TLSOutcome: Equatable {
    /// Bytes moved; at least one.
    case done(Int)
    /// Go on when the descriptor can be read.
    case wantsRead
    /// Go on when the descriptor can be written.
    case wantsWrite
    /// The peer has said goodbye; nothing more comes.
    case closed
    /// It is over.
    case failed(TLSError)
}

/// Who the peer has proven to be: what its certificate says, after the certificate was checked against our authorities.
package struct PeerIdentity: Sendable, Equatable {
    /// Common name of the subject.
    package var commonName: String?
    /// Alternative names of type DNS.
    package var dnsNames: [String] = []
    /// Alternative names of type URI, such as `spiffe://…`.
    package var uris: [String] = []
    /// Alternative names of type IP address, in text form.
    package var ipAddresses: [String] = []
}

/// One TLS connection on a non-blocking descriptor that somebody else owns.
///
/// Isolation: one owner, on one loop.
package struct TLSSession: ~Copyable, @unchecked Sendable {  // moved between threads as a whole, never shared
    private let session: OpaquePointer
    private let context: ContextHandle  // its callbacks point into it

    init(server context: ContextHandle, raw: Int32) throws(TLSError) {
        self.context = context
        session = try Self.make(context, raw)
        // A peer that ends without close_notify: HTTP knows from its own framing whether something is missing.
        copenssl_accept_silent_end(session)
        SSL_set_accept_state(session)
    }

    init(client context: ContextHandle, raw: Int32, serverName: String) throws(TLSError) {
        let session = try Self.make(context, raw)
        do throws(TLSError) {
            let parameters = SSL_get0_param(session)
            if X509_VERIFY_PARAM_set1_ip_asc(parameters, serverName) != 1 {
                ERR_clear_error()
                guard !serverName.isEmpty, SSL_set1_host(session, serverName) == 1 else {
                    _ = drainErrors()
                    throw .badServerName(serverName)
                }
                X509_VERIFY_PARAM_set_hostflags(parameters, UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS))
                try check(copenssl_set_server_name(session, serverName), "SSL_set_tlsext_host_name")
            }
        } catch {
            SSL_free(session)
            throw error
        }
        SSL_set_connect_state(session)
        self.context = context
        self.session = session
    }

    private static func make(_ context: ContextHandle, _ raw: Int32) throws(TLSError) -> OpaquePointer {
        guard let session = SSL_new(context.pointer) else { throw .library(call: "SSL_new", reason: drainErrors()) }
        guard SSL_set_fd(session, raw) == 1 else {
            SSL_free(session)
            throw .library(call: "SSL_set_fd", reason: drainErrors())
        }
        return session
    }

    deinit {
        SSL_free(session)
    }

    /// Goes on with the handshake. `.done(0)` when it is finished.
    package func handshake() -> TLSOutcome {
        let result = SSL_do_handshake(session)
        return result == 1 ? .done(0) : outcome(result, inHandshake: true)
    }

    /// Decrypts what has arrived, at most the buffer's size.
    package func read(into buffer: UnsafeMutableRawBufferPointer) -> TLSOutcome {
        let result = SSL_read(session, buffer.baseAddress, Int32(clamping: buffer.count))
        // Each request for another handshake costs us an alert and the client nothing: the first one is the last.
        if copenssl_asked_to_renegotiate(session) == 1 { return .failed(.protocolViolated(reason: "renegotiation")) }
        return result > 0 ? .done(Int(result)) : outcome(result, inHandshake: false)
    }

    /// Encrypts and sends as much as the connection takes. After `wantsWrite` call again with the same bytes, wherever
    /// they are now, perhaps with more behind them.
    package func write(_ bytes: UnsafeRawBufferPointer) -> TLSOutcome {
        if bytes.isEmpty { return .done(0) }
        let result = SSL_write(session, bytes.baseAddress, Int32(clamping: bytes.count))
        return result > 0 ? .done(Int(result)) : outcome(result, inHandshake: false)
    }

    /// True when `read` has bytes without asking the descriptor, which then will not become readable for them.
    package var hasPendingBytes: Bool { SSL_has_pending(session) == 1 }

    /// Says goodbye, once, without waiting for the peer's answer. The descriptor may be closed afterwards.
    package func sayGoodbye() {
        if SSL_is_init_finished(session) == 1, SSL_shutdown(session) < 0 { ERR_clear_error() }
    }

    /// What both sides agreed to speak; nil when the peer named nothing.
    package var applicationProtocol: ApplicationProtocol? {
        var name: UnsafePointer<UInt8>?
        var count: UInt32 = 0
        SSL_get0_alpn_selected(session, &name, &count)
        guard let name, count > 0 else { return nil }
        return ApplicationProtocol(
            rawValue: String(decoding: UnsafeBufferPointer(start: name, count: Int(count)), as: UTF8.self))
    }

    /// `TLSv1.3` or `TLSv1.2`.
    package var version: String { String(cString: SSL_get_version(session)) }

    /// True when the handshake resumed an earlier session.
    package var isResumed: Bool { SSL_session_reused(session) == 1 }

    /// Who the peer is. Nil when it has shown no certificate; a bad one ends the handshake instead.
    package var peer: PeerIdentity? {
        guard let certificate = SSL_get1_peer_certificate(session) else { return nil }
        defer { X509_free(certificate) }
        guard SSL_get_verify_result(session) == X509_V_OK else { return nil }
        var identity = PeerIdentity()
        if let subject = X509_get_subject_name(certificate) {
            let index = X509_NAME_get_index_by_NID(subject, NID_commonName, -1)
            if index >= 0, let entry = X509_NAME_get_entry(subject, index) {
                identity.commonName = text(X509_NAME_ENTRY_get_data(entry))
            }
        }
        if let names = X509_get_ext_d2i(certificate, NID_subject_alt_name, nil, nil) {
            let names = OpaquePointer(names)
            defer { GENERAL_NAMES_free(names) }
            for index in 0..<copenssl_names_count(names) {
                var type: Int32 = 0
                guard let value = copenssl_name_at(names, index, &type) else { continue }
                switch type {
                case GEN_DNS: identity.dnsNames.append(text(value))
                case GEN_URI: identity.uris.append(text(value))
                case GEN_IPADD: identity.ipAddresses.append(address(value))
                default: break  // OpenSSL's number: other kinds of names identify nobody here
                }
            }
        }
        return identity
    }

    private func bytes(_ string: UnsafePointer<ASN1_STRING>?) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: ASN1_STRING_get0_data(string), count: Int(ASN1_STRING_length(string)))
    }

    private func text(_ string: UnsafePointer<ASN1_STRING>?) -> String {
        String(decoding: bytes(string), as: UTF8.self)
    }

    private func address(_ string: UnsafePointer<ASN1_STRING>?) -> String {
        let bytes = bytes(string)
        guard bytes.count == 4 || bytes.count == 16 else { return "" }
        var buffer = [CChar](repeating: 0, count: 64)
        inet_ntop(bytes.count == 4 ? AF_INET : AF_INET6, bytes.baseAddress, &buffer, 64)
        return buffer.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    }

    private func outcome(_ result: Int32, inHandshake: Bool) -> TLSOutcome {
        let code = errno  // before anything else changes it
        switch SSL_get_error(session, result) {
        case SSL_ERROR_WANT_READ: return .wantsRead
        case SSL_ERROR_WANT_WRITE: return .wantsWrite
        case SSL_ERROR_ZERO_RETURN: return inHandshake ? .failed(.truncated) : .closed
        case SSL_ERROR_SYSCALL:
            ERR_clear_error()
            return .failed(code == 0 ? .truncated : .connectionFailed(errno: code))
        default:  // SSL_ERROR_SSL, and what only callbacks that we do not use can cause
            let verify = SSL_get_verify_result(session)
            let reason = drainErrors()
            if reason == "unexpected eof while reading" { return .failed(.truncated) }
            guard inHandshake else { return .failed(.protocolViolated(reason: reason)) }
            if verify != X509_V_OK, let words = X509_verify_cert_error_string(verify) {
                return .failed(.handshakeFailed(reason: String(cString: words)))
            }
            return .failed(.handshakeFailed(reason: reason))
        }
    }
}
