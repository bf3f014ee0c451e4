private import COpenSSL
import Synchronization
package import System

/// Application protocols (RFC 7301) in the order in which a server prefers them.
package enum ApplicationProtocol: String, Sendable, CaseIterable {
    /// HTTP/2 (RFC 9113).
    case http2 = "h2"
    /// HTTP/1.1; also what a peer means that names nothing.
    case http1 = "http/1.1"
}

/// Where certificates and keys come from. All files are PEM.
package struct TLSFiles: Sendable, Equatable {
    /// The own certificate, followed by those between it and the root. Nil for a client without one.
    package var certificate: String?
    /// The private key of `certificate`.
    package var key: String?
    /// The authorities that the peer's certificate must come from. Nil: a server does not ask for one, a client trusts the
    /// machine's authorities.
    package var authorities: String?

    /// For a server: certificate and key, and `authorities` when clients may or must show a certificate.
    package init(certificate: String?, key: String?, authorities: String? = nil) {
        self.certificate = certificate
        self.key = key
        self.authorities = authorities
    }

    /// For a client that shows no certificate.
    package init(authorities: String?) {
        self.init(certificate: nil, key: nil, authorities: authorities)
    }

    fileprivate var all: [String] { [certificate, key, authorities].compactMap { $0 } }
}

/// What `TLSFiles` names, as PEM text: for a client that has it from elsewhere than files of its own. It is not read again.
package struct TLSMaterial: Sendable {
    /// The own certificate, followed by those between it and the root. Nil for a client without one.
    package var certificate: [UInt8]?
    /// The private key of `certificate`. A secret.
    package var key: [UInt8]?
    /// The authorities that the server's certificate must come from. Nil: the machine's.
    package var authorities: [UInt8]?

    /// From its parts.
    package init(certificate: [UInt8]? = nil, key: [UInt8]? = nil, authorities: [UInt8]?) {
        self.certificate = certificate
        self.key = key
        self.authorities = authorities
    }
}

/// Where a client has its certificate and authorities from.
private enum ClientSource {
    case files(TLSFiles)
    case material(TLSMaterial)

    var files: TLSFiles? { if case .files(let files) = self { files } else { nil } }
}

/// Whether a server asks a client for its certificate.
package enum ClientCertificates: Sendable {
    /// Never.
    case none
    /// Asks; a client without one is let in, one with a bad one is not.
    case optional
    /// Lets nobody in without a good one.
    case required
}

/// What became of a look at the files.
package enum TLSReload: Sendable, Equatable {
    /// Nothing to do, or the last look was less than a second ago.
    case unchanged
    /// New connections use the new files.
    case reloaded
    /// The files changed and cannot be used; new connections go on with the old ones.
    case refused(TLSError)
}

/// One `SSL_CTX` and the memory that its callbacks point at. Sessions keep it alive.
final class ContextHandle: @unchecked Sendable {  // OpenSSL locks an SSL_CTX itself; `protocols` never changes
    let pointer: OpaquePointer
    private let protocols: UnsafeMutableBufferPointer<UInt8>

    fileprivate init(server: Bool, protocols names: [ApplicationProtocol]) throws(TLSError) {
        guard let made = SSL_CTX_new(server ? TLS_server_method() : TLS_client_method()) else {
            throw .library(call: "SSL_CTX_new", reason: drainErrors())
        }
        pointer = made
        let wire = names.flatMap { [UInt8($0.rawValue.utf8.count)] + Array($0.rawValue.utf8) }
        protocols = .allocate(capacity: wire.count)
        _ = protocols.initialize(from: wire)
    }

    deinit {
        SSL_CTX_free(pointer)
        protocols.deallocate()
    }

