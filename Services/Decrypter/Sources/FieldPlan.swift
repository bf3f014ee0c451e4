import Contracts
import Privacy

/// What to do with each interesting value of one schema under one contract, compiled once for a derived stream.
///
/// Points 0 and 1 of the program are the contract reference and the consents; the others are the fields that are opened,
/// masked, or both.
final class FieldPlan {
    /// What happens to the value of a point.
    struct Action: OptionSet {
        let rawValue: UInt8
        /// Replace the ciphertext by the plain value.
        static let open = Action(rawValue: 1)
        /// Replace the value (after opening it, if it is opened) by its hash.
        static let mask = Action(rawValue: 2)
    }

    static let contractPath = "strmMeta/eventContractRef"
    static let consentPath = "strmMeta/consentLevels"
    static let contractPoint: Int32 = 0
    static let consentPoint: Int32 = 1

    let schemaID: Int32
    /// The contract reference that an event must carry for this plan to be the right one.
    let contract: [UInt8]
    let program: WalkProgram
    /// By point.
    let actions: [Action]
    let opensAny: Bool

    /// - Returns: nil when the schema cannot be treated as the rules demand: a masked field that it lacks, or that holds no
    ///   text, must not slip through in clear.
    init?(schemaID: Int32, schema: EventSchema, contract: String, rules: DerivationRules) {
        guard let fields = rules.contracts[contract] else { return nil }
        var actions: [String: Action] = [:]
        for (path, level) in fields.personal where rules.consent.opens(level: level) {
            // A personal field that this schema lacks was never sealed: there is nothing to open.
            let target = schema.target(of: path)
            guard target != .missing else { continue }
            guard target.holdsText else { return nil }
            actions[path, default: []].insert(.open)
        }
        for path in fields.masked {
            guard schema.target(of: path).holdsText else { return nil }
            actions[path, default: []].insert(.mask)
        }
        let paths = actions.keys.sorted()
        let points = [Self.contractPath, Self.consentPath] + paths
        do throws(EventSchemaFault) { program = try WalkProgram(schema, points: points) } catch { return nil }
        self.schemaID = schemaID
        self.contract = Array(contract.utf8)
        self.actions = [[], []] + paths.map { actions[$0] ?? [] }
        opensAny = self.actions.contains { $0.contains(.open) }
    }
}
