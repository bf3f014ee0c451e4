import API
import GRPC
import TestKit

/// protoc and Python's protobuf, who know the definitions from `Tests/Strangers/protos`.
enum Judge {
    /// What `messages.py` prints, line by line.
    static func lines(_ arguments: String..., input: String = "") async throws -> [Substring] {
        let script = "\(Strangers.packageRoot)/Tests/Strangers/messages.py"
        let result = try await runTool(
            try Strangers.python, [script] + arguments, input: Array(input.utf8), deadline: .seconds(300))
        return result.output.split(separator: "\n")
    }
}

/// Every message of this package by name: what methods send and return, what stands in it, and what nothing refers to.
let allMessages: [String: any ProtoMessage.Type] = {
    var found: [String: any ProtoMessage.Type] = [:]
    var waiting: [any ProtoMessage.Type] = Interface.methods.flatMap { [$0.request, $0.response] }
    waiting += [
        ConsentLevelMapping.self, ExtendedStreamGroup.self, TimestampPageToken.self, OffsetPageToken.self,
        FieldsOffsetPageToken.self, InternalAPI.ExtendedStreamGroup.self, InternalAPI.KubernetesDeployment.self,
    ]
    while let message = waiting.popLast() {
        guard found.updateValue(message, forKey: message.protoName) == nil else { continue }
        for field in message.shape {
            if case .message(let inner) = field.kind { waiting.append(inner) }
        }
    }
    return found
}()

/// Those of our own definitions: without the well-known types.
let ourMessages = allMessages.filter { !$0.key.hasPrefix("google.") }
