internal import PlaneConfig
internal import System
internal import Time

/// A plane's state folder, as commands see it that need no running plane: what `polder up` accepted last.
struct LocalPlane {
    let state: StateFolder
    let snapshot: PlaneSnapshot

    init(_ dir: String?, environment: [String: String]) throws(PolderError) {
        state = try StateFolder.resolve(dir, environment: environment)
        do {
            // The gateway's copy knows the streams of the control plane as well; it is there a moment after the folder's.
            let gateways = try PlaneSnapshot.lastGood(state: state.path, component: "event-gateway")
            let found = try gateways ?? PlaneSnapshot.lastGood(state: state.path, component: "polder")
            guard let found else { throw PolderError.noPlane(dir: state.path) }
            snapshot = found
        } catch let error as PolderError {
            throw error
        } catch {
            throw .configuration(["\(error)"])
        }
    }

    /// The plane, and a stream of it.
    ///
    /// A stream that was made a moment ago is in force before it stands in the gateway's copy: with a plane that runs, a name that
    /// is not there yet is waited for.
    ///
    /// - Throws: `.noSuchStream`, and what `init` throws.
    static func finding(
        _ name: String, _ dir: String?, _ context: CommandContext
    ) async throws(PolderError) -> (plane: LocalPlane, stream: PlaneStream) {
        var plane = try LocalPlane(dir, environment: context.environment)
        var end: MonotonicTime?
        while true {
            if let stream = plane.snapshot.stream(named: name) { return (plane, stream) }
            if end == nil, await isRunning(dir, context) {
                end = .now() + longestWait
                context.console.note("polder: no stream \(name) yet; waiting for what the plane may just have learned")
            }
            guard let end, .now() < end else {
                throw .noSuchStream(name, known: plane.snapshot.streams.map(\.name))
            }
            do { try await Task.sleep(for: .milliseconds(100)) } catch { throw .interrupted }
            plane = try LocalPlane(dir, environment: context.environment)
        }
    }

    private static let longestWait: Duration = .seconds(10)

    private static func isRunning(_ dir: String?, _ context: CommandContext) async -> Bool {
        do {
            _ = try await PlaneClient(dir, environment: context.environment).processes()
            return true
        } catch {
            return false
        }
    }
}
