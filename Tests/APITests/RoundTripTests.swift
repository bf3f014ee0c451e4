import API
import Bytes
import GRPC
import JSON
import Testing

/// Random messages of every kind that Python made.
private struct Specimen {
    let type: any ProtoMessage.Type
    let binary: [UInt8]
    /// The same with fields that nobody knows.
    let noisy: [UInt8]
    let json: JSONValue

    init(_ line: Substring) throws {
        let parts = line.split(separator: "\t", omittingEmptySubsequences: false)
        type = try #require(allMessages[String(parts[0])], "\(parts[0])")
        binary = try #require(Base64.decode(parts[1]))
        noisy = try #require(Base64.decode(parts[2]))
        json = try JSONValue.parse(String(parts[3]))
    }
}

/// Members sorted by name, so that order does not count.
private func sorted(_ json: JSONValue) -> JSONValue {
    switch json {
    case .null, .bool, .number, .string: json
    case .array(let elements): .array(elements.map(sorted))
    case .object(let object):
        .object(
            JSONObject(
                unique: object.members.map { .init(name: $0.name, value: sorted($0.value)) }
                    .sorted { $0.name < $1.name }))
    }
}

/// Checks one message against what Python says of it; its binary and JSON forms as a line for Python to judge.
private func check<Message: ProtoMessage>(_ type: Message.Type, _ specimen: Specimen) throws -> String {
    let message = try Message(protobuf: specimen.binary)
    #expect(try Message(protobuf: specimen.noisy) == message, "unknown fields change nothing")
    #expect(sorted(message.json) == sorted(specimen.json))
    var problems: [SpecProblem] = []
    #expect(Message(json: specimen.json, problems: &problems) == message, "JSON says the same as the binary form")
    let written = message.protobuf
    #expect(try Message(protobuf: written) == message)
    return [
        Message.protoName, Base64.encode(specimen.binary), Base64.encode(written), message.json.text(),
    ].joined(separator: "\t")
}

private func reads<Message: ProtoMessage>(_ type: Message.Type, _ first: [UInt8], like second: [UInt8]) throws -> Bool {
    try Message(protobuf: first) == Message(protobuf: second)
}

@Suite struct RoundTripTests {
    @Test(arguments: [1, 2])
    func `random messages of every kind survive both ways, in both forms`(_ seed: Int) async throws {
        let specimens = try await Judge.lines("random", "5", "\(seed)").map(Specimen.init)
        #expect(Set(specimens.map { $0.type.protoName }).count == ourMessages.count)
        let lines = try specimens.map { try check($0.type, $0) }
        let verdicts = try await Judge.lines("judge", input: lines.joined(separator: "\n") + "\n")
        #expect(verdicts.filter { !$0.hasPrefix("same") } == [])
        #expect(verdicts.count == specimens.count)
        for (verdict, specimen) in zip(verdicts, specimens) where verdict.hasPrefix("same") {
            let again = try #require(
                Base64.decode(verdict.split(separator: "\t", omittingEmptySubsequences: false)[2]))
            #expect(try reads(specimen.type, again, like: specimen.binary), "\(specimen.type.protoName)")
        }
    }
}