    fileprivate static func server(_ files: TLSFiles, _ clients: ClientCertificates, _ names: [ApplicationProtocol])
        throws(TLSError) -> ContextHandle
    {
        let context = try ContextHandle(server: true, protocols: names)
        try context.configure(files)
        SSL_CTX_set_num_tickets(context.pointer, 1)
        copenssl_watch_renegotiation(context.pointer)
        // Resumed sessions carry the client's identity, so they must come from this server (SSL_CTX_set_session_id_context(3)).
        try check(
            SSL_CTX_set_session_id_context(context.pointer, Array("polder".utf8), 6), "SSL_CTX_set_session_id_context")
        SSL_CTX_set_alpn_select_cb(
            context.pointer,
            { _, chosen, chosenCount, offered, offeredCount, owner in
                // Called only inside SSL_do_handshake of a session, which keeps the context alive.
                let own = Unmanaged<ContextHandle>.fromOpaque(owner!).takeUnretainedValue().protocols
                var start = 0
                while start < own.count {
                    let length = Int(own[start])
                    let name = UnsafeRawBufferPointer(
                        rebasing: UnsafeRawBufferPointer(own)[(start + 1)...].prefix(length))
                    if let found = ContextHandle.find(
                        name, in: UnsafeRawBufferPointer(start: offered, count: Int(offeredCount)))
                    {
                        chosen?.pointee = found.assumingMemoryBound(to: UInt8.self)
                        chosenCount?.pointee = UInt8(length)
                        return SSL_TLSEXT_ERR_OK
                    }
                    start += 1 + length
                }
                return SSL_TLSEXT_ERR_ALERT_FATAL
            }, Unmanaged.passUnretained(context).toOpaque())
        if clients != .none, let authorities = files.authorities {
            SSL_CTX_set_client_CA_list(context.pointer, copenssl_load_ca_names(authorities))
            let mode = clients == .required ? SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT : SSL_VERIFY_PEER
            SSL_CTX_set_verify(context.pointer, mode, nil)
        }
        return context
    }

    fileprivate static func client(
        _ source: ClientSource, _ names: [ApplicationProtocol]
    ) throws(TLSError) -> ContextHandle {
        let context = try ContextHandle(server: false, protocols: names)
        let trustsMachine: Bool
        switch source {
        case .files(let files):
            try context.configure(files)
            trustsMachine = files.authorities == nil
        case .material(let material):
            try context.configure(material)
            trustsMachine = material.authorities == nil
        }
        if trustsMachine {
            try check(SSL_CTX_set_default_verify_paths(context.pointer), "SSL_CTX_set_default_verify_paths")
        }
        SSL_CTX_set_verify(context.pointer, SSL_VERIFY_PEER, nil)
        // This one function answers 0 for success.
        let result = SSL_CTX_set_alpn_protos(
            context.pointer, context.protocols.baseAddress, UInt32(context.protocols.count))
        try check(result == 0 ? 1 : 0, "SSL_CTX_set_alpn_protos")
        return context
    }

    private func configure(_ material: TLSMaterial) throws(TLSError) {
        try configure(TLSFiles(authorities: nil))
        if let text = material.certificate {
            var isFirst = true
            try Self.forEachCertificate(in: text, "the client's certificate") { certificate in
                defer { isFirst = false }
                if isFirst {
                    defer { X509_free(certificate) }
                    return SSL_CTX_use_certificate(pointer, certificate) == 1
                }
                if copenssl_add_chain_certificate(pointer, certificate) == 1 { return true }
                X509_free(certificate)
                return false
            }
        }
        if let text = material.key {
            let key = try Self.withMemory(text) { PEM_read_bio_PrivateKey($0, nil, nil, nil) }
            defer { EVP_PKEY_free(key) }
            guard let key, SSL_CTX_use_PrivateKey(pointer, key) == 1, SSL_CTX_check_private_key(pointer) == 1 else {
                throw .unusableFile(path: "the client's key", reason: drainErrors())
            }
        }
        if let text = material.authorities {
            let store = SSL_CTX_get_cert_store(pointer)
            try Self.forEachCertificate(in: text, "the authorities") { certificate in
                defer { X509_free(certificate) }
                return X509_STORE_add_cert(store, certificate) == 1
            }
        }
    }

