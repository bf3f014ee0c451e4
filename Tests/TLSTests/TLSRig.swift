import Crypto
import Glibc
import Synchronization
import System
import TLS
import TestKit
import Time

/// A folder with an authority, and certificates from it.
struct TLSRig {
    let folder: TemporaryFolder
    let authority: CertificateAuthority
    var caFile: String { folder.file("ca.pem") }

    init() throws {
        folder = try TemporaryFolder()
        authority = try CertificateAuthority.create(name: "Test CA", now: Self.now, lifetime: 86_400)
        try folder.write("ca.pem", authority.certificatePEM)
    }

    static var now: Int64 { SystemClock().now().seconds }

    /// Writes `name.pem` and `name.key`.
    @discardableResult
    func issue(
        _ name: String, as service: String? = nil, lifetime: Int64 = 3600, from other: CertificateAuthority? = nil
    )
        throws -> TLSFiles
    {
        let issued = try (other ?? authority).issue(service: service ?? name, now: Self.now, lifetime: lifetime)
        // Atomic: a reload must never see half a file.
        try File.writeAtomically(folder.file("\(name).key"), issued.keyPEM.withBytes { Array($0) }, mode: 0o600)
        try File.writeAtomically(folder.file("\(name).pem"), issued.certificatePEM)
        return TLSFiles(certificate: folder.file("\(name).pem"), key: folder.file("\(name).key"))
    }
}

/// What one connection of a test turned out to be.
struct Conversation: Sendable, Equatable {
    var failure: TLSError?
    var received: [UInt8] = []
    var peer: PeerIdentity?
    var version = ""
    var protocolName: ApplicationProtocol?
    var isResumed = false
}

/// Waits until a descriptor is ready; the sessions under test never block.
func waitReady(_ raw: Int32, write: Bool) {
    var entry = pollfd(fd: raw, events: Int16(write ? POLLOUT : POLLIN), revents: 0)
    poll(&entry, 1, 30_000)
}

extension TLSSession {
    /// Runs the session: handshake, send `greeting`, read until `enough` bytes or the end, goodbye.
    mutating func converse(raw: Int32, greeting: [UInt8], enough: Int) -> Conversation {
        var result = Conversation()
        var sent = 0
        var shaken = false
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let outcome: TLSOutcome
            if !shaken {
                outcome = handshake()
                if case .done = outcome {
                    shaken = true
                    (result.peer, result.version) = (peer, version)
                    (result.protocolName, result.isResumed) = (applicationProtocol, isResumed)
                }
            } else if sent < greeting.count {
                outcome = greeting.withUnsafeBytes { write(UnsafeRawBufferPointer(rebasing: $0[sent...])) }
                if case .done(let count) = outcome { sent += count }
            } else if result.received.count < enough {
                outcome = buffer.withUnsafeMutableBytes { read(into: $0) }
                if case .done(let count) = outcome { result.received += buffer[..<count] }
            } else {
                sayGoodbye()
                return result
            }
            switch outcome {
            case .done: break
            case .wantsRead: waitReady(raw, write: false)
            case .wantsWrite: waitReady(raw, write: true)
            case .closed: return result
            case .failed(let error):
                result.failure = error
                return result
            }
        }
    }
}

/// Accepts `count` connections one after the other, says `greeting` to each and reads `enough` bytes.
final class OneByOneServer: Sendable {
    let port: UInt16
    private let results = Monitor<[Conversation]>([])

    init(_ context: TLSServerContext, count: Int = 1, greeting: String = "hello\n", enough: Int = 0) throws {
        let listener = try Socket.listen(on: SocketAddress(ip: "127.0.0.1", port: 0))
        port = try Socket.localAddress(raw: listener.raw)!.port
        let raw = listener.take()
        let results = results
        try SystemThread.start("tls-server") {
            defer { FileDescriptor.close(raw: raw) }
            for _ in 0..<count {
                waitReady(raw, write: false)
                guard case .done(let accepted) = Socket.accept(raw: raw) else { return }
                let connection = FileDescriptor(owning: Int32(accepted))
                do throws(TLSError) {
                    var session = try context.makeSession(raw: connection.raw)
                    let result = session.converse(
                        raw: connection.raw, greeting: Array(greeting.utf8), enough: enough)
                    results.change { $0.append(result) }
                } catch {
                    results.change { $0.append(Conversation(failure: error)) }
                }
            }
        }.detach()
    }

    func results(_ count: Int) -> [Conversation] {
        results.wait(upTo: .seconds(60)) { $0.count >= count ? $0 : nil } ?? []
    }
}

/// Dials, reads `enough` bytes, and tells.
func dial(_ context: TLSClientContext, port: UInt16, name: String = "localhost", enough: Int = 6) throws -> Conversation
{
    let connection = try Socket.startConnecting(to: SocketAddress(ip: "127.0.0.1", port: port))
    waitReady(connection.raw, write: true)
    var session = try context.makeSession(raw: connection.raw, serverName: name)
    return session.converse(raw: connection.raw, greeting: [], enough: enough)
}
