internal import PlaneConfig

/// Names that are not in the program: of contexts, and of what the plane has.
package enum NameKind: Sendable, Equatable {
    case context
    /// A stream of the local plane.
    case stream

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
            }
        } catch {
            return []
        }
    }
}
