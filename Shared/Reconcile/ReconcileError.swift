package import Faults

/// Why a ledger cannot be used.
package enum ReconcileError: Fault, Equatable {
    /// It is not what `Ledger.json` writes.
    case damagedLedger
    /// It names a kind that this version does not know.
    case unknownKind(String)

    /// Ours: nobody else writes ledgers.
    package var blame: Blame { .us }
    /// The same text is refused again.
    package var retry: Retry { .never }
}

extension ReconcileError: CustomStringConvertible {
    /// One sentence for a log.
    package var description: String {
        switch self {
        case .damagedLedger: "the ledger of resources is damaged, or of a newer version"
        case .unknownKind(let kind): "the ledger of resources names the kind \(kind), which this version does not know"
        }
    }
}