    /// Reads PEM text; `take` owns each certificate and says whether it was good.
    private static func forEachCertificate(
        in text: [UInt8], _ what: String, _ take: (OpaquePointer) -> Bool
    ) throws(TLSError) {
        var count = 0
        var isGood = true
        try withMemory(text) { memory in
            while isGood, let certificate = PEM_read_bio_X509(memory, nil, nil, nil) {
                isGood = take(certificate)
                count += 1
            }
        }
        let reason = drainErrors()  // the end of the text is an error to OpenSSL, too
        guard isGood, count > 0 else {
            throw .unusableFile(path: what, reason: count == 0 ? "no certificate in PEM form" : reason)
        }
    }

    private static func withMemory<Result>(
        _ text: [UInt8], _ body: (OpaquePointer) -> Result
    ) throws(TLSError) -> Result {
        var result: Result?
        text.withUnsafeBytes { bytes in
            guard let memory = BIO_new_mem_buf(bytes.baseAddress, Int32(clamping: bytes.count)) else { return }
            defer { BIO_free(memory) }
            result = body(memory)
        }
        guard let result else { throw .library(call: "BIO_new_mem_buf", reason: drainErrors()) }
        return result
    }

    private func configure(_ files: TLSFiles) throws(TLSError) {
        try check(copenssl_ctx_set_versions(pointer, TLS1_2_VERSION), "SSL_CTX_set_min_proto_version")
        copenssl_ctx_set_modes(pointer)
        // One read of the socket may bring several records.
        SSL_CTX_set_default_read_buffer_len(pointer, 32 << 10)
        // RFC 9113 §9.2.2: only key exchanges with forward secrecy and authenticated ciphers.
        try check(SSL_CTX_set_cipher_list(pointer, "ECDHE+AESGCM:ECDHE+CHACHA20"), "SSL_CTX_set_cipher_list")
        if let path = files.certificate {
            if SSL_CTX_use_certificate_chain_file(pointer, path) != 1 {
                throw .unusableFile(path: path, reason: drainErrors())
            }
        }
        if let path = files.key {
            if SSL_CTX_use_PrivateKey_file(pointer, path, SSL_FILETYPE_PEM) != 1
                || SSL_CTX_check_private_key(pointer) != 1
            {
                throw .unusableFile(path: path, reason: drainErrors())
            }
        }
        if let path = files.authorities {
            if SSL_CTX_load_verify_locations(pointer, path, nil) != 1 {
                throw .unusableFile(path: path, reason: drainErrors())
            }
        }
    }

    /// Where `name` stands in a list of length-prefixed names.
    private static func find(_ name: UnsafeRawBufferPointer, in list: UnsafeRawBufferPointer) -> UnsafeRawPointer? {
        var start = 0
        while start < list.count {
            let length = Int(list[start])
            guard start + 1 + length <= list.count else { return nil }
            let entry = UnsafeRawBufferPointer(rebasing: list[(start + 1)..<(start + 1 + length)])
            if entry.elementsEqual(name) { return entry.baseAddress }
            start += 1 + length
        }
        return nil
    }
}

/// Watches files by their status and keeps the context that was made from their last good version.
private struct CurrentContext {
    var handle: ContextHandle
    var statuses: [FileStatus?]
    var nextLook: MonotonicTime
}

/// What a server needs to accept TLS connections: TLS 1.2 or later, forward secrecy, no renegotiation, session tickets.
///
/// Any thread. The files are looked at again when `reloadIfChanged` is called; sessions that exist keep what they have.
package final class TLSServerContext: Sendable {
    private let files: TLSFiles
    private let clients: ClientCertificates
    private let protocols: [ApplicationProtocol]
    private let current: Mutex<CurrentContext>

    /// Reads the files.
    ///
    /// - Throws: `.unusableFile` for the first file that does not fit.
    package init(
        _ files: TLSFiles, clientCertificates: ClientCertificates = .none,
        protocols: [ApplicationProtocol] = [.http2, .http1]
    ) throws(TLSError) {
        self.files = files
        self.protocols = protocols
        clients = clientCertificates
        let statuses = statusOfAll(files)
        let handle = try ContextHandle.server(files, clientCertificates, protocols)
        current = Mutex(CurrentContext(handle: handle, statuses: statuses, nextLook: .now() + .seconds(1)))
    }

    /// A session for an accepted connection. The descriptor stays the caller's and outlives the session.
    ///
    /// - Throws: `.library` when memory is short.
    package func makeSession(raw: Int32) throws(TLSError) -> TLSSession {
        try TLSSession(server: current.withLock { $0.handle }, raw: raw)
    }

    /// Looks whether the files have changed, at most once a second, and takes the new ones when they are good.
    package func reloadIfChanged(now: MonotonicTime = .now()) -> TLSReload {
        reload(current, files, now) { () throws(TLSError) in
            try ContextHandle.server(files, clients, protocols)
        }
    }
}

