import Bytes
import GRPC
import TestKit
import Testing

/// The stream of some messages.
private func stream(_ frames: [MessageFrame]) -> [UInt8] {
    var output = OutputBuffer()
    for frame in frames { frame.append(to: &output) }
    return output.copyBytes()
}

@Suite struct MessageFrameTests {
    @Test(arguments: Chunking.allCases)
    func `messages are found however the stream is cut`(_ chunking: Chunking) throws {
        let frames = [
            MessageFrame(bytes: []), MessageFrame(isCompressed: true, bytes: [1, 2, 3]),
            MessageFrame(bytes: [UInt8](repeating: 7, count: 70_000)),
        ]
        var reader = MessageFrameReader()
        var found: [MessageFrame] = []
        for piece in chunking.cut(stream(frames)) {
            piece.withUnsafeBytes { reader.append($0) }
            while let frame = try reader.next() { found.append(frame) }
        }
        try reader.finish()
        #expect(found == frames)
    }

    @Test func `a message of four MiB is taken, one byte more is refused before it arrives`() throws {
        var reader = MessageFrameReader()
        let whole = stream([MessageFrame(bytes: [UInt8](repeating: 0, count: 4 << 20))])
        whole.withUnsafeBytes { reader.append($0) }
        #expect(try reader.next()?.bytes.count == 4 << 20)
        ([0, 0, 0x40, 0, 1] as [UInt8]).withUnsafeBytes { reader.append($0) }
        #expect(throws: GRPCError.messageTooLong(length: 4 << 20 | 1, limit: 4 << 20)) { _ = try reader.next() }
    }

    @Test func `a flag that nobody defined and a stream that ends inside a message are errors`() throws {
        var reader = MessageFrameReader()
        ([2, 0, 0, 0, 0] as [UInt8]).withUnsafeBytes { reader.append($0) }
        #expect(throws: GRPCError.badFrameFlag(2)) { _ = try reader.next() }
        for bytes in [[0], [0, 0, 0, 0], [0, 0, 0, 0, 2, 9]] as [[UInt8]] {
            var reader = MessageFrameReader()
            bytes.withUnsafeBytes { reader.append($0) }
            #expect(try reader.next() == nil)
            #expect(throws: GRPCError.frameCutShort) { try reader.finish() }
        }
    }

    @Test func `a message is framed where it is written`() {
        var output = OutputBuffer()
        output.append([9])
        MessageFrame.append(FieldMask(["name", String(repeating: "x", count: 300)]), to: &output)
        let bytes = output.copyBytes()
        #expect(bytes[0] == 9)
        #expect(Array(bytes[1..<6]) == [0, 0, 0, 1, 53])
        #expect(Array(bytes[6...]) == FieldMask(["name", String(repeating: "x", count: 300)]).protobuf)
    }
}
