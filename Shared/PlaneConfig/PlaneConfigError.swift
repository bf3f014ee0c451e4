package import Faults
internal import System

/// One mistake in a plane folder: which file, which line, what is wrong.
package struct PlaneProblem: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The file's path below the folder; empty when the folder as a whole is concerned.
    package let file: String
    /// From 1; 0 when no line is to blame.
    package let line: Int
    /// What is wrong. It may quote names from the file, never a secret.
    package let reason: String

    /// A mistake at a place.
    package init(file: String, line: Int, reason: String) {
        self.file = file
        self.line = line
        self.reason = reason
    }

    /// `streams.yaml:12: ref.name must be set`.
    package var description: String {
        if file.isEmpty { return reason }
        return line == 0 ? "\(file): \(reason)" : "\(file):\(line): \(reason)"
    }

    /// By file, then line; mistakes on one line keep no particular order among themselves but a stable one.
    package static func < (left: PlaneProblem, right: PlaneProblem) -> Bool {
        (left.file, left.line, left.reason) < (right.file, right.line, right.reason)
    }
}

/// Why a plane's configuration or its identities could not be had.
package enum PlaneConfigError: Fault, CustomStringConvertible {
    /// The folder holds mistakes: all of them, by file and line.
    case invalid([PlaneProblem])
    /// A file of the state folder could not be read or written; the text names the path and the kernel's reason.
    case state(String)
    /// A file of the state folder has a content that this version does not understand; the text is its path.
    case corruptState(String)
    /// A `secretFile` could not be read, or does not hold a usable secret; the text names the path and the reason.
    case badSecretFile(String)
    /// The control plane did not answer, or refused; the text names its address and the reason.
    case unreachable(String)

    /// The author of the folder, the machine, or the control plane.
    package var blame: Blame {
        switch self {
        case .invalid, .badSecretFile: .caller
        case .state, .corruptState: .us
        case .unreachable: .upstream
        }
    }

    /// A full or unmounted disk may recover; a mistake stays one until the folder changes.
    package var retry: Retry {
        switch self {
        case .state, .unreachable: .afterBackoff
        case .invalid, .corruptState, .badSecretFile: .never
        }
    }

    /// Every mistake on a line of its own.
    package var description: String {
        switch self {
        case .invalid(let problems): problems.map(\.description).joined(separator: "\n")
        case .state(let text): "state folder: \(text)"
        case .corruptState(let path): "state folder: \(path) is damaged, or was written by a newer version"
        case .badSecretFile(let text): "secret file: \(text)"
        case .unreachable(let text): "control plane: \(text)"
        }
    }
}

/// Runs a call on the state folder; its failure becomes `.state`.
func onState<Result>(_ body: () throws(SystemError) -> Result) throws(PlaneConfigError) -> Result {
    do {
        return try body()
    } catch {
        throw .state(error.description)
    }
}
