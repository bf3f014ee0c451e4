internal import JSON
internal import PlaneConfig

/// Names that are not in the program: of contexts, and of what the plane has.
package enum NameKind: Sendable, Equatable {
    case context
    /// A stream of the local plane.
    case stream
    /// An entity of the control plane, by its kind: `stream`, `policy`.
    case entity(String)

    /// The names that are known; none when there is nobody to ask, because completion must never get in the way.
    ///
    /// - Parameter words: The command line so far, for its `--dir`.
    func known(_ words: [String], _ context: CommandContext) async -> [CompletionAnswer.Candidate] {
        do throws(PolderError) {
            switch self {
            case .context:
                return try ContextFile(environment: context.environment).all.map { .init($0.name, $0.api ?? "") }
            case .stream:
                var reader = ArgumentReader(words)
                return try LocalPlane(reader.dirOption(), environment: context.environment).snapshot.streams.map {
                    .init($0.name, $0.derivedFrom.map { "derived from \($0)" } ?? "")
                }
            case .entity(let name):
                guard let kind = EntityKind.named(name), let list = kind.list, list.parent == nil else { return [] }
                var reader = ArgumentReader(words)
                let options = SessionOptions(reading: &reader)
                let quiet = CommandContext(console: .silent, environment: context.environment)
                let api = try await APISession.open(options, quiet, mayLogIn: false, deadline: .seconds(2))
                return try await list.run(api, "", [:]).map { entity in
                    .init(kind.name(of: entity), kind.columns.dropFirst().first?.text(entity) ?? "")
                }
            }
        } catch {
            return []
        }
    }
}
