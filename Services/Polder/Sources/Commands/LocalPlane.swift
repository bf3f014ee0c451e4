internal import PlaneConfig

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

    func stream(_ name: String) throws(PolderError) -> PlaneStream {
        guard let stream = snapshot.stream(named: name) else {
            throw .noSuchStream(name, known: snapshot.streams.map(\.name))
        }
        return stream
    }
}
