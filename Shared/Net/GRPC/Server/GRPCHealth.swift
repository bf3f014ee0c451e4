package import GRPC
internal import Synchronization

/// `grpc.health.v1.Health` (github.com/grpc/grpc, doc/health-checking.md): whether services serve, asked or watched.
///
/// The empty name stands for the server as a whole, which serves from the beginning. Any thread.
package final class GRPCHealth: Sendable {
    private struct State {
        var serving: [String: Bool] = ["": true]
        var watchers: [Int: AsyncStream<Void>.Continuation] = [:]
        var nextWatcher = 0
    }
    private let state = Mutex(State())

    /// The server as a whole serves, and no other name is known.
    package init() {}

    /// Says whether a service serves, to who asks and who watches.
    package func set(_ service: String, isServing: Bool) {
        let watchers = state.withLock { state in
            state.serving[service] = isServing
            return Array(state.watchers.values)
        }
        for watcher in watchers { watcher.yield() }
    }

    /// `Check` and `Watch`, for everybody.
    package var routes: GRPCRoutes<Void> {
        var routes = GRPCRoutes<Void>()
        routes.add(
            HealthService.check,
            atOnce: { [self] _, request throws(GRPCStatus) in
                guard let status = status(of: request.service) else {
                    throw GRPCStatus(.notFound, "service: nobody has said how \(request.service) is")
                }
                return HealthCheckResponse(status)
            })
        routes.add(HealthService.watch) { [self] _, request, sender async throws(GRPCStatus) in
            try await watch(request.service, sender)
        }
        return routes
    }

    private func status(of service: String) -> ServingStatus? {
        state.withLock { $0.serving[service] }.map { $0 ? .serving : .notServing }
    }

    /// Sends the status, and each one that differs from the one before.
    private func watch(
        _ service: String, _ sender: GRPCMessageSender<HealthCheckResponse>
    ) async throws(GRPCStatus) {
        let (changes, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let number = state.withLock { state in
            state.nextWatcher += 1
            state.watchers[state.nextWatcher] = continuation
            return state.nextWatcher
        }
        defer { state.withLock { $0.watchers[number] = nil } }
        var told: ServingStatus?
        var change = changes.makeAsyncIterator()
        repeat {
            let now = status(of: service) ?? .serviceUnknown
            if now != told { try await sender.send(HealthCheckResponse(now)) }
            told = now
        } while await change.next() != nil
    }
}

// MARK: The interface definition

/// The health service's methods.
package enum HealthService: RPCService {
    /// `grpc.health.v1.Health`.
    package static let serviceName = "grpc.health.v1.Health"
    /// Whether a service serves now.
    package static let check: UnaryMethod<HealthCheckRequest, HealthCheckResponse> = unary("Check")
    /// Whether it serves, now and whenever that changes.
    package static let watch: ServerStreamMethod<HealthCheckRequest, HealthCheckResponse> = serverStream("Watch")
    /// Both.
    package static var methods: [MethodShape] { [check.shape, watch.shape] }
}

/// Which service is asked for.
package struct HealthCheckRequest: ProtoMessage {
    package static let protoName = "grpc.health.v1.HealthCheckRequest"

    /// Its full name; empty for the server as a whole.
    package var service = ""

    /// The server as a whole.
    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "service", &service)
    }
}

/// How a service is.
package struct HealthCheckResponse: ProtoMessage {
    package static let protoName = "grpc.health.v1.HealthCheckResponse"

    /// Whether it serves.
    @Open package var status: ServingStatus

    /// Unknown.
    package init() {}

    init(_ status: ServingStatus) { self.status = status }

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.enumeration(1, "status", &_status)
    }
}

/// `grpc.health.v1.HealthCheckResponse.ServingStatus`.
package enum ServingStatus: Int32, ProtoEnum {
    case unspecified = 0
    case serving = 1
    case notServing = 2
    /// To who watches: nobody has said anything of this service.
    case serviceUnknown = 3

    package static let protoName = "grpc.health.v1.HealthCheckResponse.ServingStatus"
    package static let names = ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"]
}
