import JSON
import System

/// `<state>/secrets/installation`: what the components of this plane log in to their control plane with.
///
///     {"version":1,"installationId":<uuid>,"clientId":"ins-…","clientSecret":…,"projectId":<uuid>}
///
/// `projectId` is where streams of the plane folder are.
/// Mode 0600. Made after the row that it tells of, and again when it is not there: a crash between the two heals.
enum InstallationFile {
    /// Writes the file of the oldest installation, if what it holds is not that.
    ///
    /// - Throws: `SystemError`, `CallError`.
    static func write(state: String, from store: StateStore) throws {
        let (installation, project) = try store.read { view throws(CallError) in
            (try view.installations().first, try view.plane().defaultProjectID)
        }
        guard let installation else { throw CallError.damaged("the plane's own installation is missing") }
        let document: JSONValue = [
            "version": 1, "installationId": .string(installation.id), "clientId": .string(installation.clientID),
            "clientSecret": .string(try store.secrets.secret(of: installation)), "projectId": .string(project),
        ]
        let path = "\(state)/secrets/installation"
        try Directory.create("\(state)/secrets", mode: 0o700)
        if try File.status(path) != nil, try File.read(path) == document.bytes() { return }
        try File.writeAtomically(path, document.bytes(), mode: 0o600)
    }
}
