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

/// The path of one of our binaries, from the same build as the tests.
///
/// - Throws: `TestKitError.system` when it is not there.
package func builtBinary(_ name: String) throws -> String {
    var buffer = [CChar](repeating: 0, count: 4096)
    let count = readlink("/proc/self/exe", &buffer, buffer.count - 1)
    guard count > 0 else { throw systemFailure("readlink", "/proc/self/exe") }
    let own = String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    // `swift test` may run the bundle itself, or a helper of the toolchain that loads it.
    let folders =
        [own.split(separator: "/").dropLast().joined(separator: "/")].map { "/" + $0 }
        + ["release", "debug"].map { "\(Strangers.packageRoot)/.build/\($0)" }
    for folder in folders where access("\(folder)/\(name)", X_OK) == 0 { return "\(folder)/\(name)" }
    throw TestKitError.strangerMissing("\(name): build it with `swift build --build-tests`")
}
