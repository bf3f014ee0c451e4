internal import Bytes
internal import GRPC

/// The messages of one stream on their way in: finds them, decompresses them, and knows by how much the stream's window may open.
///
/// The window opens for what has been handed over, and for all that has come when that is no whole message: so at most one message
/// and one window are in memory.
struct GRPCInflow: ~Copyable {
    private var frames: MessageFrameReader
    private let limit: Int
    private var credit = 0
    /// How messages are compressed.
    var coding = GRPCCoding.identity
    /// Bytes in memory.
    private(set) var heldBytes = 0

    /// - Parameter limit: The longest message, in bytes, compressed and not.
    init(limit: Int) {
        self.limit = limit
        frames = MessageFrameReader(limit: limit)
    }

    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        frames.append(bytes)
        heldBytes += bytes.count
        credit += bytes.count
    }

    /// The next message; nil when more bytes are needed. Not when nobody wants it: then it keeps the window closed.
    mutating func next() throws(GRPCStatus) -> [UInt8]? {
        var found: MessageFrame?
        do throws(GRPCError) {
            found = try frames.next()
        } catch {
            throw GRPCStatus(error)
        }
        guard let found else {
            opening += credit
            credit = 0
            return nil
        }
        let count = MessageFrame.prefixCount + found.bytes.count
        heldBytes -= count
        let returned = min(count, credit)
        credit -= returned
        opening += returned
        return found.isCompressed ? try coding.decompress(found.bytes, limit: limit) : found.bytes
    }
    private var opening = 0

    /// By how many bytes the window may open now.
    mutating func takeOpening() -> Int {
        defer { opening = 0 }
        return opening
    }

    /// Nothing more will come.
    func finish() throws(GRPCStatus) {
        do throws(GRPCError) {
            try frames.finish()
        } catch {
            throw GRPCStatus(error)
        }
    }
}
