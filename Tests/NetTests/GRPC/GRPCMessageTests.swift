import EventLoop
import GRPC
import HTTP
import Net
import System
import TestKit
import Testing

/// A message with a rule.
private struct Person: ProtoMessage {
    static let protoName = "test.Person"
    var name = ""
    init() {}
    init(_ name: String) { self.name = name }
    mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "name", &name, [.length(0...10)])
    }
}

private enum PeopleService: RPCService {
    static let serviceName = "test.People"
    static let greet: UnaryMethod<Person, Person> = unary("Greet")
    static let greetAtOnce: UnaryMethod<Person, Person> = unary("GreetAtOnce")
    static let spell: ServerStreamMethod<Person, Person> = serverStream("Spell")
    static let join: ClientStreamMethod<Person, Person> = clientStream("Join")
    static var methods: [MethodShape] { [greet.shape, greetAtOnce.shape, spell.shape, join.shape] }
}

/// Our client and our server, by the typed constants of an interface.
@Suite struct GRPCMessageTests {
    private func start(
        _ loop: EventLoop
    ) async throws -> (server: HTTPServer, channel: GRPCChannel) {
        var routes = GRPCRoutes<Void>()
        routes.add(PeopleService.greet) { _, person async throws(GRPCStatus) in Person("hi " + person.name) }
        routes.add(PeopleService.greetAtOnce, atOnce: { _, person throws(GRPCStatus) in Person("hi " + person.name) })
        routes.add(PeopleService.spell) { _, person, sender async throws(GRPCStatus) in
            for letter in person.name { try await sender.send(Person(String(letter))) }
        }
        routes.add(PeopleService.join) { _, receiver async throws(GRPCStatus) in
            var all = Person()
            while let person = try await receiver.next() { all.name += person.name }
            return all
        }
        var table = GRPCRouteTable()
        table.add(routes)
        #expect(table.paths == PeopleService.methods.map(\.path).sorted())
        let listener = HTTPListener(try SocketAddress(ip: "127.0.0.1", port: 0), tls: nil)
        let server = try await GRPCServer.start(on: [loop], listeners: [listener], table)
        let port = Int(server.addresses[0].port)
        return (server, GRPCChannel(to: .tcp(host: "127.0.0.1", port: port, isSecure: false), on: loop))
    }

    private func status(_ body: () async throws(GRPCStatus) -> Void) async -> GRPCStatus? {
        do throws(GRPCStatus) { try await body() } catch { return error }
        return nil
    }

    @Test func `messages go both ways, and are checked before handlers see them`() async throws {
        let loop = try EventLoop(name: "grpc")
        let (server, channel) = try await start(loop)
        #expect(try await channel.call(PeopleService.greet, Person("Ada")).name == "hi Ada")
        #expect(try await channel.call(PeopleService.greetAtOnce, Person("Ada")).name == "hi Ada")
        var letters: [String] = []
        for try await letter in try await channel.call(PeopleService.spell, Person("Ada")) {
            letters.append(letter.name)
        }
        #expect(letters == ["A", "d", "a"])
        let upload = try await channel.call(PeopleService.join)
        for letter in letters { try await upload.send(Person(letter)) }
        #expect(try await upload.finish().name == "Ada")

        let tooLong = Person("a name of more than ten letters")
        for method in [PeopleService.greet, PeopleService.greetAtOnce] {
            let refusal = await status { () async throws(GRPCStatus) in _ = try await channel.call(method, tooLong) }
            #expect(refusal == GRPCStatus(.invalidArgument, "name must have at most 10 characters"))
        }
        let refusal = await status { () async throws(GRPCStatus) in
            let upload = try await channel.call(PeopleService.join)
            try await upload.send(Person("fine"))
            try await upload.send(tooLong)
            _ = try await upload.finish()
        }
        #expect(refusal?.code == .invalidArgument)
        // What is no message at all: field 1 says that it is longer than everything.
        let malformed = await status { () async throws(GRPCStatus) in
            _ = try await channel.call(PeopleService.greet.path, [0x0a, 0x7f])
        }
        #expect(malformed?.code == .internal)
        channel.shutDown()
        await server.stop()
        loop.stop()
    }

    @Test(arguments: [
        (400, StatusCode.internal), (401, .unauthenticated), (403, .permissionDenied), (404, .unimplemented),
        (429, .unavailable), (502, .unavailable), (503, .unavailable), (504, .unavailable), (418, .unknown),
        (200, .unknown),
    ])
    func `an answer that is no gRPC has the status that its HTTP status means`(_ http: Int, _ code: StatusCode)
        async throws
    {
        let loop = try EventLoop(name: "grpc")
        let listener = HTTPListener(try SocketAddress(ip: "127.0.0.1", port: 0), tls: nil)
        let server = try await HTTPServer.start(on: [loop], listeners: [listener]) { _ in
            .text(Status(http), "I am a proxy\n")
        }
        let port = Int(server.addresses[0].port)
        let channel = GRPCChannel(to: .tcp(host: "127.0.0.1", port: port, isSecure: false), on: loop)
        let failure = await status { () async throws(GRPCStatus) in
            _ = try await channel.call(PeopleService.greet, Person())
        }
        #expect(failure?.code == code)
        let stream = try await channel.call(PeopleService.spell, Person())
        let cut = await status { () async throws(GRPCStatus) in _ = try await stream.next() }
        #expect(cut?.code == code)
        channel.shutDown()
        await server.stop()
        loop.stop()
    }
}
