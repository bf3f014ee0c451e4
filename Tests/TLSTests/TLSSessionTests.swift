import Crypto
import Faults
import System
import TLS
import TestKit
import Testing

@Suite struct TLSSessionTests {
    @Test func `our client and our server agree on TLS 1.3 and HTTP 2`() throws {
        let rig = try TLSRig()
        let server = try OneByOneServer(TLSServerContext(rig.issue("server")))
        let result = try dial(TLSClientContext(TLSFiles(authorities: rig.caFile)), port: server.port)
        #expect(result.failure == nil)
        #expect(result.received == Array("hello\n".utf8))
        #expect(result.version == "TLSv1.3")
        #expect(result.protocolName == .http2)
        #expect(server.results(1).first?.protocolName == .http2)
        #expect(result.peer?.dnsNames.contains("localhost") == true)
    }

    @Test func `a large message crosses in both directions`() throws {
        let rig = try TLSRig()
        let text = String(repeating: "0123456789", count: 100_000)
        let server = try OneByOneServer(TLSServerContext(rig.issue("server")), greeting: text)
        let result = try dial(
            TLSClientContext(TLSFiles(authorities: rig.caFile)), port: server.port, enough: text.utf8.count)
        #expect(result.received == Array(text.utf8))
    }

    @Test(arguments: ["other.example", "127.0.0.2", "localhos"])
    func `a server with another name is refused`(_ name: String) throws {
        let rig = try TLSRig()
        let server = try OneByOneServer(TLSServerContext(rig.issue("server")))
        let result = try dial(TLSClientContext(TLSFiles(authorities: rig.caFile)), port: server.port, name: name)
        guard case .handshakeFailed(let reason) = result.failure else {
            Issue.record("the handshake must fail")
            return
        }
        #expect(reason.contains("mismatch"))
    }

    @Test(arguments: ["localhost", "127.0.0.1", "::1"])
    func `a server is known under each of its names`(_ name: String) throws {
        let rig = try TLSRig()
        let server = try OneByOneServer(TLSServerContext(rig.issue("server")))
        let result = try dial(TLSClientContext(TLSFiles(authorities: rig.caFile)), port: server.port, name: name)
        #expect(result.failure == nil)
    }

    @Test func `an empty server name is refused before anything is sent`() throws {
        let rig = try TLSRig()
        let server = try OneByOneServer(TLSServerContext(rig.issue("server")))
        #expect(throws: TLSError.badServerName("")) {
            _ = try dial(TLSClientContext(TLSFiles(authorities: rig.caFile)), port: server.port, name: "")
        }
    }

    @Test func `a server from another authority is refused`() throws {
        let rig = try TLSRig()
        let other = try TLSRig()
        let server = try OneByOneServer(TLSServerContext(rig.issue("server")))
        let result = try dial(TLSClientContext(TLSFiles(authorities: other.caFile)), port: server.port)
        #expect(result.failure?.description.contains("certificate") == true)
    }

    @Test func `an expired server certificate is refused`() throws {
        let rig = try TLSRig()
        let server = try OneByOneServer(TLSServerContext(rig.issue("server", lifetime: -60)))
        let result = try dial(TLSClientContext(TLSFiles(authorities: rig.caFile)), port: server.port)
        #expect(result.failure == .handshakeFailed(reason: "certificate has expired"))
    }

    @Test func `a client is known by its certificate, without one it stays nameless`() throws {
        let rig = try TLSRig()
        var files = try rig.issue("server")
        files.authorities = rig.caFile
        let server = try OneByOneServer(TLSServerContext(files, clientCertificates: .optional), count: 2)
        var clientFiles = try rig.issue("agent", as: "streams-agent")
        clientFiles.authorities = rig.caFile
        _ = try dial(TLSClientContext(clientFiles), port: server.port)
        _ = try dial(TLSClientContext(TLSFiles(authorities: rig.caFile)), port: server.port)
        let results = server.results(2)
        #expect(results.first?.peer?.commonName == "streams-agent")
        #expect(results.first?.peer?.ipAddresses == ["127.0.0.1", "::1"])
        #expect(results.last?.peer == nil)
        #expect(results.last?.failure == nil)
    }

    @Test func `a required client certificate keeps nameless clients and strangers out`() throws {
        let rig = try TLSRig()
        let stranger = try TLSRig()
        var files = try rig.issue("server")
        files.authorities = rig.caFile
        let server = try OneByOneServer(TLSServerContext(files, clientCertificates: .required), count: 2)
        _ = try dial(TLSClientContext(TLSFiles(authorities: rig.caFile)), port: server.port)
        var clientFiles = try stranger.issue("agent")
        clientFiles.authorities = rig.caFile
        _ = try dial(TLSClientContext(clientFiles), port: server.port)
        let results = server.results(2)
        #expect(results.count == 2)
        #expect(results.allSatisfy { $0.failure != nil && $0.peer == nil })
    }

    @Test func `bytes that are not TLS fail the handshake`() async throws {
        let rig = try TLSRig()
        let server = try OneByOneServer(TLSServerContext(rig.issue("server")))
        _ = try await runTool(
            "curl", ["-s", "--max-time", "60", "http://127.0.0.1:\(server.port)/"], mayFail: true)
        guard case .handshakeFailed = server.results(1).first?.failure else {
            Issue.record("plain HTTP must not shake hands")
            return
        }
    }
}

