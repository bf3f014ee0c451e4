import Crypto
import EventLoop
import HTTP
import JSON
import Synchronization
import TLS
import TestKit
import Testing
import Tokens

/// The key set comes over real TLS from a stranger: Python's own HTTPS server.
@Suite struct KeySetFetchTests {
    private static let server = """
        import http.server, ssl, sys
        folder, certificate, key = sys.argv[1:]
        class Handler(http.server.SimpleHTTPRequestHandler):
            protocol_version = 'HTTP/1.1'
            def __init__(self, *a): super().__init__(*a, directory=folder)
        httpd = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        httpd.socket = context.wrap_socket(httpd.socket, server_side=True)
        print('port', httpd.server_port, flush=True)
        httpd.serve_forever()
        """

    private let folder: TemporaryFolder
    private let authority: TestAuthority
    private let loop: EventLoop

    init() throws {
        folder = try TemporaryFolder()
        authority = try TestAuthority(in: folder)
        loop = try EventLoop(name: "keys")
    }

    private func serve() async throws -> (tool: RunningTool, url: String) {
        let files = try authority.issue("issuer")
        try folder.makeFolder("www")
        let tool = try RunningTool(
            try Strangers.python, ["-c", Self.server, folder.file("www"), files.certificate, files.key])
        try await tool.waitForText("port ")
        let port = tool.output.split(separator: " ").last.flatMap { Int($0.filter(\.isNumber)) } ?? 0
        return (tool, "https://localhost:\(port)")
    }

    private func fetch(_ url: String, trusting caFile: String) async throws -> Result<[UInt8], KeySetFetchFailure> {
        let parts = try #require(URLParts(url))
        let fetch = KeySetSource.fetch(
            parts, on: loop, tls: try TLSClientContext(TLSFiles(authorities: caFile)))
        return await withCheckedContinuation { continuation in fetch { continuation.resume(returning: $0) } }
    }

    private func reason(_ result: Result<[UInt8], KeySetFetchFailure>) -> String {
        switch result {
        case .success(let bytes): "got \(bytes.count) bytes"
        case .failure(let failure): failure.reason
        }
    }

    @Test func `a key set is fetched from a server whose certificate we trust, and from no other`() async throws {
        let (tool, url) = try await serve()
        let set = KeySet(keys: [KeySet.Key(keyID: "rsa-1", key: try TokenFixture.rsa.verifyingKey())])
        try folder.write("www/certs", set.document().bytes())
        #expect(try KeySet(jwks: try await fetch(url + "/certs", trusting: authority.caFile).get()) == set)
        #expect(reason(try await fetch(url + "/nothing", trusting: authority.caFile)).hasSuffix("answered 404"))
        let stranger = try TestAuthority(in: folder, name: "stranger")
        #expect(!reason(try await fetch(url + "/certs", trusting: stranger.caFile)).hasPrefix("got"))
        tool.terminate()
    }

    @Test func `a document of a megabyte is not taken`() async throws {
        let (tool, url) = try await serve()
        try folder.write("www/certs", [UInt8](repeating: 0x20, count: 1 << 20))
        #expect(!reason(try await fetch(url + "/certs", trusting: authority.caFile)).hasPrefix("got"))
        tool.terminate()
    }

    @Test func `an issuer that is away is a failure with a reason`() async throws {
        let port = try freePort()
        let answer = try await fetch("https://localhost:\(port)/certs", trusting: authority.caFile)
        #expect(reason(answer).contains("refused"), "\(reason(answer))")
    }
}
