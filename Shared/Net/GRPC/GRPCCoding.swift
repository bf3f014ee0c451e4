internal import Bytes
internal import GRPC
internal import Gzip

/// How messages of one stream are compressed: `grpc-encoding`.
enum GRPCCoding: String, CaseIterable {
    case identity
    case gzip

    /// What we can read: `grpc-accept-encoding`.
    static let accepted = allCases.map(\.rawValue).joined(separator: ",")

    /// Messages below this size are not worth it.
    private static let worthwhile = 256  // bytes

    /// A message that came with the flag "compressed".
    func decompress(_ message: [UInt8], limit: Int) throws(GRPCStatus) -> [UInt8] {
        switch self {
        case .identity: throw GRPCStatus(.internal, "a compressed message, and no grpc-encoding")
        case .gzip:
            do throws(GzipError) {
                return try Gzip.decompress(message, limit: limit)
            } catch {
                switch error {
                case .tooLarge: throw GRPCStatus(.resourceExhausted, "a message that \(error)")
                case .malformed: throw GRPCStatus(.internal, "a compressed message is \(error)")
                case .outOfMemory: throw GRPCStatus(.resourceExhausted, "\(error)")
                }
            }
        }
    }

    /// The message as it goes onto the stream.
    func frame(_ message: [UInt8]) -> OutputBuffer {
        var output = OutputBuffer(capacity: MessageFrame.prefixCount + message.count)
        compressed(message).append(to: &output)
        return output
    }

    private func compressed(_ message: [UInt8]) -> MessageFrame {
        guard self == .gzip, message.count >= Self.worthwhile else { return MessageFrame(bytes: message) }
        do throws(GzipError) {
            let smaller = try Gzip.compress(message)
            return smaller.count < message.count
                ? MessageFrame(isCompressed: true, bytes: smaller) : MessageFrame(bytes: message)
        } catch {
            return MessageFrame(bytes: message)  // without memory for zlib it goes as it is
        }
    }
}
