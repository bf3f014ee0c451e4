internal import Contracts
internal import EventLoop
internal import Net
internal import PlaneConfig
internal import Synchronization

/// The ingest loops of one process, and the plane that all of them serve.
///
/// A change of the configuration is compiled once, on the thread that noticed it, and then posted to each loop: a loop swaps
/// between two rounds, so a request sees one version from its first byte to its answer.
///
/// - Isolation: any thread.
final class IngestFleet: Sendable {
    private struct State {
        var plane: CompiledPlane
        var members: [IngestLoop] = []
    }

    private let state: Mutex<State>
    private let around: IngestSurroundings
    private let counter: CountEvents
    private let telemetry: EventGatewayTelemetry

    init(
        _ plane: CompiledPlane, _ around: IngestSurroundings, _ counter: CountEvents, _ telemetry: EventGatewayTelemetry
    ) {
        state = Mutex(State(plane: plane))
        self.around = around
        self.counter = counter
        self.telemetry = telemetry
    }

    /// Makes the ingest loop behind a door; called on the door's loop.
    func join(_ door: ServerLoop) -> IngestLoop {
        let plane = state.withLock { $0.plane }
        let member: IngestLoop
        do throws(ContractsError) {
            member = try IngestLoop(on: door.loop, door: door, plane: plane, around: around)
        } catch {
            preconditionFailure("a starting process has memory for a matcher: \(error)")
        }
        state.withLock { $0.members.append(member) }
        return member
    }

    /// Puts a change in force. Called on the configuration's thread, one call at a time.
    ///
    /// - Throws: What the catalog refuses; the plane before stays.
    func planeChanged(_ snapshot: PlaneSnapshot) throws(ContractsError) {
        let before = state.withLock { $0.plane }
        let plane = try CompiledPlane(snapshot, after: before)
        let members = state.withLock { state in
            state.plane = plane
            return state.members
        }
        counter.planeChanged(plane)
        for member in members { member.loop.post { member.planeChanged(plane) } }
        telemetry.planeSizes(snapshot)
    }
}