/// What a client needs to dial TLS connections: it checks the server's certificate and name, always.
///
/// Any thread. The files are looked at again when `reloadIfChanged` is called.
package final class TLSClientContext: Sendable {
    private let source: ClientSource
    private let protocols: [ApplicationProtocol]
    private let current: Mutex<CurrentContext>

    /// Reads the files.
    ///
    /// - Throws: `.unusableFile` for the first file that does not fit.
    package convenience init(
        _ files: TLSFiles, protocols: [ApplicationProtocol] = [.http2, .http1]
    ) throws(TLSError) {
        try self.init(.files(files), protocols)
    }

    /// Takes what the text holds.
    ///
    /// - Throws: `.unusableFile`, whose path says which part does not fit.
    package convenience init(
        _ material: TLSMaterial, protocols: [ApplicationProtocol] = [.http2, .http1]
    ) throws(TLSError) {
        try self.init(.material(material), protocols)
    }

    private init(_ source: ClientSource, _ protocols: [ApplicationProtocol]) throws(TLSError) {
        self.source = source
        self.protocols = protocols
        let statuses = source.files.map(statusOfAll) ?? []
        let handle = try ContextHandle.client(source, protocols)
        current = Mutex(CurrentContext(handle: handle, statuses: statuses, nextLook: .now() + .seconds(1)))
    }

    /// A session for a connection that is being dialled. The descriptor stays the caller's and outlives the session.
    ///
    /// - Parameter serverName: DNS name or IP address that the server's certificate must be for.
    /// - Throws: `.badServerName`, or `.library` when memory is short.
    package func makeSession(raw: Int32, serverName: String) throws(TLSError) -> TLSSession {
        try TLSSession(client: current.withLock { $0.handle }, raw: raw, serverName: serverName)
    }

    /// Looks whether the files have changed, at most once a second, and takes the new ones when they are good.
    package func reloadIfChanged(now: MonotonicTime = .now()) -> TLSReload {
        guard let files = source.files else { return .unchanged }
        return reload(current, files, now) { () throws(TLSError) in
            try ContextHandle.client(.files(files), protocols)
        }
    }
}

/// A file that cannot be looked at counts as missing: reading it will tell why.
private func statusOfAll(_ files: TLSFiles) -> [FileStatus?] {
    files.all.map { path in
        do {
            return try File.status(path)
        } catch {
            return nil
        }
    }
}

private func reload(
    _ current: borrowing Mutex<CurrentContext>, _ files: TLSFiles, _ now: MonotonicTime,
    _ make: () throws(TLSError) -> ContextHandle
) -> TLSReload {
    let mustLook = current.withLock { current in
        if now < current.nextLook { return false }
        current.nextLook = now + .seconds(1)
        return true
    }
    guard mustLook else { return .unchanged }
    let statuses = statusOfAll(files)
    guard current.withLock({ $0.statuses != statuses }) else { return .unchanged }
    do {
        let handle = try make()
        current.withLock { current in
            current.handle = handle
            current.statuses = statuses
        }
        return .reloaded
    } catch {
        // Remembered as seen: the same bad files are reported once, not every second.
        current.withLock { $0.statuses = statuses }
        return .refused(error)
    }
}
