import API
import GRPC
import Testing

@Suite struct DefinitionTests {
    @Test func `messages, fields, enumerations and methods are those that protoc sees, no more and no less`()
        async throws
    {
        let theirs = Set(try await Judge.lines("shape").map(String.init))
        let ours = Set(messageLines() + enumLines() + methodLines())
        #expect(theirs.subtracting(ours).sorted() == [], "in the definitions, and not in our tables")
        #expect(ours.subtracting(theirs).sorted() == [], "in our tables, and not in the definitions")
        #expect(theirs.count > 1300)
    }

    @Test func `the name of a field follows from its name in JSON, numbers differ, names differ`() {
        for (name, message) in ourMessages {
            let shape = message.shape
            #expect(Set(shape.map(\.number)).count == shape.count, "\(name)")
            #expect(Set(shape.map(\.jsonName)).count == shape.count, "\(name)")
            #expect(shape.allSatisfy { (1...536_870_911).contains($0.number) }, "\(name)")
        }
    }

    @Test func `every path is one method`() {
        let paths = Interface.methods.map(\.path)
        #expect(Set(paths).count == paths.count)
        #expect(Interface.services.count == Set(Interface.services.map { $0.serviceName }).count)
        #expect(StreamsService.createStream.path == "/strmprivacy.api.streams.v1.StreamsService/CreateStream")
    }
}

private func messageLines() -> [String] {
    ourMessages.flatMap { name, message in
        ["message \(name)"]
            + message.shape.map { field in
                let kind =
                    switch field.kind {
                    case .text: "text"
                    case .bytes: "bytes"
                    case .flag: "flag"
                    case .int32: "int32"
                    case .int64: "int64"
                    case .enumeration(let type): type.protoName
                    case .message(let type): type.protoName
                    }
                return
                    "field \(name) \(field.number) \(field.name) \(field.jsonName) \(kind) \(field.label) \(field.oneof ?? "-")"
            }
    }
}

private func enumLines() -> [String] {
    var enumerations: [String: any ProtoEnum.Type] = [SubscriptionPlan.protoName: SubscriptionPlan.self]
    for message in ourMessages.values {
        for field in message.shape {
            if case .enumeration(let type) = field.kind { enumerations[type.protoName] = type }
        }
    }
    func values<Value: ProtoEnum>(_ type: Value.Type) -> String {
        precondition(Value.allCases.count == Value.names.count, "\(Value.protoName) names each of its cases")
        return Value.named.map { "\($0.1)=\($0.0.rawValue)" }.joined(separator: " ")
    }
    return enumerations.map { "enum \($0.key) \(values($0.value))" }
}

private func methodLines() -> [String] {
    Interface.methods.map { method in
        let requests = method.streamsRequests ? "stream" : "one"
        let responses = method.streamsResponses ? "stream" : "one"
        return "method \(method.path) \(method.request.protoName) \(method.response.protoName) \(requests) \(responses)"
    }
}
