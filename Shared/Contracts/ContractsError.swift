package import Faults
package import GRPC
package import Wire

/// Why contracts cannot be used.
package enum ContractsError: Fault, Equatable, CustomStringConvertible {
    /// A contract or schema of a catalog breaks rules that its configuration should have checked.
    case invalidContract(ContractRef, [SpecProblem])
    /// The regular expression engine has no memory.
    case outOfMemory

    /// The configuration's author, except for memory.
    package var blame: Blame {
        switch self {
        case .invalidContract: .caller
        case .outOfMemory: .us
        }
    }

    /// Memory may come back.
    package var retry: Retry {
        switch self {
        case .invalidContract: .never
        case .outOfMemory: .afterBackoff
        }
    }

    /// One line.
    package var description: String {
        switch self {
        case .invalidContract(let ref, let problems):
            "contract \(ref): \(problems.map(\.description).joined(separator: "; "))"
        case .outOfMemory: "no memory for regular expressions"
        }
    }
}
