internal import JSON
internal import Reconcile
internal import System

/// The ledger on disk: `<state>/agents/streams-agent/ledger.json`, replaced in one step.
struct LedgerFile {
    private let folder: String
    private var path: String { "\(folder)/ledger.json" }

    init(state: String) { folder = "\(state)/agents/streams-agent" }

    /// - Returns: An empty ledger when there is none yet.
    /// - Throws: `.ledger` when there is one that cannot be read. To go on without it would forget what has to be deleted.
    func load() throws(StreamsAgentError) -> Ledger {
        do {
            guard try File.status(path) != nil else { return Ledger() }
            return try Ledger(json: try JSONValue.parse(try File.read(path)), kinds: PlaneResources.kinds)
        } catch {
            throw .ledger("\(path): \(error)")
        }
    }

    func save(_ ledger: Ledger) throws(StreamsAgentError) {
        do throws(SystemError) {
            try Directory.create(folder, mode: 0o700)
            try File.writeAtomically(path, ledger.json.bytes(), mode: 0o600)
        } catch {
            throw .ledger("\(error)")
        }
    }
}
