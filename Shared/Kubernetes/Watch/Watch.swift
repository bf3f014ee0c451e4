internal import HTTP
internal import Net
internal import System

/// Follows the objects of a collection for ever: lists, watches, and begins again where it must. See ``WatchEvent`` for what it tells.
///
/// It holds one object and what the server's window allows, and makes the server wait while nobody asks. When the task that waits is
/// cancelled, or the watch goes, the server is told.
package actor Watch {
    private enum Phase {
        case idle
        case listing(ObjectList)
        case watching(KubernetesAnswer)
    }

    private let client: KubernetesClient
    private let selection: ObjectSelection
    private let pageSize: Int
    private var state: WatchState
    private var phase = Phase.idle
    private var lines: LineSplitter
    private var began = MonotonicTime.now()
    private var hadEvents = false

    init(_ client: KubernetesClient, _ selection: ObjectSelection, from version: String?, pageSize: Int) {
        self.client = client
        self.selection = selection
        self.pageSize = pageSize
        state = WatchState(from: version)
        lines = LineSplitter(limit: client.options.objectLimit)
    }

    /// The next event; waits for as long as nothing happens. One task at a time asks.
    ///
    /// - Throws: What will not pass by itself: `.refused` (no permission, no such type …), `.tooLarge`, `.badRequest`, `.badAccess`;
    ///   `.net(.cancelled)`. Who asks again after that gets another attempt.
    package func next() async throws(KubernetesError) -> WatchEvent {
        while true {
            do throws(KubernetesError) {
                if let event = try await advance() { return event }
            } catch {
                phase = .idle
                if state.failed(error) { throw error }
            }
        }
    }

    /// Nil: there was nothing to tell yet.
    private func advance() async throws(KubernetesError) -> WatchEvent? {
        switch phase {
        case .idle: return try await begin()
        case .listing(let list):
            if let object = try await list.next() { return .added(object) }
            phase = .idle
            state.listEnded(version: list.resourceVersion, at: .now())
            return .synced(version: list.resourceVersion)
        case .watching(let answer):
            while true {
                if let line = try lines.next() {
                    if line.isEmpty { continue }
                    hadEvents = true
                    return try event(WatchLine(parsing: line))
                }
                guard let piece = try await answer.next() else {
                    // What stands behind the last line end is half an event: the next watch tells it again.
                    phase = .idle
                    state.watchEnded(hadEvents: hadEvents, lasted: .now() - began)
                    return nil
                }
                lines.feed(piece)
            }
        }
    }

    private func begin() async throws(KubernetesError) -> WatchEvent? {
        switch state.next(random: .random(in: 0..<1)) {
        case .pause(let pause):
            do {
                try await Task.sleep(for: pause)
            } catch {
                throw .net(.cancelled)
            }
            return nil
        case .list(let inOnePiece):
            phase = .listing(client.list(selection, pageSize: inOnePiece ? 0 : pageSize))
            return .relist
        case .watch(let version, let seconds):
            began = .now()
            hadEvents = false
            lines = LineSplitter(limit: client.options.objectLimit)
            phase = .watching(try await client.openGood(try request(from: version, seconds: seconds)))
            return nil
        }
    }

    private func request(from version: String, seconds: Int) throws(KubernetesError) -> Request {
        var query = selection.query
        query.add("watch", "1")
        query.add("resourceVersion", version)
        query.add("allowWatchBookmarks", "true")
        query.add("timeoutSeconds", "\(seconds)")
        let accept =
            selection.metadataOnly ? "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1" : "application/json"
        var request = Request(.get, try selection.path.text(), headers: ["accept": accept])
        request.query = query.encoded
        return request
    }

    private func event(_ line: WatchLine) throws(KubernetesError) -> WatchEvent {
        switch line {
        case .failed(let status): throw .refused(status)
        case .event(let event, let version):
            state.versionSeen(version, at: .now())
            return event
        }
    }
}

extension KubernetesClient {
    /// Follows a collection.
    ///
    /// - Parameters:
    ///   - version: Goes on from there; nil begins with all objects. When it is too old there is a `relist`.
    ///   - pageSize: Objects that the server gives at a time when they are listed.
    package func watch(_ selection: ObjectSelection, from version: String? = nil, pageSize: Int = 500) -> Watch {
        Watch(self, selection, from: version, pageSize: pageSize)
    }
}
