internal import API
internal import GRPC
internal import JSON
internal import YAML

/// What is written in a plane's folder: YAML, and JSON as YAML, into the messages of the interface definitions and back.
enum YAMLFuzz {
    static func run(_ bytes: UnsafeRawBufferPointer) throws(BrokenInvariant) {
        let text = [UInt8](bytes)
        let parsed = outcome { () throws(YAMLError) in try YAMLDocument.parse(text) }
        guard case .success(let documents) = parsed else { return }
        let lineCount = 1 + text.count { $0 == 0x0A || $0 == 0x0D } + text.count / 2  // NEL, LS and PS end lines too
        for document in documents {
            try checkLines(document.lines, document.value, lineCount)
            try checkAsJSON(document.value)
            try ProtoJSON.checkAll(document.value["spec"] ?? document.value)
        }
    }

    /// The tree of lines has the shape of the value.
    private static func checkLines(
        _ lines: LineTree, _ value: JSONValue, _ lineCount: Int
    ) throws(BrokenInvariant) {
        try require(1...lineCount ~= lines.line, "a line is one of the text's")
        try require(lines.elements.count == value.array?.count ?? 0, "every element has a line")
        try require(lines.members.count == value.object?.count ?? 0, "every member has a line")
        for (element, lines) in zip(value.array ?? [], lines.elements) { try checkLines(lines, element, lineCount) }
        for member in value.object?.members ?? [] {
            let lines = try require(lines.members[member.name], "every member has a line")
            try checkLines(lines, member.value, lineCount)
        }
    }

    /// JSON is YAML: if the text is taken at all (libyaml has limits of its own), it means the same.
    private static func checkAsJSON(_ value: JSONValue) throws(BrokenInvariant) {
        let text = value.bytes()
        let json = outcome { () throws(JSONError) in try JSONValue.parse(text) }
        try require(json.value == value, "what YAML gives can be written as JSON")
        if case .success(let documents) = outcome({ () throws(YAMLError) in try YAMLDocument.parse(text) }) {
            try require(documents.map(\.value) == [value], "JSON means the same as YAML")
        }
    }
}

/// The messages of the interface definitions in their JSON form.
enum ProtoJSON {
    static func checkAll(_ json: JSONValue) throws(BrokenInvariant) {
        try check(json, StreamSpec.self)
        try check(json, DataContractSpec.self)
        try check(json, PolicySpec.self)
    }

    /// A contract as it stands in a folder, where nothing says to which project it belongs; nil when it breaks a rule.
    static func contract(_ json: JSONValue) -> DataContractSpec? {
        var problems: [SpecProblem] = []
        let spec = DataContractSpec(json: json, problems: &problems)
        let missing = problems.filter { $0.rule == TextRule.missing }.map(\.path.description)
        return problems.count == missing.count && Set(missing).isSubset(of: ["projectId", "schema.ref"]) ? spec : nil
    }

    /// What was read without a problem, except that something is missing, is written and read as the same message.
    private static func check<Message: ProtoMessage>(
        _ json: JSONValue, _ type: Message.Type
    ) throws(BrokenInvariant) {
        var problems: [SpecProblem] = []
        let message = Message(json: json, problems: &problems)
        guard problems.allSatisfy({ $0.rule == TextRule.missing }) else { return }
        let written = message.json
        var again: [SpecProblem] = []
        let read = Message(json: written, problems: &again)
        try require(read == message && again == problems, "\(type) is read as it was written: \(again)")
        try require(read.json == written, "\(type) is written as it was written")
    }
}
