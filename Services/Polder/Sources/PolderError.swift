package import Faults

/// Why a command of `polder` ended without success. The text is for people and never holds a secret.
package enum PolderError: Fault, Equatable {
    /// The arguments are wrong: one line each.
    case usage(command: String, [String])
    /// No plane runs on the state folder of this path.
    case notRunning(dir: String)
    /// No plane was ever started on the state folder of this path.
    case noPlane(dir: String)
    /// The plane has no stream of this name; the others are listed.
    case noSuchStream(String, known: [String])
    /// What a command names is not there, and what to do about it.
    case missing(String, next: String)
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
        case .notRunning, .noPlane: .notRunning
        case .noSuchStream, .missing: .notFound
        case .refused: .refused
        case .configuration: .configuration
        case .failed: .failure
        case .interrupted: .interrupted
        }
    }

    /// What is printed, a line each.
    package var lines: [String] {
        switch self {
        case .usage(let command, let mistakes): mistakes + ["try: polder \(command.isEmpty ? "" : "\(command) ")--help"]
        case .notRunning(let dir): ["no plane runs on \(dir); start one with: polder up --dir \(quoted(dir))"]
        case .noPlane(let dir): ["there is no plane in \(dir); make one with: polder up --dir \(quoted(dir))"]
        case .noSuchStream(let name, let known):
            ["there is no stream \(name); the plane has \(known.isEmpty ? "none" : known.joined(separator: ", "))"]
        case .missing(let what, let next): next.isEmpty ? [what] : [what, "try: \(next)"]
        case .refused(let reason): [reason]
        case .configuration(let mistakes): mistakes
        case .failed(let reason): [reason]
        case .interrupted: []
        }
    }

    /// The user's, unless something failed.
    package var blame: Blame {
        switch self {
        case .usage, .notRunning, .noPlane, .noSuchStream, .missing, .refused, .configuration, .interrupted: .caller
        case .failed: .upstream
        }
    }

    /// A failure may pass.
    package var retry: Retry {
        switch self {
        case .failed, .notRunning, .noPlane: .afterBackoff
        case .usage, .noSuchStream, .missing, .refused, .configuration, .interrupted: .never
        }
    }
}

/// A path as a shell takes it.
private func quoted(_ path: String) -> String {
    let isPlain = path.utf8.allSatisfy { byte in
        (0x61...0x7A).contains(byte) || (0x41...0x5A).contains(byte) || (0x2D...0x39).contains(byte)
            || byte == UInt8(ascii: "_")
    }
    return isPlain ? path : "'\(path.replacing("'", with: "'\\''"))'"
}
