import Glibc

/// Programs and libraries that nobody here wrote, who judge ours.
package enum Strangers {
    /// The root of the package, found from where this file was compiled.
    package static let packageRoot: String = {
        let parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
        return parts.dropLast(3).joined(separator: "/")
    }()

    /// The Python of the strangers' environment: `$POLDER_STRANGERS/bin/python`, or the one that `make setup` made.
    ///
    /// - Throws: `TestKitError.strangerMissing`: a test without its judge has failed.
    package static var python: String {
        get throws {
            let folder = getenv("POLDER_STRANGERS").map { String(cString: $0) } ?? "\(packageRoot)/.build/strangers"
            let path = folder + "/bin/python"
            guard access(path, X_OK) == 0 else {
                throw TestKitError.strangerMissing("\(path): run `make setup`")
            }
            return path
        }
    }

    /// Runs a Python script (its text) in the strangers' environment.
    ///
    /// - Throws: `TestKitError`; a script that ends with another status than 0 has failed unless `mayFail`.
    @discardableResult
    package static func runPython(
        _ script: String, _ arguments: [String] = [], input: [UInt8] = [], environment: [String: String] = [:],
        deadline: Duration = .seconds(120), mayFail: Bool = false
    ) async throws -> ToolResult {
        try await runTool(
            try python, ["-c", script] + arguments, input: input, environment: environment, deadline: deadline,
            mayFail: mayFail)
    }
}
