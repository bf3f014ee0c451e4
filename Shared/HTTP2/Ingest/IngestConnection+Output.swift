import Bytes

// What is sent: everything but bodies in the order in which it came up, bodies within the windows of the peer (RFC 9113 §5.2).

extension IngestConnection {
    /// True when `pull` has something.
    var hasOutput: Bool { !output.isEmpty || (!sendQueue.isEmpty && sendWindow.left > 0) }

    /// The protocol has nothing more to say.
    var isFinished: Bool {
        output.isEmpty && (phase == .ended || (isLeaving && openStreams == 0))
    }

    /// Appends what is to be sent: everything but bodies first, then bodies, a frame of each in turn.
    mutating func pull(into out: inout OutputBuffer, upTo highWater: Int) {
        if !output.isEmpty {
            out.append(output.bytes)
            output.removeAll(keepingCapacity: output.capacity <= 16 << 10)
            queuedAcknowledgements = 0
        }
        while out.count < highWater, sendWindow.left > 0, let stream = sendQueue.popFirst() {
            sendFrame(of: stream, into: &out)
        }
    }

    /// §5.2.1: DATA within both windows.
    private mutating func sendFrame(of stream: UnsafeMutablePointer<IngestStream>, into out: inout OutputBuffer) {
        let start = stream.pointee.answerStart
        let rest = stream.pointee.answer.count - start
        let count = min(
            min(rest, stream.pointee.sendWindow.left), min(sendWindow.left, peerMaxFrame), FrameHead.longestPayload)
        guard count > 0 else { return }
        let isLast = count == rest
        FrameWriter.head(.data, flags: isLast ? 0x01 : 0, stream: stream.pointee.number, length: count, into: &out)
        stream.pointee.answer.withUnsafeBytes {
            out.append(UnsafeRawBufferPointer(rebasing: $0[start..<(start + count)]))
        }
        stream.pointee.answerStart += count
        stream.pointee.sweep = sweep
        stream.pointee.sendWindow.take(count)
        sendWindow.take(count)
        if isLast { answerEnds(stream) } else { queue(stream) }
    }

    /// The stream has something to send and may.
    mutating func queue(_ stream: UnsafeMutablePointer<IngestStream>) {
        guard !stream.pointee.isQueued, stream.pointee.answerStart < stream.pointee.answer.count,
            stream.pointee.sendWindow.left > 0
        else { return }
        sendQueue.append(stream)
    }
}
