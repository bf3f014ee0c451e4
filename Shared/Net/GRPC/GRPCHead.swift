internal import Bytes
internal import GRPC
package import HTTP

// Fields of gRPC over HTTP/2 (github.com/grpc/grpc, doc/PROTOCOL-HTTP2.md).

extension Headers {
    /// The values of a metadata field whose name ends in `-bin`. Several may stand in one field, with commas between them; what is not
    /// Base64 is left out.
    package func binary(_ name: String) -> [[UInt8]] {
        all(name).flatMap { $0.split(separator: ",", omittingEmptySubsequences: false) }.compactMap { value in
            BinaryMetadata.decode(String(value.drop { $0 == " " }))
        }
    }

    /// Adds bytes.
    /// - Precondition: the name ends in `-bin`.
    package mutating func add(_ name: String, binary bytes: [UInt8]) {
        precondition(name.hasSuffix("-bin"), "binary metadata has a name that says so")
        add(name, BinaryMetadata.encode(bytes))
    }

    /// The outcome of a call: what stands behind its last message.
    mutating func add(_ status: GRPCStatus) {
        add("grpc-status", "\(status.code.rawValue)")
        if !status.message.isEmpty { add("grpc-message", StatusMessage.encode(status.message)) }
    }

    /// What the peer said of the outcome; nil when the call went well. Without a status that can be read it is UNKNOWN (statuscodes.md).
    func outcome() -> GRPCStatus? {
        guard let text = self["grpc-status"], let code = StatusCode(text: text) else {
            return GRPCStatus(.unknown, "the answer has no grpc-status")
        }
        return code == .ok ? nil : GRPCStatus(code, StatusMessage.decode(self["grpc-message"] ?? ""))
    }

    /// The failure that a head names which is the whole answer; nil when it names none.
    func failure() -> GRPCStatus? { self["grpc-status"] == nil ? nil : outcome() }
}

/// `content-type` of gRPC: `application/grpc`, or with `+proto`; parameters are passed over.
enum GRPCContentType {
    /// What we send.
    static let value = "application/grpc"

    static func matches(_ value: UnsafeRawBufferPointer) -> Bool {
        let type = UnsafeRawBufferPointer(rebasing: value.prefix { $0 != UInt8(ascii: ";") && $0 != 0x20 })
        return ASCII.equalIgnoringCase(type, "application/grpc")
            || ASCII.equalIgnoringCase(type, "application/grpc+proto")
    }
}
