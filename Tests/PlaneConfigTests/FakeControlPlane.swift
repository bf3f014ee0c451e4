import API
import Crypto
import EventLoop
import GRPC
import Net
import PlaneConfig
import Synchronization
import System
import TestKit
import Wire

/// Describes a plane by gRPC, and can go away and come back on the same port. Whoever knows an earlier version is told of changes alone.
final class FakeControlPlane: Sendable {
    private struct State {
        var plane = GetPlaneResponse()
        var earlier: [GetPlaneResponse]? = []  // nil remembers none
        var asked = 0
        var confirmed: [String] = []
        var streamsSent = 0
        var server: HTTPServer?
        var port: UInt16 = 0
    }

    private let state = Mutex(State())
    private let loop: EventLoop
    private let clientLoop: EventLoop

    init(_ streams: [PlaneStreamSpec] = []) async throws {
        loop = try EventLoop(name: "fake")
        clientLoop = try EventLoop(name: "client")
        describe(streams)
        try await comeBack()
    }

    /// How often a component asked.
    var asked: Int { state.withLock { $0.asked } }

    /// The versions that a component said it has taken up.
    var confirmed: [String] { state.withLock { $0.confirmed } }

    /// How many streams its answers had, all together.
    var streamsSent: Int { state.withLock { $0.streamsSent } }

    /// Remembers no more what the plane was before: everybody is told everything.
    func forget() { state.withLock { $0.earlier = nil } }

    /// Another version of the plane.
    func describe(_ streams: [PlaneStreamSpec], contracts: [DataContractSpec] = [], policies: [PolicySpec] = []) {
        state.withLock { state in
            let version = (Int(state.plane.version) ?? 0) + 1
            state.earlier?.append(state.plane)
            state.plane = GetPlaneResponse()
            state.plane.version = "\(version)"
            state.plane.streams = streams
            state.plane.contracts = contracts
            state.plane.policies = policies
        }
    }

    private func pause() async {
        do { try await Task.sleep(for: .milliseconds(5)) } catch { return }
    }

    func comeBack() async throws {
        var routes = GRPCRoutes<Void>(authenticating: { _ in })
        routes.add(PlaneService.getPlane) { [self] _, request in
            state.withLock { state in
                state.asked += 1
                let answer = Self.answer(request, state.plane, state.earlier ?? [])
                state.streamsSent += answer.streams.count
                return answer
            }
        }
        routes.add(PlaneService.confirmPlane) { [self] _, request in
            state.withLock { $0.confirmed.append(request.version) }
            return ConfirmPlaneResponse()
        }
        routes.add(PlaneService.watchPlane) { [self] _, _, sender async throws(GRPCStatus) in
            var told = ""
            while !Task.isCancelled {
                let version = state.withLock { $0.plane.version }
                if version != told {
                    var hint = WatchPlaneResponse()
                    hint.version = version
                    try await sender.send(hint)
                    told = version
                }
                await pause()
            }
        }
        var table = GRPCRouteTable()
        table.add(routes)
        let address = try SocketAddress(ip: "127.0.0.1", port: state.withLock { $0.port })
        let server = try await GRPCServer.start(on: [loop], listeners: [HTTPListener(address, tls: nil)], table)
        state.withLock { $0.port = server.addresses[0].port }
        state.withLock { $0.server = server }
    }

    private static func answer(
        _ request: GetPlaneRequest, _ plane: GetPlaneResponse, _ earlier: [GetPlaneResponse]
    ) -> GetPlaneResponse {
        var answer = GetPlaneResponse()
        answer.version = plane.version
        if request.knownVersion == plane.version { return answer }
        guard request.changesSuffice, !request.knownVersion.isEmpty,
            let known = earlier.first(where: { $0.version == request.knownVersion }),
            known.contracts == plane.contracts, known.policies == plane.policies
        else { return plane }
        answer.changedSince = known.version
        answer.streams = plane.streams.filter { !known.streams.contains($0) }
        let ids = Set(plane.streams.compactMap(\.extendedStream?.uuid))
        answer.goneStreams = known.streams.compactMap(\.extendedStream?.uuid).filter { !ids.contains($0) }
        return answer
    }

    func goAway() async {
        let server = state.withLock { state in
            defer { state.server = nil }
            return state.server
        }
        await server?.stop()
    }

    /// A component that follows this control plane.
    func source(state folder: String, seal: SeedSeal? = nil) async throws -> PlaneConfigSource {
        var options = GRPCChannelOptions()
        options.longestPause = .milliseconds(100)
        let port = state.withLock { $0.port }
        let channel = GRPCChannel(
            to: .tcp(host: "127.0.0.1", port: Int(port), isSecure: false), on: clientLoop, options: options)
        return try await onThread {
            try PlaneConfigSource(
                controlPlane: "http://127.0.0.1:\(port)", channel: channel, seal: seal, state: folder, component: "test"
            )
        }
    }

    func stop() async {
        await goAway()
        for loop in [loop, clientLoop] {
            loop.stop()
            loop.join()
        }
    }
}

/// A stream as a control plane describes it.
func planeStream(
    _ name: String, id: String, project: String, from source: String = "", masking: [String: [String]] = [:],
    seed: String = ""
) -> PlaneStreamSpec {
    var spec = StreamSpec()
    spec.ref.name = name
    spec.ref.projectID = project
    spec.enabled = true
    if !source.isEmpty {
        spec.linkedStream = source
        spec.consentLevels = [1]
    }
    if !masking.isEmpty {
        var masks = MaskedFields()
        for (ref, paths) in masking {
            var list = MaskedFields.PatternList()
            list.fieldPatterns = paths
            masks.fieldPatterns[ref] = list
        }
        spec.maskedFields = masks
    }
    var extended = ExtendedStream()
    extended.stream = spec
    extended.uuid = id
    extended.topic = "stream-\(id)"
    var stream = PlaneStreamSpec()
    stream.extendedStream = extended
    stream.clientIDs = ["stream-\(id.prefix(8))"]
    stream.maskSeed = seed
    return stream
}

/// Runs what blocks on a thread of its own.
func onThread<Result: Sendable>(_ work: @escaping @Sendable () throws -> Result) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
        do {
            try SystemThread.start("test") { continuation.resume(with: .init(catching: work)) }.detach()
        } catch {
            continuation.resume(throwing: error)
        }
    }
}
