import TestKit

/// A plane folder for tests: a stream for every case, and contracts beside the built-in ones.
enum PlaneFolder {
    /// Streams `demo`, `demo-0` (derived), `slow` (two events a second), `off` (not enabled), `other`.
    static let streams = """
        kind: Stream
        spec: {ref: {name: demo}, enabled: true}
        clientId: client-demo
        ---
        kind: Stream
        spec: {ref: {name: demo-0}, linkedStream: demo, consentLevels: [0], enabled: true}
        clientId: client-derived
        ---
        kind: Stream
        spec: {ref: {name: slow}, enabled: true, limits: {eventRate: 2}}
        clientId: client-slow
        ---
        kind: Stream
        spec: {ref: {name: stopped}, enabled: false}
        clientId: client-stopped
        ---
        kind: Stream
        spec: {ref: {name: other}, enabled: true}
        clientId: client-other
        """

    /// A contract with a data subject, a list, a nested record, a rule on an optional field; and ones that are not in force.
    static let contracts = """
        kind: DataContract
        spec:
          ref: {handle: polder, name: visit, version: 1.0.0}
          keyField: session
          dataSubjectField: customer/id
          fieldMetadata:
            - {fieldName: customer/id, personalDataConfig: {isPii: true, purposeLevel: 1}}
            - {fieldName: friends, personalDataConfig: {isPii: true, purposeLevel: 2}}
            - {fieldName: session, personalDataConfig: {isPii: true, purposeLevel: 0}}
          validations:
            - {field: customer/id, type: regex, value: "^[a-z0-9-]+$"}
            - {field: referrer, type: regex, value: "^https?://"}
          schema:
            definition: >-
              {"type":"record","name":"Visit","namespace":"io.polder.test","fields":[
                {"name":"strmMeta","type":{"type":"record","name":"StrmMeta","fields":[
                  {"name":"eventContractRef","type":"string"},
                  {"name":"nonce","type":["null","int"],"default":null},
                  {"name":"timestamp","type":["null","long"],"default":null},
                  {"name":"keyLink","type":["null","string"],"default":null},
                  {"name":"billingId","type":["null","string"],"default":null},
                  {"name":"consentLevels","type":{"type":"array","items":"int"}}]}},
                {"name":"session","type":"string"},
                {"name":"friends","type":{"type":"array","items":"string"}},
                {"name":"customer","type":{"type":"record","name":"Customer","fields":[{"name":"id","type":"string"}]}},
                {"name":"referrer","type":["null","string"],"default":null},
                {"name":"amount","type":"double"}]}
        ---
        kind: DataContract
        spec:
          ref: {handle: polder, name: order, version: 1.0.0}
          keyField: session
          dataSubjectField: customer/id
          fieldMetadata:
            - {fieldName: customer/id, personalDataConfig: {isPii: true, purposeLevel: 1}}
            - {fieldName: friends, personalDataConfig: {isPii: true, purposeLevel: 2}}
            - {fieldName: session, personalDataConfig: {isPii: true, purposeLevel: 0}}
          validations:
            - {field: customer/id, type: regex, value: "^[a-z0-9-]+$"}
          schema:
            ref: {handle: polder, name: order, version: 1.0.0, schemaType: JSONSCHEMA}
            definition: >-
              {"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object",
               "required": ["strmMeta", "session"], "additionalProperties": false,
               "properties": {
                 "strmMeta": {"type": "object", "required": ["eventContractRef", "consentLevels"], "properties": {
                   "eventContractRef": {"type": "string"}, "nonce": {"type": "integer"},
                   "consentLevels": {"type": "array", "items": {"type": "integer"}}}},
                 "session": {"type": "string"}, "friends": {"type": "array", "items": {"type": "string"}},
                 "customer": {"type": "object", "properties": {"id": {"type": ["string", "null"]}}},
                 "amount": {"type": "number", "minimum": 0, "multipleOf": 0.01},
                 "colour": {"enum": ["red", "green"]}}}
        ---
        kind: DataContract
        spec:
          ref: {handle: polder, name: draft, version: 1.0.0}
          state: DRAFT
          keyField: consistentValue
          schema:
            definition: >-
              DEMO_EVENT
        """

    /// Writes both into `plane/` of a folder.
    static func write(into folder: TemporaryFolder) throws -> String {
        try folder.makeFolder("plane")
        try folder.write("plane/streams.yaml", text: streams)
        let schema = DemoEvent.schema.split(separator: "\n").joined(separator: " ")
        try folder.write("plane/contracts.yaml", text: contracts.replacing("DEMO_EVENT", with: schema))
        return folder.file("plane")
    }
}
