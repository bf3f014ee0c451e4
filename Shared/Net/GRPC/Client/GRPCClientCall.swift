internal import Bytes
internal import EventLoop
internal import GRPC
internal import HTTP
internal import HTTP2

/// One call of a client whose messages come or go as a stream.
///
/// Isolation: the channel's loop; `onLoop` is for every thread.
final class GRPCClientCall: HTTPStreamTaker, @unchecked Sendable {  // touched on the channel's loop only
    private let channel: GRPCChannel
    private var stream: HTTPStream?
    private var inflow: GRPCInflow
    private var receiving: CheckedContinuation<Result<[UInt8]?, GRPCStatus>, Never>?
    private var sending: [CheckedContinuation<GRPCStatus?, Never>] = []
    /// How the call ended, once it has. Messages that came before are still handed over.
    private var outcome: Result<Void, GRPCStatus>?
    private(set) var head = Headers()
    private(set) var trailers = Headers()

    init(_ channel: GRPCChannel) {
        self.channel = channel
        inflow = GRPCInflow(limit: channel.options.messageLimit)
    }

    /// Before anything can be heard of the stream: that is on the loop, later.
    func begin(_ stream: HTTPStream) {
        channel.loop.post { [self] in
            if outcome == nil { self.stream = stream }
        }
    }

    /// Runs on the loop, at once when that is where we are.
    func onLoop(_ body: @escaping @Sendable (GRPCClientCall) -> Void) {
        if channel.loop.isOnLoop { body(self) } else { channel.loop.post { [self] in body(self) } }
    }

    // MARK: Requests

    /// The one request of a call whose answers are a stream.
    func sendOnly(_ frame: consuming OutputBuffer) {
        frame.withBytes { _ = stream?.send($0) }
        stream?.end()
    }

    func send(_ message: [UInt8], _ coding: GRPCCoding, _ continuation: CheckedContinuation<GRPCStatus?, Never>) {
        switch outcome {
        case .failure(let status): continuation.resume(returning: status)
        case .success: continuation.resume(returning: GRPCStatus(.cancelled, "the server has answered already"))
        case nil:
            let waiting = coding.frame(message).withBytes { stream?.send($0) ?? 0 }
            if waiting < HTTP2Pile.highWater {
                continuation.resume(returning: nil)
            } else {
                sending.append(continuation)
            }
        }
    }

    func endRequests() { stream?.end() }

    func outputDrained() { resumeSending(nil) }

    private func resumeSending(_ failure: GRPCStatus?) {
        let waiting = sending
        sending = []
        for continuation in waiting { continuation.resume(returning: failure) }
    }

    // MARK: Answers

    /// The next message, nil at a good end.
    func receive(_ continuation: CheckedContinuation<Result<[UInt8]?, GRPCStatus>, Never>) {
        precondition(receiving == nil, "one task at a time asks for messages")
        receiving = continuation
        handOver()
    }

    private func handOver() {
        guard let continuation = receiving else { return }
        var result: Result<[UInt8]?, GRPCStatus>?
        do throws(GRPCStatus) {
            if let message = try inflow.next() {
                result = .success(message)
            } else if let outcome {
                try outcome.get()
                try inflow.finish()
                result = .success(nil)
            }
        } catch {
            result = .failure(error)
            giveUp(error)
        }
        stream?.openWindow(by: inflow.takeOpening())
        guard let result else { return }
        receiving = nil
        continuation.resume(returning: result)
    }

    func headArrived(_ response: Response) {
        channel.connectionWorks()
        head = response.headers
        do throws(GRPCStatus) {
            inflow.coding = try channel.coding(of: response)
        } catch {
            giveUp(error)
        }
    }

    func bodyArrived(_ bytes: UnsafeRawBufferPointer) {
        inflow.append(bytes)
        handOver()
    }

    func answerEnded(trailers: Headers) {
        self.trailers = trailers
        // An answer that is nothing but a head has the status there.
        let status = (trailers.fields.isEmpty ? head : trailers).outcome()
        end(status.map { .failure($0) } ?? .success(()))
    }

    func streamFailed(_ error: NetError) { end(.failure(channel.failed(error))) }

    // MARK: The end

    /// Ends the call from our side; the server is told.
    func giveUp(_ status: GRPCStatus) {
        guard outcome == nil else { return }
        let stream = stream
        end(.failure(status))
        stream?.cancel()
    }

    private func end(_ outcome: Result<Void, GRPCStatus>) {
        guard self.outcome == nil else { return }
        self.outcome = outcome
        stream = nil
        switch outcome {
        case .success: resumeSending(GRPCStatus(.cancelled, "the server has answered already"))
        case .failure(let status): resumeSending(status)
        }
        handOver()
    }
}
