internal import API
internal import GRPC
internal import JSON
internal import Net
internal import System
internal import Time
internal import Wire
internal import YAML

/// A control plane that is asked for the plane's configuration.
///
/// It is asked every 15 s, 20 % more or less so that the components of many planes do not come together; a stream of hints says when
/// there is something new, so that a change is in force in well under a second. While it does not answer it is asked less and less
/// often, every five minutes at last.
final class ControlPlaneOrigin: PlaneOrigin {
    private struct State {
        var known = ""  // the version read last
        var hinted = ""  // the version that the control plane said last that it has
        var failures = 0
        var askAt = MonotonicTime.now()
        var isStopped = false
    }

    private static let interval: Duration = .seconds(15)
    private static let shortestPause: Duration = .milliseconds(200)
    private static let startTime: Duration = .seconds(60)
    private static let longestFirstPause: Duration = .milliseconds(500)
    private static let longestPause: Duration = .seconds(300)
    /// Tens of thousands of streams fit.
    private static let deadline: Duration = .seconds(30)

    let place: String
    let isSlow = true
    private let channel: GRPCChannel
    private let wantsMaskSeeds: Bool
    private let began = MonotonicTime.now()
    private let state = Monitor(State())
    private let hints = Monitor<Task<Void, Never>?>(nil)

    /// - Parameters:
    ///   - place: The control plane's address, for messages.
    ///   - channel: Its calls carry the installation's token.
    ///   - wantsMaskSeeds: False for components that mask nothing: they need not know what would help to undo a mask.
    init(place: String, channel: GRPCChannel, wantsMaskSeeds: Bool) {
        self.place = place
        self.channel = channel
        self.wantsMaskSeeds = wantsMaskSeeds
    }

    func read() throws(PlaneConfigError) -> [PlaneDocument]? {
        listenForHints()
        let known = state.withLock { $0.known }
        switch ask(known) {
        case .success(let answer):
            state.withLock { state in
                state.known = answer.version
                state.failures = 0
                state.askAt = .now() + Self.interval * Double.random(in: 0.8...1.2)
            }
            return answer.version == known ? nil : documents(answer)
        case .failure(let status):
            state.withLock { state in
                // Both may have been started together. Later, whoever never had an answer asks no more often than the others.
                let isStarting = state.known.isEmpty && .now() - began < Self.startTime
                let longest = isStarting ? Self.longestFirstPause : Self.longestPause
                let pause = min(Self.shortestPause * (1 << min(state.failures, 20)), longest)
                state.failures += 1
                state.askAt = .now() + pause * Double.random(in: 0.8...1.2)
            }
            throw .unreachable("\(place): \(status)")
        }
    }

    func readAgain() { state.withLock { $0.known = "" } }

    func awaitNews(until limit: MonotonicTime?, unchanged: () -> Void) -> ReasonToRead? {
        while true {
            let (askAt, now) = (state.withLock { $0.askAt }, MonotonicTime.now())
            let end = min(limit ?? askAt, askAt)
            let woken = state.wait(upTo: max(.zero, end - now)) { state -> Bool? in
                if state.isStopped { return false }
                return state.failures == 0 && !state.hinted.isEmpty && state.hinted != state.known ? true : nil
            }
            switch woken {
            case .some(true): return .news
            case .some(false): return nil
            case .none:
                if let limit, limit <= .now() { return .timeIsUp }
                if state.withLock({ $0.askAt }) <= .now() { return .news }
            }
        }
    }

    func stop() {
        state.change { $0.isStopped = true }
        hints.withLock { $0 }?.cancel()
    }

    // MARK: - Calls

    /// Asks and waits: the thread that reads has nothing else to do.
    private func ask(_ known: String) -> Result<GetPlaneResponse, GRPCStatus> {
        var request = GetPlaneRequest()
        request.knownVersion = known
        let answer = Monitor<Result<GetPlaneResponse, GRPCStatus>?>(nil)
        let call = Task { [channel, request] in
            do throws(GRPCStatus) {
                let response = try await channel.call(PlaneService.getPlane, request, deadline: Self.deadline)
                answer.change { $0 = .success(response) }
            } catch {
                answer.change { $0 = .failure(error) }
            }
        }
        while true {
            if let answer = answer.wait(upTo: .milliseconds(100), { $0 }) { return answer }
            if state.withLock({ $0.isStopped }) { call.cancel() }
        }
    }

    /// Keeps a stream of hints open, once there is somebody to read.
    private func listenForHints() {
        hints.withLock { task in
            guard task == nil else { return }
            task = Task { [weak self, channel] in
                var pause = Self.shortestHintPause
                while !Task.isCancelled {
                    do {
                        for try await hint in try await channel.call(PlaneService.watchPlane, WatchPlaneRequest()) {
                            guard let self else { return }
                            self.state.change { $0.hinted = hint.version }
                            pause = Self.shortestHintPause
                        }
                    } catch {
                        // Whether the control plane answers is told by the calls that ask it.
                    }
                    do { try await Task.sleep(for: pause * Double.random(in: 0.5...1.5)) } catch { return }
                    pause = min(pause * 2, Self.longestHintPause)
                }
            }
        }
    }
    private static let shortestHintPause: Duration = .milliseconds(50)
    private static let longestHintPause: Duration = .seconds(1)

    // MARK: - What it says

    private func documents(_ plane: GetPlaneResponse) -> [PlaneDocument] {
        plane.streams.map(document) + plane.contracts.map { document(.dataContract, "\($0.ref.contractRef)", $0.json) }
            + plane.policies.map { document(.policy, $0.name, $0.json) }
    }

    private func document(_ stream: PlaneStreamSpec) -> PlaneDocument {
        var spec = stream.extendedStream?.stream ?? StreamSpec()
        // What only answers say.
        spec.credentials = []
        spec.kafkaTopic = ""
        if spec.isDerived { spec.limits = nil }
        let hasMasks = spec.maskedFields?.fieldPatterns.isEmpty == false
        spec.maskedFields?.seed = ""
        var document = document(.stream, spec.ref.name, spec.json)
        document.identity = StreamIdentity(
            id: stream.extendedStream?.uuid ?? "", clientIDs: stream.clientIDs,
            maskSeed: hasMasks && wantsMaskSeeds ? stream.maskSeed : "")
        return document
    }

    private func document(_ kind: PlaneDocument.Kind, _ name: String, _ spec: JSONValue) -> PlaneDocument {
        PlaneDocument(
            file: "\(kind.rawValue) \(name)", kind: kind, spec: spec, clientID: nil, secretFile: nil,
            lines: LineTree(line: 0))
    }
}
