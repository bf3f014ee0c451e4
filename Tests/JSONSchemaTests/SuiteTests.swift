import JSON
import JSONSchema
import Testing
import TestKit

/// The public JSON-Schema-Test-Suite: every group is judged as it says, or refused for a keyword that is not supported.
@Suite struct SuiteTests {
    /// What a group may be refused for: what is not supported, and what the standard would have us ignore. Everything else must
    /// be judged.
    private static let expectedReasons = [
        "is not supported", "are not supported", "is supported only at the top", "has no effect",
        "'/$schema' must be one of",
    ]

    @Test(arguments: ["draft7", "draft2019-09", "draft2020-12"])
    func `the public test suite is judged as it says`(draft: String) throws {
        let text = try readFile("\(Strangers.packageRoot)/Tests/Strangers/json-schema-test-suite/\(draft).json")
        let groups = try #require(try JSONValue.parse(text).array)
        var judged = 0
        for group in groups {
            let file = try #require(group["file"]?.string)
            let name = "\(file): \(group["description"]?.string ?? "")"
            let schema = try #require(group["schema"])
            let judge: Judge
            do throws(JSONSchemaError) {
                judge = try Judge(JSONSchema(inDraft(schema, draft)))
            } catch {
                let reason = error.description
                let isExpected = Self.expectedReasons.contains(where: reason.contains)
                if !isExpected { Issue.record("\(name) is refused: \(reason)") }
                continue
            }
            for test in try #require(group["tests"]?.array) {
                let instance = try #require(test["data"]).text()
                judged += 1
                let verdict = judge.fault(instance)
                if (verdict == nil) != test["valid"]?.bool {
                    Issue.record("\(name): \(test["description"]?.string ?? ""): \(String(describing: verdict))")
                }
            }
        }
        // Who refused everything would pass otherwise.
        #expect(judged > 700, "\(judged)")
    }

    /// Draft-07's cases do not name their draft.
    private func inDraft(_ schema: JSONValue, _ draft: String) -> JSONValue {
        guard draft == "draft7", case .object(var object) = schema, object["$schema"] == nil else { return schema }
        object["$schema"] = "http://json-schema.org/draft-07/schema#"
        return .object(object)
    }
}
