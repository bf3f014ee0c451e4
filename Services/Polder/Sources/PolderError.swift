package import Faults

/// Why a command of `polder` ended without success. The text is for people and never holds a secret.
package enum PolderError: Fault, Equatable {
    /// The arguments are wrong: one line each.
    case usage(command: String, [String])
    /// No plane runs on the state folder of this path.
    case notRunning(dir: String)
    /// The plane has no stream of this name; the others are listed.
    case noSuchStream(String, known: [String])
    /// Somebody else's no: a service refused a request, or a confirmation is missing.
    case refused(String)
    /// The plane folder or the state folder is not usable: one line per mistake.
    case configuration([String])
    /// Anything else that failed, with what and why.
    case failed(String)
    /// Ctrl-C.
    case interrupted

    /// The process ends with this.
    package var exitCode: ExitCode {
        switch self {
        case .usage: .usage
        case .notRunning: .notRunning
        case .noSuchStream: .notFound
        case .refused: .refused
        case .configuration: .configuration
        case .failed: .failure
        case .interrupted: .interrupted
        }
    }

    /// What is printed, a line each.
    package var lines: [String] {
        switch self {
        case .usage(let command, let mistakes): mistakes + ["try: polder \(command) --help"]
        case .notRunning(let dir): ["no plane runs on \(dir); start one with: polder up"]
        case .noSuchStream(let name, let known):
            ["there is no stream \(name); the plane has \(known.isEmpty ? "none" : known.joined(separator: ", "))"]
        case .refused(let reason): [reason]
        case .configuration(let mistakes): mistakes
        case .failed(let reason): [reason]
        case .interrupted: []
        }
    }

    /// The user's, unless something failed.
    package var blame: Blame {
        switch self {
        case .usage, .notRunning, .noSuchStream, .refused, .configuration, .interrupted: .caller
        case .failed: .upstream
        }
    }

    /// A failure may pass.
    package var retry: Retry {
        switch self {
        case .failed, .notRunning: .afterBackoff
        case .usage, .noSuchStream, .refused, .configuration, .interrupted: .never
        }
    }
}
