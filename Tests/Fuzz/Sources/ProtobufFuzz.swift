internal import API
internal import GRPC
internal import JSON

/// The binary form of every message that a method takes or gives.
enum ProtobufFuzz {
    /// A field that no definition has.
    private static let unknown: [UInt8] = [0xFA, 0x7F, 0x03, 0x61, 0x62, 0x63]

    static func run(_ bytes: UnsafeRawBufferPointer) throws(BrokenInvariant) {
        var input = FuzzInput(bytes)
        let method = input.element(of: Interface.methods)
        let message = input.flag() ? method.response : method.request
        try check([UInt8](input.rest), message)
    }

    private static func check<Message: ProtoMessage>(
        _ bytes: [UInt8], _ type: Message.Type
    ) throws(BrokenInvariant) {
        let read = outcome { () throws(GRPCError) in try Message(protobuf: bytes) }
        let around = outcome { () throws(GRPCError) in try Message(protobuf: unknown + bytes) }
        guard let message = read.value else {
            try require(around.value == nil, "what is malformed stays so behind an unknown field")
            return
        }
        try require(around.value == message, "an unknown field changes nothing")
        let written = message.protobuf
        let again = outcome { () throws(GRPCError) in try Message(protobuf: written) }
        try require(again.value == message, "\(type) is read as it was written: \(again)")
        try require(again.value?.protobuf == written, "the same message has the same bytes")
        let problems = message.problems()
        try require(problems == again.value?.problems(), "the same message breaks the same rules")
        // A message that keeps all rules has only values that JSON can show.
        guard problems.isEmpty else { return }
        let shown = outcome { () throws(GRPCError) in try Message(json: message.json) }
        try require(shown.value?.json == message.json, "\(type) is shown as it is: \(shown)")
    }
}
