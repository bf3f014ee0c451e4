internal import JSON

/// `polder token <stream>`: an access token for curl.
struct TokenCommand: Command {
    static let name = "token"
    static let summary = "Prints an access token of a stream, for curl."
    static let details = """
        curl --cacert DIR/tls/ca.pem -H "Authorization: Bearer $(polder token demo)" -H 'Strm-Schema-Ref: …' \\
             --data-binary @event.json https://localhost:8443/event
        """

    let dir: String?
    let output: OutputFormat
    let stream: String

    init(reading arguments: inout ArgumentReader) {
        dir = arguments.dirOption()
        output = arguments.outputOption()
        stream = arguments.argument("stream", "The stream's name.", from: .names(.stream))
    }

    func run(_ context: CommandContext) async throws(PolderError) {
        let plane = try PlaneClient(dir, environment: context.environment)
        let document = try await plane.document()
        let (stream, _) = try await plane.stream(stream, in: document, context)
        let answer = try await plane.tokenAnswer(for: stream, document)
        switch output {
        case .json: context.console.print(answer.text())
        case .text:
            guard let token = answer["access_token"]?.string else {
                throw .failed("the issuer's answer holds no token")
            }
            context.console.print(token)
        }
    }
}
