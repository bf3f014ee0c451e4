import API
import Avro
import Bytes
import Contracts
import Crypto
import GRPC
import Wire

extension DataContractSpec {
    /// Changes whenever anything in the contract does: CRC-64-AVRO of its bytes, in decimal.
    var checksum: String { String(Int64(bitPattern: CRC64Avro.hash(protobuf))) }

    /// Fills in what follows from the rest: the schema's names, definition, language, fingerprint, id, state.
    ///
    /// - Parameter checked: The result of checking this contract.
    mutating func complete(with checked: CheckedContract) {
        if let simple = schema.simpleSchema {
            schema.simpleSchema = SimpleSchemaAvro.named(simple, for: ref.contractRef)
        }
        schema.definition = checked.definition
        schema.ref.schemaType = checked.schema.type
        schema.fingerprint = checked.schema.fingerprintText
        completeSchema()
    }

    /// Lets the schema inside say the same of itself as the contract does.
    mutating func completeSchema() {
        schema.id = id
        schema.state = state.ofSchema
        schema.isPublic = isPublic
    }

    /// The contract as the API shows it, for one of the plane folder: those have no id unless they are given one.
    func shown(inProject projectID: String) throws(CallError) -> DataContractSpec {
        var shown = self
        if shown.id.isEmpty { shown.id = try Self.lastingID(of: ref.contractRef) }
        if shown.projectID.isEmpty { shown.projectID = projectID }
        if let checked = CheckedContract.check(self).contract { shown.complete(with: checked) }
        return shown
    }

    /// A UUID that follows from the reference: the same at every start, on every machine.
    private static func lastingID(of ref: ContractRef) throws(CallError) -> String {
        let digest = try StateSecrets.digest("contract \(ref)")
        func number(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
        return UUIDv4(random: number(digest[0..<8]), number(digest[8..<16])).description
    }
}
