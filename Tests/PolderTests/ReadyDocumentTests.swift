import JSON
import Polder
import System
import TestKit
import Testing
import Time

@Suite struct ReadyDocumentTests {
    @Test func `the document has the published form, and is read back`() throws {
        var document = ReadyDocument(
            dir: "/d", caFile: "/d/tls/ca.pem", urls: ReadyDocument.urls(of: Ports()), supervisor: 7)
        document.admin = ["event-gateway": ["https://localhost:9101"]]
        document.pids = ["event-gateway": [4711]]
        document.streams = [
            .init(
                name: "demo", id: "u", topic: "stream-u", clientID: "stream-c", clientSecret: "s", derivedFrom: nil,
                purposes: []),
            .init(
                name: "demo-0", id: "v", topic: "stream-v", clientID: "stream-d", clientSecret: "t",
                derivedFrom: "demo", purposes: [0]),
        ]
        document.adminEmail = "admin@polder.local"
        document.adminPasswordFile = "/d/secrets/admin-password"
        let text = document.json.text()
        #expect(
            text
                == #"{"version":1,"dir":"/d","caFile":"/d/tls/ca.pem","urls":{"events":"https://localhost:8443/event","eventsPlain":"http://localhost:8080/event","webSocket":"wss://localhost:8444/ws","webSocketPlain":"ws://localhost:8082/ws","auth":"https://localhost:8543","authPlain":"http://localhost:8180","api":"https://localhost:50052","apiPlain":"http://localhost:50051"},"admin":{"event-gateway":["https://localhost:9101"]},"pids":{"event-gateway":[4711]},"streams":[{"name":"demo","id":"u","topic":"stream-u","clientId":"stream-c","clientSecret":"s","derivedFrom":null,"purposes":[]},{"name":"demo-0","id":"v","topic":"stream-v","clientId":"stream-d","clientSecret":"t","derivedFrom":"demo","purposes":[0]}],"adminUser":{"email":"admin@polder.local","passwordFile":"/d/secrets/admin-password"},"supervisor":7}"#
        )
        #expect(ReadyDocument(json: try .parse(text)) == document)
    }

    @Test func `unknown members are ignored, another version is not read`() throws {
        #expect(
            ReadyDocument(json: try .parse(#"{"version":1,"dir":"d","caFile":"c","new":[1],"urls":{"x":"y"}}"#))?.urls
                == ["x": "y"])
        #expect(ReadyDocument(json: try .parse(#"{"version":2,"dir":"d","caFile":"c"}"#)) == nil)
        #expect(ReadyDocument(json: [1]) == nil)
    }
}

@Suite struct StateFolderTests {
    @Test func `the folder is --dir, then the environment, then the home`() throws {
        #expect(try StateFolder.resolve("/a/", environment: ["POLDER_DIR": "/b"]).path == "/a")
        #expect(try StateFolder.resolve(nil, environment: ["POLDER_DIR": "/b", "HOME": "/h"]).path == "/b")
        #expect(try StateFolder.resolve(nil, environment: ["HOME": "/h"]).path == "/h/.local/share/polder")
        #expect(throws: PolderError.self) { try StateFolder.resolve(nil, environment: [:]) }
    }

    @Test func `keys and certificates are made once, readable by their owner only`() throws {
        let folder = try TemporaryFolder()
        let state = StateFolder(folder.file("state"))
        let now = Timestamp(milliseconds: 1_767_225_600_000)
        try state.prepare()
        #expect(try state.renewCertificates(for: ["event-gateway"], now: now))
        for secret in ["secrets/kek", "secrets/subject-hash.key", "tls/ca.key", "tls/event-gateway.key"] {
            #expect(try folder.mode(of: "state/\(secret)") == 0o600)
        }
        #expect(try folder.read("state/secrets/kek").count == 32)

        let before = try ["secrets/kek", "tls/ca.pem", "tls/event-gateway.pem"].map { try folder.read("state/\($0)") }
        try state.prepare()
        #expect(try !state.renewCertificates(for: ["event-gateway"], now: now))
        #expect(
            try before
                == ["secrets/kek", "tls/ca.pem", "tls/event-gateway.pem"].map { try folder.read("state/\($0)") })

        // Sixty days later the certificate has a month to go: it is renewed, by the same authority.
        #expect(try state.renewCertificates(for: ["event-gateway"], now: now + .seconds(61 * 86_400)))
        #expect(try folder.read("state/tls/ca.pem") == before[1])
        #expect(try folder.read("state/tls/event-gateway.pem") != before[2])
    }

    @Test func `the certificate is good for openssl`() async throws {
        let folder = try TemporaryFolder()
        let state = StateFolder(folder.path)
        try state.prepare()
        try state.renewCertificates(for: ["web-socket"], now: Timestamp(milliseconds: 1_790_000_000_000))
        let result = try await runTool(
            "openssl",
            [
                "verify", "-attime", "1790000100", "-CAfile", state.caFile, "-verify_hostname", "localhost",
                state.certificateFile(of: "web-socket"),
            ])
        #expect(result.status == 0, "\(result.errors)")
    }
}

@Suite struct PortsTests {
    @Test func `free ports differ and are free`() throws {
        let ports = try Ports.freePorts(20)
        #expect(Set(ports).count == 20)
        #expect(try Ports.free().taken().isEmpty)
    }

    @Test func `the ports of a run are known to the next one`() throws {
        let folder = try TemporaryFolder()
        let state = StateFolder(folder.path)
        try state.prepare()
        #expect(try state.lastPorts() == nil)
        let ports = try Ports.free()
        try state.keep(ports)
        #expect(try state.lastPorts() == ports)
        try folder.write("run/ports.json", text: #"{"version":1,"events":0}"#)
        #expect(try state.lastPorts() == nil)
        try folder.write("run/ports.json", text: "{")
        #expect(try state.lastPorts() == nil)
    }

    @Test func `ports of processes that run are not taken by others`() throws {
        let ports = try Ports.free()
        let held = try Socket.listen(on: try SocketAddress(ip: "127.0.0.1", port: ports.api))
        #expect(ports.taken() == [ports.api])
        #expect(ports.taken(besides: ["event-gateway", "web-socket"]) == [ports.api])
        #expect(ports.taken(besides: ["control-plane"]).isEmpty)
        withExtendedLifetime(held) {}
    }
}
