internal import System

/// A plane folder, looked at again and again.
///
/// A change is noticed by the files' times and sizes every 200 ms and taken up once they have been still for one round, so that
/// an editor's half-written file is not seen. That works on every file system and with links that are swapped, where change
/// notification does not.
final class FolderOrigin: PlaneOrigin {
    /// What the files looked like when they were last read.
    private struct Seen: Equatable {
        var files: [String]
        var secrets: [String]
    }

    private struct State {
        var seen = Seen(files: [], secrets: [])
        var secretFiles: [String] = []  // that the folder named when it was last read
        var isStopped = false
    }

    let place: String
    let isSlow = false
    private let state = Monitor(State())

    /// - Throws: `.state` when a relative path has nothing to start from.
    init(folder: String) throws(PlaneConfigError) {
        place = try onState { () throws(SystemError) in
            folder.hasPrefix("/") ? folder : "\(try Directory.current())/\(folder)"
        }
    }

    func read() throws(PlaneConfigError) -> [PlaneDocument]? {
        state.withLock { $0.seen.files = Self.look(at: place) }
        var secretFiles: [String] = []
        defer {
            let secrets = Self.look(atFiles: secretFiles)
            state.withLock { state in
                state.secretFiles = secretFiles
                state.seen.secrets = secrets
            }
        }
        return try documents(secretFiles: &secretFiles)
    }

    func readAgain() { state.withLock { $0.seen.files = [] } }

    func awaitNews(until limit: MonotonicTime?, unchanged: () -> Void) -> ReasonToRead? {
        var before = state.withLock { $0.seen }
        // Stopped is the only thing waited for: the limit is the interval between two looks.
        while state.wait(upTo: .milliseconds(200), { $0.isStopped ? true : nil }) == nil {
            let (seen, secretFiles) = state.withLock { ($0.seen, $0.secretFiles) }
            let now = Seen(files: Self.look(at: place), secrets: Self.look(atFiles: secretFiles))
            let isStill = now == before
            before = now
            guard isStill else { continue }
            if now != seen { return .news }
            if let limit, limit <= MonotonicTime.now() { return .timeIsUp }
            unchanged()
        }
        return nil
    }

    func stop() { state.change { $0.isStopped = true } }

    /// Every document of the folder, checked, with the secret files that they name; generates nothing.
    ///
    /// - Parameter secretFiles: Gets the paths of the secret files, whatever is wrong with the folder.
    /// - Throws: `.invalid` with every problem.
    private func documents(secretFiles: inout [String]) throws(PlaneConfigError) -> [PlaneDocument] {
        var problems: [PlaneProblem] = []
        let documents = PlaneDocument.read(folder: place, problems: &problems)
        _ = PlaneDraft(documents, builtIn: PublicContracts.documents, problems: &problems)
        for document in documents {
            guard let file = document.secretFile.map({ path($0, in: place) }) else { continue }
            secretFiles.append(file)
            do throws(SecretFileProblem) {
                _ = try Identities.secret(inFile: file)
            } catch {
                problems.append(document.problem(beside: "secretFile", "secretFile \(error.reason)"))
            }
        }
        guard problems.isEmpty else { throw .invalid(problems.sorted()) }
        return documents
    }

    /// A line per file: name, inode, size, time of change. A folder that cannot be read looks like its error.
    private static func look(at folder: String) -> [String] {
        var problems: [PlaneProblem] = []
        let files = planeFiles(in: folder, problems: &problems)
        return look(atFiles: files.map { "\(folder)/\($0)" }) + problems.map(\.description)
    }

    private static func look(atFiles files: [String]) -> [String] {
        files.map { file in
            do {
                guard let status = try File.status(file) else { return file }
                return "\(file) \(status.device):\(status.inode) \(status.size) \(status.modified)"
            } catch {
                return "\(file) \(error)"
            }
        }
    }
}
