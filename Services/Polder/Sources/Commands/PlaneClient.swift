internal import Config
internal import EventLoop
internal import HTTP
internal import JSON
internal import Net
internal import TLS
internal import Wire

/// A running plane, as a command sees it: found by its state folder, asked over its runtime socket and its public listeners.
final class PlaneClient: Sendable {
    let state: StateFolder
    let loop: EventLoop
    let tls: TLSClientContext
    let http: HTTPClient

    /// The plane of this state folder; whether it runs shows with the first question.
    init(_ dir: String?, environment: [String: String]) throws(PolderError) {
        state = try StateFolder.resolve(dir, environment: environment)
        do {
            loop = try EventLoop(name: "polder")
            tls = try TLSClientContext(TLSFiles(authorities: state.caFile))
        } catch {
            // Without the authority's certificate there never was a plane here.
            throw .notRunning(dir: state.path)
        }
        http = HTTPClient(on: loop, tls: tls)
    }

    /// What the supervisor tells about the plane.
    ///
    /// - Throws: `.notRunning`, or `.failed` while it is not ready.
    func document() async throws(PolderError) -> ReadyDocument {
        let response = try await ask("/v1/plane")
        guard response.status == .ok else { throw .failed("the plane on \(state.path) is not ready yet") }
        guard let document = ReadyDocument(json: try parse(response)) else {
            throw .failed("the plane on \(state.path) speaks another version; use its own polder")
        }
        return document
    }

    /// Every process of the plane.
    func processes() async throws(PolderError) -> [RuntimeProcess] {
        let response = try await ask("/v1/processes")
        return try parse(response)["processes"]?.array?.compactMap { RuntimeProcess(json: $0) } ?? []
    }

    /// A stream of the plane.
    ///
    /// - Throws: `.noSuchStream`.
    static func stream(_ name: String, in document: ReadyDocument) throws(PolderError) -> ReadyDocument.Stream {
        guard let stream = document.streams.first(where: { $0.name == name }) else {
            throw .noSuchStream(name, known: document.streams.map(\.name))
        }
        return stream
    }

    /// A stream of the plane folder, or one that was made with the API.
    ///
    /// - Returns: Also whether it came from the API: then it may be so new that not every service has heard of it.
    /// - Throws: `.noSuchStream`, and what `APISession` throws.
    func stream(
        _ name: String, in document: ReadyDocument, _ context: CommandContext
    ) async throws(PolderError) -> (stream: ReadyDocument.Stream, isOfAPI: Bool) {
        if let stream = document.streams.first(where: { $0.name == name }) { return (stream, false) }
        do throws(PolderError) {
            let api = try await APISession.open(SessionOptions(local: state.path), context)
            let entity = try await EntityKind.stream.get?(api, name) ?? .null
            let topic = EntityKind.text(entity["kafkaTopic"])
            let source = EntityKind.text(entity["linkedStream"])
            let credentials = entity["credentials"]?[0]
            return (
                ReadyDocument.Stream(
                    name: name, id: topic.replacing("stream-", with: ""), topic: topic,
                    clientID: EntityKind.text(credentials?["clientId"]),
                    clientSecret: EntityKind.text(credentials?["clientSecret"]),
                    derivedFrom: source.isEmpty ? nil : source,
                    purposes: entity["consentLevels"]?.array?.compactMap { $0.int64.map { Int($0) } } ?? []), true
            )
        } catch {
            guard case .missing = error else { throw error }
            throw .noSuchStream(name, known: document.streams.map(\.name))
        }
    }

    /// A token answer for a stream's credentials, as the issuer gives it (RFC 6749 §5.1).
    ///
    /// - Throws: `.refused` when the issuer says no.
    func tokenAnswer(for stream: ReadyDocument.Stream, _ document: ReadyDocument) async throws(PolderError) -> JSONValue
    {
        guard
            let url = URLParts("\(document.urls["auth"] ?? "")/auth/realms/streams/protocol/openid-connect/token")
        else { throw .failed("the plane does not say where tokens come from") }
        var form = FormFields()
        form.add("grant_type", "client_credentials")
        form.add("client_id", stream.clientID)
        form.add("client_secret", stream.clientSecret)
        var request = Request(.post, url.target, body: Array(form.encoded.utf8))
        request.headers.add("content-type", "application/x-www-form-urlencoded")
        let response = try await send(request, to: url)
        guard response.status == .ok else {
            throw .refused("no token for \(stream.name): the issuer answered \(response.status)")
        }
        return try parse(response)
    }

    /// An access token for a stream.
    func token(for stream: ReadyDocument.Stream, _ document: ReadyDocument) async throws(PolderError) -> String {
        guard let token = try await tokenAnswer(for: stream, document)["access_token"]?.string else {
            throw .failed("the issuer's answer holds no token")
        }
        return token
    }

    /// Sends a request to one of the plane's listeners.
    func send(_ request: Request, to url: URLParts) async throws(PolderError) -> Response {
        do {
            return try await http.send(request, to: HTTPEndpoint(url))
        } catch {
            throw .failed("\(url): \(error)")
        }
    }

    private func ask(_ path: String) async throws(PolderError) -> Response {
        do {
            return try await http.send(Request(.get, path), to: .unix(path: state.socketPath))
        } catch {
            throw .notRunning(dir: state.path)
        }
    }

    private func parse(_ response: Response) throws(PolderError) -> JSONValue {
        do {
            return try JSONValue.parse(response.body)
        } catch {
            throw .failed("the answer is not JSON: \(error)")
        }
    }
}
