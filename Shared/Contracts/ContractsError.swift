package import Avro
package import Faults
package import Wire

/// Why contracts cannot be used.
package enum ContractsError: Fault, Equatable, CustomStringConvertible {
    /// A contract or schema of a catalog breaks rules that its configuration should have checked.
    case invalidContract(ContractRef, [SpecProblem])
    /// A record's value does not begin with 0x00 and a schema's number.
    case notFramed
    /// A record names a schema that is not in the catalog.
    case unknownSchema(id: Int32)
    /// A record's datum is not one of its schema.
    case malformedRecord(AvroError)
    /// A record names a contract that is not in the catalog, or that does not fit the schema any more.
    case unknownContract
    /// The regular expression engine has no memory.
    case outOfMemory

    /// The configuration's author; for records and memory we ourselves.
    package var blame: Blame {
        switch self {
        case .invalidContract: .caller
        case .notFramed, .unknownSchema, .malformedRecord, .unknownContract, .outOfMemory: .us
        }
    }

    /// Memory may come back, and configuration may bring a schema or contract that is not known yet.
    package var retry: Retry {
        switch self {
        case .invalidContract, .notFramed, .malformedRecord: .never
        case .unknownSchema, .unknownContract, .outOfMemory: .afterBackoff
        }
    }

    /// One line.
    package var description: String {
        switch self {
        case .invalidContract(let ref, let problems):
            "contract \(ref): \(problems.map(\.description).joined(separator: "; "))"
        case .notFramed: "the record does not begin with 0x00 and a schema id"
        case .unknownSchema(let id): "the record's schema \(id) is not known"
        case .malformedRecord(let error): "the record is not an event of its schema: \(error)"
        case .unknownContract: "the record names a contract that is not known or does not fit its schema"
        case .outOfMemory: "no memory for regular expressions"
        }
    }
}
