// How messages follow each other on a gRPC stream:
//
//     0 or 1 (1 byte: compressed) | length (4 bytes, big-endian) | message
//
// HTTP/2's own frames cut this stream anywhere.

package import Bytes

/// A message as it stands on the stream.
package struct MessageFrame: Sendable, Equatable {
    /// Whether `bytes` are compressed, with the encoding that the stream's `grpc-encoding` names.
    package var isCompressed: Bool
    /// The message.
    package var bytes: [UInt8]

    /// A frame.
    package init(isCompressed: Bool = false, bytes: [UInt8]) {
        self.isCompressed = isCompressed
        self.bytes = bytes
    }

    /// Bytes before each message.
    package static let prefixCount = 5
    /// The longest message that gRPC libraries take unless they are told otherwise, in bytes.
    package static let usualLimit = 4 << 20

    /// Appends the frame.
    package func append(to output: inout OutputBuffer) {
        output.append(isCompressed ? 1 as UInt8 : 0)
        output.append(bigEndian: UInt32(bytes.count))
        output.append(bytes)
    }

    /// Appends a message with its prefix, written in place.
    package static func append(_ message: some ProtoMessage, to output: inout OutputBuffer) {
        let start = output.count
        output.append(0 as UInt8)
        output.append(bigEndian: 0 as UInt32)
        message.appendProtobuf(to: &output)
        let count = UInt32(output.count - start - prefixCount)
        for index in 0..<4 {
            output.mutableBytes[start + 1 + index] = UInt8(truncatingIfNeeded: count >> UInt32(24 - 8 * index))
        }
    }
}

/// Finds the messages of a stream. It keeps what was received of one message and what came behind it, no more.
package struct MessageFrameReader: ~Copyable {
    private let limit: Int
    private var buffer = OutputBuffer(capacity: 256)
    private var taken = 0

    /// - Parameter limit: The longest message that is taken, in bytes.
    package init(limit: Int = MessageFrame.usualLimit) { self.limit = limit }

    /// True when nothing is left: no message, and no part of one.
    package var isEmpty: Bool { buffer.count == taken }

    /// Adds bytes of the stream.
    package mutating func append(_ bytes: UnsafeRawBufferPointer) {
        if taken > 0 {
            buffer.removeFirst(taken)
            taken = 0
        }
        buffer.append(bytes)
    }

    /// The next whole message; nil when more bytes are needed.
    ///
    /// - Throws: `.badFrameFlag`; `.messageTooLong` as soon as the length is known. The stream is of no use then.
    package mutating func next() throws(GRPCError) -> MessageFrame? {
        var reader = ByteReader(buffer.bytes, at: taken)
        guard let flag = reader.readByte() else { return nil }
        guard flag <= 1 else { throw .badFrameFlag(flag) }
        guard let length = reader.readBigEndian(UInt32.self) else { return nil }
        guard Int(length) <= limit else { throw .messageTooLong(length: Int(length), limit: limit) }
        guard let bytes = reader.readBytes(Int(length)) else { return nil }
        taken = reader.offset
        return MessageFrame(isCompressed: flag == 1, bytes: [UInt8](bytes))
    }

    /// The stream has ended.
    ///
    /// - Throws: `.frameCutShort` when it did inside a message.
    package borrowing func finish() throws(GRPCError) {
        if !isEmpty { throw .frameCutShort }
    }
}
