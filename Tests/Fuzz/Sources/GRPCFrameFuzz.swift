internal import Bytes
internal import GRPC

/// Messages on a stream, in pieces, and the texts of a call's head and trailers.
enum GRPCFrameFuzz {
    static func run(_ bytes: UnsafeRawBufferPointer) throws(BrokenInvariant) {
        var input = FuzzInput(bytes)
        let cuts = input.cuts()
        let limit = input.below(1 << 16)
        let whole = frames(of: input.rest, .none, limit: limit)
        try require(frames(of: input.rest, cuts, limit: limit) == whole, "messages are the same however they are cut")
        try require(frames(of: input.rest, .everywhere, limit: limit) == whole, "messages are the same byte by byte")
        try require(whole.frames.allSatisfy { $0.bytes.count <= limit }, "no message is longer than the limit")
        var output = OutputBuffer()
        for frame in whole.frames { frame.append(to: &output) }
        let written = frames(of: output.bytes, .none, limit: limit)
        try require(written.frames == whole.frames && written.error == nil, "messages are written as they were read")
        try checkTexts([UInt8](input.rest))
    }

    private struct Found: Equatable {
        var frames: [MessageFrame] = []
        var error: GRPCError?
    }

    private static func frames(of bytes: UnsafeRawBufferPointer, _ cuts: Cuts, limit: Int) -> Found {
        var reader = MessageFrameReader(limit: limit)
        var found = Found()
        do throws(GRPCError) {
            try cuts.forEachPiece(of: bytes) { piece throws(GRPCError) in
                reader.append(piece)
                while let frame = try reader.next() { found.frames.append(frame) }
            }
            try reader.finish()
        } catch {
            found.error = error
        }
        return found
    }

    private static func checkTexts(_ bytes: [UInt8]) throws(BrokenInvariant) {
        let text = String(decoding: bytes, as: UTF8.self)
        let value = StatusMessage.encode(text)
        try require(value.utf8.allSatisfy { (0x20...0x7E).contains($0) }, "a status message is printable ASCII")
        try require(value.utf8.count <= StatusMessage.limit, "a status message has an end")
        let read = StatusMessage.decode(value)
        try require(
            read == text || read.hasSuffix("...") && text.utf8.starts(with: read.utf8.dropLast(3)),
            "a status message is read as it was written, as far as it goes")
        try require(BinaryMetadata.decode(BinaryMetadata.encode(bytes)) == bytes, "binary metadata are read as written")
        if let timeout = TimeoutText.decode(text) {
            let again = TimeoutText.decode(TimeoutText.encode(timeout))
            try require(again == timeout, "a timeout is read as it was written: \(text)")
        }
    }
}
