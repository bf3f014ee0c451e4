package import API
internal import Bytes
internal import GRPC
package import Wire

/// Why an event is not accepted. It is the caller's to mend; nothing of the event's content is in it but member names and,
/// if it looks like one, the contract's reference.
package enum EventRefusal: Sendable, Equatable, CustomStringConvertible {
    /// The body is not an event of the schema.
    case undecodable(schema: String, EventFault)
    /// The event names a contract that does not exist. Nil when what it names is not a reference.
    case unknownContract(ContractRef?)
    /// The contract exists and does not accept events now.
    case contractNotActive(String, DataContractSpec.State)
    /// The contract uses a field that the event's schema does not have, or has with another type.
    case incompatible(contract: String, schema: String, rule: String)
    /// The key field is null or empty.
    case emptyKeyField(field: String, schema: String)
    /// A consent level is below zero.
    case negativeConsent
    /// A consent level does not fit into 32 bits.
    case consentTooLarge
    /// A value does not satisfy the contract's regular expression. `length` counts its characters (Unicode scalars).
    case ruleBroken(field: String, schema: String, length: Int, regex: String)
    /// A value could not be checked against the regular expression within the limits on steps and length.
    case ruleTooCostly(field: String, schema: String, length: Int, regex: String)

    /// The answer's text, one line.
    package var description: String {
        switch self {
        case .undecodable(let schema, let error):
            "Event cannot be decoded with schema: '\(schema)': \(error)"
        case .unknownContract(let ref?):
            "Unknown data contract: '\(shownName("\(ref)", limit: 120))' in field: 'strmMeta/eventContractRef'"
        case .unknownContract(nil):
            "Field: 'strmMeta/eventContractRef' is not a contract reference of the form handle/name/1.0.0"
        case .contractNotActive(let ref, let state):
            "Data contract: '\(ref)' does not accept events: its state is \(state.protoName), not ACTIVE"
        case .incompatible(let contract, let schema, let rule):
            "Data contract: '\(contract)' does not fit schema: '\(schema)': it \(rule)"
        case .emptyKeyField(let field, let schema):
            "Field: '\(field)' in event with schema: '\(schema)' is the key field and must not be empty"
        case .negativeConsent:
            "Field: 'strmMeta/consentLevels' must not hold negative levels"
        case .consentTooLarge:
            "Field: 'strmMeta/consentLevels' must not hold levels above \(Int32.max)"
        case .ruleBroken(let field, let schema, let length, let regex):
            "Field: '\(field)' in event with schema: '\(schema)' with value of length \(length) "
                + "doesn't match regex: '\(regex)'"
        case .ruleTooCostly(let field, let schema, let length, let regex):
            "Field: '\(field)' in event with schema: '\(schema)' with value of length \(length) "
                + "cannot be checked in bounded time against regex: '\(regex)'"
        }
    }
}
