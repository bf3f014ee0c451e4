// What the state knows of contracts and purposes:
//
//   projects ── contracts           one row per reference; `body` is the whole message, `state` and `is_public` stand in it too
//   purposes                        a level and what it is called, for ever
//
// The contracts of the plane folder, and those that every plane has, are not here.

import API
import GRPC
import Wire

extension StateSchema {
    /// The tables of this file.
    static let contracts = """
        CREATE TABLE contracts (
            number INTEGER PRIMARY KEY,
            id TEXT NOT NULL UNIQUE,
            reference TEXT NOT NULL UNIQUE,
            schema_reference TEXT NOT NULL,
            project_id TEXT NOT NULL REFERENCES projects,
            state INTEGER NOT NULL,
            body BLOB NOT NULL
        ) STRICT;
        CREATE INDEX contracts_of_projects ON contracts (project_id);
        CREATE INDEX contracts_of_schemas ON contracts (schema_reference);
        CREATE TABLE purposes (
            level INTEGER PRIMARY KEY,
            purpose TEXT NOT NULL UNIQUE,
            description TEXT NOT NULL
        ) STRICT;
        """
}

extension StateView {
    /// A contract by its UUID, in either case.
    func contract(id: String) throws(CallError) -> DataContractSpec? {
        try first("SELECT body FROM contracts WHERE id = ?1", .text(id.lowercased())) { row throws(CallError) in
            try Self.contract(row.bytes(0))
        }
    }

    /// A contract by its reference.
    func contract(_ ref: ContractRef) throws(CallError) -> DataContractSpec? {
        try first("SELECT body FROM contracts WHERE reference = ?1", .text(ref.description)) { row throws(CallError) in
            try Self.contract(row.bytes(0))
        }
    }

    /// All contracts, in the order in which they were made.
    func contracts() throws(CallError) -> [DataContractSpec] {
        try all("SELECT body FROM contracts ORDER BY number") { row throws(CallError) in
            try Self.contract(row.bytes(0))
        }
    }

    /// The contracts whose events the plane's components may meet: the active and the archived ones.
    func contractsInForce() throws(CallError) -> [DataContractSpec] {
        try all(
            "SELECT body FROM contracts WHERE state IN (?1, ?2) ORDER BY number",
            .integer(Int64(DataContractSpec.State.active.rawValue)),
            .integer(Int64(DataContractSpec.State.archived.rawValue))
        ) { row throws(CallError) in try Self.contract(row.bytes(0)) }
    }

    /// The contracts that use a schema, in the order in which they were made.
    func contracts(ofSchema ref: ContractRef) throws(CallError) -> [DataContractSpec] {
        try all("SELECT body FROM contracts WHERE schema_reference = ?1 ORDER BY number", .text(ref.description)) {
            row throws(CallError) in try Self.contract(row.bytes(0))
        }
    }

    /// How many contracts there are.
    func contractCount() throws(CallError) -> Int { try count("SELECT count(*) FROM contracts") }

    private static func contract(_ body: [UInt8]) throws(CallError) -> DataContractSpec {
        do throws(GRPCError) {
            return try DataContractSpec(protobuf: body)
        } catch {
            throw .damaged("a contract cannot be read")
        }
    }

    /// All purposes, by level.
    func purposes() throws(CallError) -> [PurposeMapping] {
        try all("SELECT level, purpose, description FROM purposes ORDER BY level") { row throws(CallError) in
            var mapping = PurposeMapping()
            mapping.level = Int32(truncatingIfNeeded: row.integer(0))
            mapping.purpose = row.text(1)
            mapping.description = row.text(2)
            return mapping
        }
    }
}

extension StateChange {
    /// Adds a contract.
    func add(_ contract: DataContractSpec) throws(CallError) {
        try run(
            """
            INSERT INTO contracts (id, reference, schema_reference, project_id, state, body)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6)
            """,
            .text(contract.id), .text(contract.ref.contractRef.description),
            .text(contract.schema.ref.contractRef.description), .text(contract.projectID),
            .integer(Int64(contract.state.rawValue)), .blob(contract.protobuf))
    }

    /// Replaces a contract, found by UUID.
    func update(_ contract: DataContractSpec) throws(CallError) {
        try run(
            "UPDATE contracts SET schema_reference = ?2, state = ?3, body = ?4 WHERE id = ?1", .text(contract.id),
            .text(contract.schema.ref.contractRef.description), .integer(Int64(contract.state.rawValue)),
            .blob(contract.protobuf))
    }

    /// Removes a contract. What uses it must be gone.
    func removeContract(_ id: String) throws(CallError) {
        try run("DELETE FROM contracts WHERE id = ?1", .text(id))
    }

    /// Adds a purpose under its level.
    func add(_ mapping: PurposeMapping) throws(CallError) {
        try run(
            "INSERT INTO purposes (level, purpose, description) VALUES (?1, ?2, ?3)", .integer(Int64(mapping.level)),
            .text(mapping.purpose), .text(mapping.description))
    }
}
