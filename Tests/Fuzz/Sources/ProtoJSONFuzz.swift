internal import JSON

/// The JSON form of the interface definitions' messages, without YAML in front.
enum ProtoJSONFuzz {
    static func run(_ bytes: UnsafeRawBufferPointer) throws(BrokenInvariant) {
        guard let json = outcome({ () throws(JSONError) in try JSONValue.parse(bytes) }).value else { return }
        try ProtoJSON.checkAll(json)
    }
}
