internal import HTTP
internal import Net
internal import Synchronization
internal import System

/// Sends events over one HTTP/2 connection, many at a time.
final class EventSender: Sendable {
    /// Requests under way at a time.
    private static let width = 64
    /// How often one event is tried when the plane says "later".
    private static let attempts = 20
    /// How long the plane may take to hear of a new stream.
    private static let news = Duration.seconds(10)

    private let plane: PlaneClient
    private let document: ReadyDocument
    private let stream: ReadyDocument.Stream
    private let source: EventSource
    private let url: URLParts
    private let mayBeNew: Bool
    private let began = MonotonicTime.now()
    private let state: Mutex<SendingState>
    private let token: Mutex<String>

    init(
        _ plane: PlaneClient, _ document: ReadyDocument, _ stream: ReadyDocument.Stream, _ source: EventSource,
        _ state: SendingState, token: String, mayBeNew: Bool = false
    ) throws(PolderError) {
        guard let url = URLParts(document.urls["events"] ?? "") else {
            throw .failed("the plane does not say where events go")
        }
        self.plane = plane
        self.document = document
        self.stream = stream
        self.source = source
        self.url = url
        self.mayBeNew = mayBeNew
        self.state = Mutex(state)
        self.token = Mutex(token)
    }

    /// What has become of the events so far.
    var outcome: SendingState { state.withLock { $0 } }

    /// Sends everything; the first failure that is not an event's own fault ends it.
    func sendAll() async throws(PolderError) {
        // One event alone: the gateway closes connections on which it refuses many in a row.
        if mayBeNew, let (number, _) = state.withLock({ $0.take() }) { try await send(try source.event(number)) }
        let failure = await withTaskGroup(of: PolderError?.self) { group in
            for _ in 0..<EventSender.width {
                group.addTask { [self] in
                    do throws(PolderError) {
                        try await work()
                        return nil
                    } catch {
                        state.withLock { $0.stop() }
                        return error
                    }
                }
            }
            var first: PolderError?
            for await failure in group where first == nil { first = failure }
            return first
        }
        if let failure { throw failure }
    }

    /// Rewrites the progress line five times a second until it is cancelled.
    func showProgress(on console: Console, since began: MonotonicTime) async {
        while !Task.isCancelled {
            let line = outcome.progress(width: console.columns - 1, elapsed: .now() - began)
            console.note(unended: "\r\u{1B}[K\(line)")
            do { try await Task.sleep(for: .milliseconds(200)) } catch { break }
        }
        console.note(unended: "\r\u{1B}[K")
    }

    private func work() async throws(PolderError) {
        while let (number, due) = state.withLock({ $0.take() }) {
            let wait = due - .now()
            if wait > .zero { try await pause(wait) }
            try await send(try source.event(number))
        }
    }

    private func send(_ event: OutgoingEvent) async throws(PolderError) {
        var hasRenewed = false
        for _ in 0..<EventSender.attempts {
            var request = Request(.post, url.target, body: event.body)
            request.headers.add("authorization", "Bearer \(token.withLock { $0 })")
            request.headers.add("strm-schema-ref", event.schemaRef)
            request.headers.add("strm-serialization-type", event.serialization)
            let response = try await plane.send(request, to: url)
            let isNews = mayBeNew && .now() - began < EventSender.news
            switch response.status {
            case .noContent:
                return state.withLock { $0.wasAccepted() }
            case .unauthorized where isNews, .forbidden where isNews:
                try await pause(.milliseconds(500))
            case .unauthorized where !hasRenewed:
                hasRenewed = true
                let fresh = try await plane.token(for: stream, document)
                token.withLock { $0 = fresh }
            case .tooManyRequests, .serviceUnavailable:
                let seconds = response.headers["retry-after"].flatMap { Int($0) } ?? 1
                try await pause(.seconds(min(max(seconds, 0), 30)) + .milliseconds(Int.random(in: 0..<200)))
            default:
                let reason = String(decoding: response.body.prefix(500), as: UTF8.self).filter { !$0.isNewline }
                return state.withLock { $0.wasRejected("\(response.status.code) \(reason)") }
            }
        }
        throw .failed("\(url): the plane said \"later\" \(EventSender.attempts) times")
    }

    private func pause(_ time: Duration) async throws(PolderError) {
        do { try await Task.sleep(for: time) } catch { throw .interrupted }
    }
}