@Suite struct TLSFilesTests {
    @Test func `a missing file, a text that is no key and a foreign key are named`() throws {
        let rig = try TLSRig()
        var files = try rig.issue("a")
        let other = try rig.issue("b")
        files.key = rig.folder.file("none.key")
        var error = #expect(throws: TLSError.self) { _ = try TLSServerContext(files) }
        #expect(error?.description.hasPrefix(rig.folder.file("none.key")) == true)
        files.key = try rig.folder.write("bad.key", text: "secret words")
        error = #expect(throws: TLSError.self) { _ = try TLSServerContext(files) }
        #expect(error?.description.contains("secret words") == false)
        files.key = other.key
        error = #expect(throws: TLSError.self) { _ = try TLSServerContext(files) }
        #expect(error?.blame == .us)
        #expect(throws: TLSError.self) { _ = try TLSClientContext(TLSFiles(authorities: "/no/such/ca.pem")) }
    }

    @Test func `new files are taken, bad ones are refused once and the old ones stay`() throws {
        let rig = try TLSRig()
        let context = try TLSServerContext(rig.issue("server", as: "first"))
        let client = try TLSClientContext(TLSFiles(authorities: rig.caFile))
        let later = MonotonicTime.now() + .seconds(2)
        func name() throws -> String? {
            let server = try OneByOneServer(context)
            return try dial(client, port: server.port).peer?.commonName
        }
        #expect(context.reloadIfChanged(now: later) == .unchanged)
        #expect(try name() == "first")
        try rig.issue("server", as: "second")
        #expect(context.reloadIfChanged(now: later) == .unchanged)  // looked less than a second ago
        #expect(context.reloadIfChanged(now: later + .seconds(1)) == .reloaded)
        #expect(try name() == "second")
        try rig.folder.write("server.pem", text: "broken")
        guard case .refused = context.reloadIfChanged(now: later + .seconds(2)) else {
            Issue.record("a broken certificate must be refused")
            return
        }
        #expect(context.reloadIfChanged(now: later + .seconds(3)) == .unchanged)
        #expect(try name() == "second")
        try rig.issue("server", as: "third")
        #expect(context.reloadIfChanged(now: later + .seconds(4)) == .reloaded)
        #expect(try name() == "third")
    }
}

/// The judge is the `openssl` command.
@Suite struct TLSAgainstOpenSSLTests {
    private func dialByOpenSSL(_ rig: TLSRig, _ port: UInt16, _ more: [String]) async throws -> ToolResult {
        try await runTool(
            "openssl",
            [
                "s_client", "-connect", "127.0.0.1:\(port)", "-CAfile", rig.caFile, "-verify_return_error", "-brief",
                "-ign_eof",
            ]
                + more,
            mayFail: true)
    }

    @Test(arguments: ["-tls1_2", "-tls1_3"])
    func `both versions work`(_ version: String) async throws {
        let rig = try TLSRig()
        let server = try OneByOneServer(TLSServerContext(rig.issue("server")))
        let result = try await dialByOpenSSL(rig, server.port, [version, "-alpn", "http/1.1"])
        #expect(result.status == 0)
        #expect(result.errors.contains("Verification: OK"))
        #expect(server.results(1).first?.protocolName == .http1)
    }

    @Test(arguments: [["-tls1_1"], ["-tls1_2", "-cipher", "AES128-SHA"], ["-alpn", "spdy/3"]])
    func `old versions, weak ciphers and foreign protocols are refused`(_ options: [String]) async throws {
        let rig = try TLSRig()
        let server = try OneByOneServer(TLSServerContext(rig.issue("server")))
        let result = try await dialByOpenSSL(rig, server.port, options)
        #expect(result.status != 0)
        #expect(server.results(1).first?.failure != nil)
    }

    @Test func `a client that names no protocol is served`() async throws {
        let rig = try TLSRig()
        let server = try OneByOneServer(TLSServerContext(rig.issue("server")))
        let result = try await dialByOpenSSL(rig, server.port, [])
        #expect(result.status == 0)
        #expect(server.results(1).first == Conversation(version: "TLSv1.3"))
    }

    @Test func `a session is resumed by its ticket`() async throws {
        let rig = try TLSRig()
        let server = try OneByOneServer(TLSServerContext(rig.issue("server")), count: 2)
        let file = rig.folder.file("session")
        _ = try await dialByOpenSSL(rig, server.port, ["-sess_out", file])
        _ = try await dialByOpenSSL(rig, server.port, ["-sess_in", file])
        #expect(server.results(2).map(\.isResumed) == [false, true])
    }

    @Test func `our client talks to openssl s_server`() async throws {
        let rig = try TLSRig()
        let files = try rig.issue("server")
        let port = try freePort()
        let server = try RunningTool(
            "openssl",
            [
                "s_server", "-accept", "127.0.0.1:\(port)", "-cert", files.certificate!, "-key", files.key!, "-alpn",
                "h2", "-www",
            ])
        try await server.waitForText("ACCEPT")
        let result = try dial(TLSClientContext(TLSFiles(authorities: rig.caFile)), port: port, enough: 0)
        #expect(result.failure == nil)
        #expect(result.protocolName == .http2)
        server.terminate()
    }
}
