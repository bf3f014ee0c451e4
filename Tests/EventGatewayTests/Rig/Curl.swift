import TestKit

/// An answer as the public `curl` saw it.
struct CurlAnswer {
    let status: Int
    /// `1.1` or `2`.
    let version: String
    let headers: [(name: String, value: String)]
    let body: String

    subscript(_ name: String) -> String? { headers.first { $0.name == name }?.value }
}

/// How curl connects.
enum CurlProtocol: String, CaseIterable, Sendable {
    case http1 = "--http1.1"
    case http2 = "--http2"
    case http2PriorKnowledge = "--http2-prior-knowledge"
}

/// Sends one request with the `curl` command, so that a stranger judges the HTTP that we speak.
func curl(
    _ url: String, method: String = "POST", headers: [String] = [], body: [UInt8]? = nil,
    over protocolVersion: CurlProtocol = .http2, authority: String
) async throws -> CurlAnswer {
    var arguments = ["-sS", "-i", protocolVersion.rawValue, "--cacert", authority, "--max-time", "30"]
    arguments += method == "HEAD" ? ["--head"] : ["-X", method]
    arguments += ["-w", "\n%{http_code} %{http_version}"]
    for header in headers { arguments += ["-H", header] }
    if body != nil { arguments += ["--data-binary", "@-", "-H", "expect:"] }
    let result = try await runTool("curl", arguments + [url], input: body ?? [])
    // Without the carriage returns: Swift takes "\r\n" as one character.
    let output = String(decoding: result.outputBytes.filter { $0 != 0x0D }, as: UTF8.self)
    let lines = output.split(separator: "\n", omittingEmptySubsequences: false)
    guard let last = lines.last?.split(separator: " "), last.count == 2, let status = Int(last[0]) else {
        throw TestKitError.toolFailed(command: "curl", status: 0, errors: result.output)
    }
    var headers: [(name: String, value: String)] = []
    var rest = lines.dropLast().drop { !$0.hasPrefix("HTTP/") }.dropFirst()
    while let line = rest.popFirst(), !line.isEmpty {
        let parts = line.split(separator: ":", maxSplits: 1)
        guard parts.count == 2 else { continue }
        headers.append((parts[0].lowercased(), String(parts[1].drop { $0 == " " })))
    }
    return CurlAnswer(
        status: status, version: String(last[1]), headers: headers, body: rest.joined(separator: "\n"))
}
