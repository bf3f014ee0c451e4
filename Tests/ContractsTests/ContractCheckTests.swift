import API
import Avro
import Contracts
import GRPC
import JSON
import Testing
import Wire

@Suite struct ContractCheckTests {
    @Test func `the public contracts pass, and their schema has the published fingerprint`() throws {
        for spec in Fixture.contracts {
            let (contract, problems) = CheckedContract.check(spec)
            #expect(problems == [])
            #expect(contract?.definition == spec.schema.definition)
            #expect(contract?.ref == spec.ref.contractRef)
        }
        #expect(
            CheckedContract.check(Fixture.contracts[0]).contract?.schema.fingerprintText == "8732795727104664750")
    }

    @Test func `all problems of a contract are reported at once, each with its place`() {
        var spec = Fixture.contract(
            "strmprivacy/broken/1.0.0", Fixture.shopSchema, keyField: "lines/article",
            personal: ["total": 1, "lines/giftFor": 1, "missing": 0, "strmMeta/keyLink": 2],
            validations: [("email", "("), ("nowhere", "x"), ("total", "^1$")], subject: "tags")
        spec.state = .active
        let problems = CheckedContract.check(spec).problems.map(\.description)
        #expect(
            problems == [
                "keyField names lines/article, which must be a string or optional string outside lists",
                "dataSubjectField names tags, which must be a string or optional string outside lists",
                "piiFields.missing names missing, which the schema does not have",
                "piiFields[\"strmMeta/keyLink\"] must not be part of strmMeta",
                "piiFields.total names total, which must be a string, optional string or list of string",
                "validations[0].value is refused: invalid regular expression at offset 1: missing closing parenthesis",
                "validations[1].field names nowhere, which the schema does not have",
                "validations[2].field names total, which must be a string, optional string or list of string",
            ])
    }

    @Test func `field metadata is checked in place of the old list`() throws {
        let spec = try Fixture.contract(
            """
            {"ref": {"handle": "strmprivacy", "name": "meta", "version": "1.0.0"}, "keyField": "email",
             "fieldMetadata": [
               {"fieldName": "total", "personalDataConfig": {"isPii": true}},
               {"fieldName": "email", "personalDataConfig": {"isPii": true, "purposeLevel": 2}},
               {"fieldName": "email"}, {"fieldName": "nothing", "personalDataConfig": {"isQuasiId": true}},
               {"fieldName": "lines/notes", "personalDataConfig": {"isPii": true}}],
             "schema": {"ref": {"handle": "strmprivacy", "name": "meta", "version": "1.0.0"},
               "definition": \(JSONValue.string(Fixture.shopSchema).text())}}
            """)
        #expect(
            CheckedContract.check(spec).problems.map(\.description) == [
                "fieldMetadata[0].fieldName names total, which must be a string, optional string or list of string",
                "fieldMetadata[2].fieldName names email a second time",
                "fieldMetadata[3].fieldName names nothing, which the schema does not have",
            ])
    }

    @Test(arguments: [
        (#""string""#, "is refused as a JSON Schema: '' must be a schema"),
        (#"{"type": "object", "properties": {}}"#, "must have a property strmMeta"),
        ("{", "must be an Avro schema or a JSON Schema: JSON text ends"),
        ("", "must be an Avro schema or a JSON Schema: JSON text ends"),
        (#"{"type": "record", "name": "R", "fields": [{"name": "a", "type": "x"}]}"#, "unknown type 'x'"),
        (#"{"type": "record", "name": "R", "fields": []}"#, "must have a field strmMeta"),
        (
            #"{"type": "record", "name": "R", "fields": [{"name": "strmMeta", "type": "string"}]}"#,
            "must have a record as its field strmMeta"
        ),
        (
            Fixture.demoSchema.replacing(#"["null", "int"]"#, with: #"["int", "null"]"#),
            #"must have ["null", "int"] as strmMeta/nonce"#
        ),
        (Fixture.demoSchema.replacing(#""keyLink""#, with: #""keyLinks""#), "must have the field strmMeta/keyLink"),
        (
            Fixture.demoSchema.replacing(#""items": "int""#, with: #""items": "long""#),
            "must have an array of int as strmMeta/consentLevels"
        ),
        (
            Fixture.demoSchema.replacing(
                #""eventContractRef", "type": "string""#, with: #""eventContractRef", "type": "bytes""#),
            "must have a string as strmMeta/eventContractRef"
        ),
    ])
    func `a schema without a conforming strmMeta is refused`(schema: String, rule: String) {
        let spec = Fixture.contract("strmprivacy/broken/1.0.0", schema, keyField: "consistentValue", personal: [:])
        let problems = CheckedContract.check(spec).problems.map(\.description)
        #expect(problems.contains { $0.hasPrefix("schema.definition ") && $0.contains(rule) }, "\(problems)")
    }

    @Test func `a contract that says another schema type than its schema has is refused`() {
        var avro = Fixture.contracts[0]
        avro.schema.ref.schemaType = .jsonSchema
        #expect(
            CheckedContract.check(avro).problems.map(\.description) == [
                "schema.ref.schemaType says JSONSCHEMA, but the schema is AVRO"
            ])
        avro.schema.ref.schemaType = .avro
        #expect(CheckedContract.check(avro).problems == [])
    }

    @Test func `strmMeta may carry a logical type and lack the billing id`() {
        let schema = Fixture.demoSchema
            .replacing(#"{"name": "billingId", "type": ["null", "string"], "default": null},"#, with: "")
            .replacing(#"["null", "long"]"#, with: #"["null", {"type": "long", "logicalType": "date"}]"#)
        #expect(schema != Fixture.demoSchema)
        let spec = Fixture.contract("strmprivacy/lean/1.0.0", schema, keyField: "consistentValue", personal: [:])
        #expect(CheckedContract.check(spec).problems == [])
    }

    @Test func `masked fields must hold text and stay out of strmMeta`() throws {
        let contract = try #require(CheckedContract.check(Fixture.contracts[3]).contract)
        for path in ["email", "tags", "lines/article", "lines/notes", "address/street"] {
            #expect(contract.problem(maskingField: path) == nil)
        }
        #expect(contract.problem(maskingField: "total")?.contains("must be a string") == true)
        #expect(contract.problem(maskingField: "strmMeta/keyLink") == "must not be part of strmMeta")
        #expect(contract.problem(maskingField: "x/y")?.contains("does not have") == true)
    }
}
