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
/// there is something new, so that a change is in force in well under a second, and what was taken up is confirmed. While it does not
/// answer it is asked less and less often, every five minutes at last; the first hint afterwards ends that.
final class ControlPlaneOrigin: PlaneOrigin {
    private struct State {
        var plan = AskingPlan(began: .now())
        var isStopped = false
        var told = Told()
    }

    /// What the control plane has told: an answer may say only what has changed since.
    private struct Told {
        var streams: [PlaneDocument] = []  // by place
        var others: [PlaneDocument] = []
    }

    /// Tens of thousands of streams fit.
    private static let deadline: Duration = .seconds(30)
    /// What changes meanwhile waits behind a confirmation, so it may not take long.
    private static let confirmationDeadline: Duration = .seconds(5)

    let place: String
    let isSlow = true
    private let channel: GRPCChannel
    private let wantsMaskSeeds: Bool
    /// Tells the components of a plane apart, and the runs of one.
    private let component = String(UInt64.random(in: .min ... .max), radix: 36)
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
        let known = state.withLock { $0.plan.asked() }
        switch ask(known) {
        case .success(let answer):
            if answer.version.isEmpty { throw notUnderstood("it names no version") }
            let told = answer.version == known ? nil : try take(answer, known)
            return state.withLock { state in
                state.plan.answered(answer.version, now: .now(), random: .random(in: 0.8...1.2))
                guard let told else { return nil }
                state.told = told
                return told.streams + told.others
            }
        case .failure(let status):
            state.withLock { $0.plan.failed(now: .now(), random: .random(in: 0.8...1.2)) }
            throw .unreachable("\(place): \(status)")
        }
    }

    func readAgain() { state.withLock { $0.plan.forget() } }

    func awaitNews(until limit: MonotonicTime?, unchanged: () -> Void) -> ReasonToRead? {
        while true {
            // Whoever waits for news has dealt with what they read before.
            if let version = state.withLock({ $0.plan.confirmation() }) { confirm(version) }
            let (due, now) = (state.withLock { $0.plan.due }, MonotonicTime.now())
            let end = min(limit ?? due, due)
            let woken = state.wait(upTo: max(.zero, end - now)) { state -> Wake? in
                if state.isStopped { return .stop }
                if state.plan.isDue(.now()) { return .ask }
                return state.plan.owesConfirmation ? .confirm : nil
            }
            switch woken {
            case .ask: return .news
            case .stop: return nil
            case .confirm: break
            case .none:
                if let limit, limit <= .now() { return .timeIsUp }
            }
        }
    }

    private enum Wake { case ask, confirm, stop }

    func stop() {
        state.change { $0.isStopped = true }
        hints.withLock { $0 }?.cancel()
    }

    // MARK: - Calls

    /// Asks and waits: the thread that reads has nothing else to do.
    private func ask(_ known: String) -> Result<GetPlaneResponse, GRPCStatus> {
        var request = GetPlaneRequest()
        request.knownVersion = known
        request.changesSuffice = true
        return call(PlaneService.getPlane, request, Self.deadline)
    }

    /// Once for each hint, whatever becomes of it.
    private func confirm(_ version: String) {
        var request = ConfirmPlaneRequest()
        request.component = component
        request.version = version
        _ = call(PlaneService.confirmPlane, request, Self.confirmationDeadline)
    }

    private func call<Request: Sendable, Response: Sendable>(
        _ method: UnaryMethod<Request, Response>, _ request: Request, _ deadline: Duration
    ) -> Result<Response, GRPCStatus> {
        let answer = Monitor<Result<Response, GRPCStatus>?>(nil)
        let call = Task { [channel] in
            do throws(GRPCStatus) {
                let response = try await channel.call(method, request, deadline: deadline)
                answer.change { $0 = .success(response) }
            } catch {
                answer.change { $0 = .failure(error) }
            }
        }
        while true {
            if let answer = answer.wait(upTo: .milliseconds(100), { $0 }) { return answer }
            guard !state.withLock({ $0.isStopped }) else { break }
        }
        // Whoever stops this thread may hold up the one on which the call would end.
        call.cancel()
        return .failure(GRPCStatus(.cancelled, "stopped"))
    }

    /// Keeps a stream of hints open, once there is somebody to read.
    private func listenForHints() {
        hints.withLock { task in
            guard task == nil else { return }
            var request = WatchPlaneRequest()
            request.component = component
            task = Task { [weak self, channel, request] in
                var pause = Self.shortestHintPause
                while !Task.isCancelled {
                    let opened = MonotonicTime.now()
                    do {
                        for try await hint in try await channel.call(PlaneService.watchPlane, request) {
                            guard let self else { return }
                            self.state.change { $0.plan.heard(hint.version, now: .now()) }
                        }
                    } catch {
                        // Whether the control plane answers is told by the calls that ask it.
                    }
                    // One that hints and hangs up is not asked more often than one that is away.
                    if .now() - opened > Self.longestHintPause { pause = Self.shortestHintPause }
                    do { try await Task.sleep(for: pause * Double.random(in: 0.5...1.5)) } catch { return }
                    pause = min(pause * 2, Self.longestHintPause)
                }
            }
        }
    }
    private static let shortestHintPause: Duration = .milliseconds(50)
    private static let longestHintPause: Duration = .seconds(1)

    // MARK: - What it says

    /// What is told by now.
    ///
    /// - Throws: `.unreachable` when the answer has changes since another version than the one that is known.
    private func take(_ answer: GetPlaneResponse, _ known: String) throws(PlaneConfigError) -> Told {
        var told = Told()
        if answer.changedSince.isEmpty {
            told.others =
                answer.contracts.map { document(.dataContract, "\($0.ref.contractRef)", $0.json) }
                + answer.policies.map { document(.policy, $0.name, $0.json) }
        } else if answer.changedSince == known {
            told = state.withLock { $0.told }
            let gone = Set(answer.goneStreams + answer.streams.map { $0.extendedStream?.uuid ?? "" })
            told.streams.removeAll { gone.contains($0.identity?.id ?? "") }
        } else {
            throw notUnderstood("it tells of changes since a version that nobody asked about")
        }
        told.streams += answer.streams.map(document)
        // Whoever puts a draft together sorts too, and will find nothing to do.
        told.streams.sort { $0.stream.place < $1.stream.place }
        return told
    }

    /// An answer that is none: it is asked for all of it later, as after any other failure.
    private func notUnderstood(_ reason: String) -> PlaneConfigError {
        state.withLock { state in
            state.plan.forget()
            state.plan.failed(now: .now(), random: .random(in: 0.8...1.2))
        }
        return .unreachable("\(place): \(reason)")
    }

    private func document(_ stream: PlaneStreamSpec) -> PlaneDocument {
        var spec = stream.extendedStream?.stream ?? StreamSpec()
        // What only answers say.
        spec.credentials = []
        spec.kafkaTopic = ""
        if spec.isDerived { spec.limits = nil }
        let hasMasks = spec.maskedFields?.fieldPatterns.isEmpty == false
        spec.maskedFields?.seed = ""
        return PlaneDocument(
            file: "\(PlaneDocument.Kind.stream.rawValue) \(spec.ref.name)", kind: .stream, content: .stream(spec),
            clientID: nil, secretFile: nil,
            identity: StreamIdentity(
                id: stream.extendedStream?.uuid ?? "", clientIDs: stream.clientIDs,
                maskSeed: hasMasks && wantsMaskSeeds ? stream.maskSeed : ""), lines: LineTree(line: 0))
    }

    private func document(_ kind: PlaneDocument.Kind, _ name: String, _ spec: JSONValue) -> PlaneDocument {
        PlaneDocument(
            file: "\(kind.rawValue) \(name)", kind: kind, content: .json(spec), clientID: nil, secretFile: nil,
            lines: LineTree(line: 0))
    }
}
