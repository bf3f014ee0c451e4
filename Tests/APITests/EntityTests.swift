import API
import GRPC
import JSON
import Testing

/// The problems of a message read from JSON text, one line each.
private func problems<Message: ProtoMessage>(_ type: Message.Type, _ text: String) throws -> [String] {
    var problems: [SpecProblem] = []
    _ = Message(json: try JSONValue.parse(text), problems: &problems)
    return problems.map(\.description)
}

@Suite struct EntityTests {
    @Test func `both name styles and integers as text are read`() throws {
        var missing: [SpecProblem] = []
        let camel = StreamSpec(
            json: try .parse(
                #"{"ref":{"name":"demo-0"},"consentLevels":[0,1],"consentLevelType":"GRANULAR","linkedStream":"demo","limits":{"eventRate":"99"}}"#
            ), problems: &missing)
        let snake = StreamSpec(
            json: try .parse(
                #"{"ref":{"name":"demo-0"},"consent_levels":["0",1],"consent_level_type":2,"linked_stream":"demo","limits":{"event_rate":99},"tags":null}"#
            ), problems: &missing)
        #expect(missing.map(\.description) == ["ref.projectId must be set", "ref.projectId must be set"])
        #expect(camel == snake)
        #expect(camel.limits?.eventRate == 99)
        #expect(camel.isDerived)
    }

    @Test func `what is written is canonical proto-JSON`() throws {
        let text =
            #"{"ref":{"name":"demo-M0","projectId":"44cc99df-04f1-4e42-9345-28151b1139d0"},"consentLevels":[0],"consentLevelType":"GRANULAR","enabled":true,"limits":{"eventRate":"99"},"linkedStream":"demo","maskedFields":{"seed":"hi-there","fieldPatterns":{"a/b/1.0.0":{"fieldPatterns":["x/y"]}}},"policyId":"44cc99df-04f1-4e42-9345-28151b1139d0"}"#
        #expect(try StreamSpec(json: .parse(text)).json.text() == text)
    }

    @Test func `every problem of a stream is reported at once`() throws {
        let found = try problems(
            StreamSpec.self,
            """
            {"ref": {"name": "abc", "billingId": "b"}, "description": 5, "consentLevels": [1, -1, "x", 3000000000, 1],
             "consentLevelType": "SOME", "limits": {"eventRate": -1}, "tags": ["a", "a"], "linked_stream": "q",
             "linkedStream": "p", "colour": "red", "policyId": "12",
             "maskedFields": {"hashType": "MD5", "fieldPatterns": {"a/b/1.0.0": {"fieldPatterns": ["strmMeta/nonce"]}}}}
            """)
        #expect(
            found == [
                "ref.billingId must be empty",
                "ref.name must have 4 to 100 characters",
                "ref.projectId must be set",
                "description must be text, found number (put it in quotes)",
                "consentLevels[1] must be at least 0",
                "consentLevels[2] must be a whole number",
                "consentLevels[3] must be from 0 to 2147483647",
                "consentLevelType must be one of CUMULATIVE, GRANULAR",
                "limits.eventRate must be at least 0",
                "linkedStream is given twice, as linkedStream and as linked_stream",
                "tags must not name anything twice",
                "maskedFields.hashType must be MurmurHash3",
                #"maskedFields.fieldPatterns["a/b/1.0.0"].fieldPatterns[0] must not hold strmMeta"#,
                "policyId must be a UUID",
                "consentLevels must not name a level twice",
                "colour is unknown; members are ref, description, consentLevels, consentLevelType, enabled, limits, "
                    + "linkedStream, tags, credentials, maskedFields, kafkaTopic, policyId",
            ])
    }

    @Test func `every problem of a contract is reported at once`() throws {
        let found = try problems(
            DataContractSpec.self,
            """
            {"ref": {"handle": "abc", "name": "a/b-c", "version": "1.0"}, "state": 9, "isPublic": "yes",
             "validations": [{"field": "x", "type": "range", "value": ""}, 7],
             "schema": {"ref": {"handle": "strm", "name": "nice", "version": "1.0.0"},
                        "simpleSchema": {"name": "A", "namespace": "1a", "nodes": [
                            {"name": "b"}, {"type": "NODE", "name": "c"}, {"type": "STRING", "name": "d", "avroName": "é"}]}},
             "metadata": {"title": "Hi", "createTime": "yesterday", "labels": [{}]}}
            """)
        #expect(
            found == [
                "ref.handle must have 4 to 100 characters",
                "ref.name must not hold a slash",
                "ref.version must be a version of three numbers: 1.0.0",
                "state must be one of DRAFT, IN_REVIEW, ACTIVE, ARCHIVED, INCOMPLETE, APPROVED",
                "isPublic must be true or false, found string",
                "keyField must be set",
                "validations[0].type must be regex",
                "validations[0].value must be set",
                "validations[1] must be an object, found number",
                "metadata.title must have 4 to 100 characters",
                "metadata.createTime must be a time as 2026-01-31T12:00:00Z",
                "metadata.labels[0].key must be set",
                "schema.simpleSchema.namespace must be an Avro namespace: names joined with points",
                "schema.simpleSchema.nodes[0].type must be set",
                "schema.simpleSchema.nodes[1].nodes must hold at least one node when type is NODE",
                "schema.simpleSchema.nodes[2].avroName must be an Avro name: letters, digits and _, no digit first",
                "projectId must be set",
            ])
    }

    @Test func `a missing schema and a value of another kind are problems`() throws {
        #expect(
            try problems(
                DataContractSpec.self, #"{"ref":{"handle":"strm","name":"nice","version":"1.0.0"},"keyField":"k"}"#)
                == ["schema must be set", "projectId must be set"])
        #expect(try problems(PolicySpec.self, "[]") == ["must be an object, found array"])
    }

    @Test func `field metadata wins over the deprecated list of personal fields`() throws {
        var contract = DataContractSpec()
        contract.piiFields = ["b": 2, "a": 1]
        #expect(contract.personalFields.map(\.path) == ["a", "b"])
        contract.fieldMetadata = [FieldMetadata(), FieldMetadata()]
        contract.fieldMetadata[0].fieldName = "c"
        contract.fieldMetadata[0].personalDataConfig = .init()
        contract.fieldMetadata[0].personalDataConfig?.isPII = true
        contract.fieldMetadata[0].personalDataConfig?.purposeLevel = 3
        contract.fieldMetadata[1].fieldName = "d"
        contract.fieldMetadata[1].personalDataConfig = .init()
        contract.fieldMetadata[1].personalDataConfig?.isQuasiID = true
        #expect(contract.personalFields.map(\.path) == ["c"])
        #expect(contract.personalFields.map(\.level) == [3])
    }

    @Test(arguments: [
        ("2026-01-31T12:00:00Z", true), ("2026-01-31t23:59:60.123456789+01:00", true), ("2026-01-31", false),
        ("2026-13-31T12:00:00Z", false), ("2026-01-31T12:00:00", false), ("2026-01-31T12:00:00.Z", false),
    ])
    func `times are RFC 3339`(_ text: String, _ good: Bool) {
        var problems: [SpecProblem] = []
        _ = ProtoTimestamp(json: .string(text), problems: &problems)
        #expect(problems.isEmpty == good)
    }
}
