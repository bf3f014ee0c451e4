internal import HTTP
package import JSON
internal import Net

/// The objects of a collection, one after the other, read in pages of the server's and held one at a time.
///
/// One task at a time asks for the next. All come from one state of the cluster, whose version is known behind the last.
package final class ObjectList {
    private let client: KubernetesClient
    private let selection: ObjectSelection
    private let pageSize: Int
    private var answer: KubernetesAnswer?
    private var splitter: ListSplitter
    private var objects: ArraySlice<[UInt8]> = []
    private var continuation: String?
    private var hasEnded = false
    /// The version of the state that the objects are from; empty before the last object was read.
    package private(set) var resourceVersion = ""

    init(_ client: KubernetesClient, _ selection: ObjectSelection, pageSize: Int) {
        self.client = client
        self.selection = selection
        self.pageSize = pageSize
        splitter = ListSplitter(elementLimit: client.options.objectLimit)
    }

    /// The next object, nil behind the last. As the API has it, objects of a list may lack `kind` and `apiVersion`.
    ///
    /// - Throws: `.refused`: with 410 the rest is not to be had any more, and the list has to begin again. `.net`, `.tooLarge`,
    ///   `.unreadable`.
    package func next() async throws(KubernetesError) -> JSONValue? {
        guard let text = try await nextText() else { return nil }
        do throws(JSONError) {
            return try JSONValue.parse(text)
        } catch {
            throw .unreadable("\(error)")
        }
    }

    /// The same, as its JSON text.
    package func nextText() async throws(KubernetesError) -> [UInt8]? {
        while true {
            if let object = objects.popFirst() { return object }
            if hasEnded { return nil }
            if answer == nil { answer = try await openPage() }
            if let piece = try await answer?.next() {
                objects = try splitter.feed(piece)[...]
            } else {
                answer = nil
                try pageEnded()
            }
        }
    }

    private func openPage() async throws(KubernetesError) -> KubernetesAnswer {
        var query = selection.query
        if pageSize > 0 { query.add("limit", "\(pageSize)") }
        if let continuation { query.add("continue", continuation) }
        let accept =
            selection.metadataOnly
            ? "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1" : "application/json"
        var request = Request(.get, try selection.path.text(), headers: ["accept": accept])
        request.query = query.encoded
        return try await client.openGood(request)
    }

    private func pageEnded() throws(KubernetesError) {
        let metadata = try splitter.finish()["metadata"]
        guard let version = metadata?["resourceVersion"]?.string else {
            throw .unreadable("a list without a resource version")
        }
        resourceVersion = version
        continuation = metadata?["continue"]?.string.flatMap { $0.isEmpty ? nil : $0 }
        hasEnded = continuation == nil
        splitter = ListSplitter(elementLimit: client.options.objectLimit)
    }
}

extension KubernetesClient {
    /// Reads a collection.
    ///
    /// - Parameter pageSize: Objects that the server gives at a time; 0: all at once, which is never too old to be continued.
    package func list(_ selection: ObjectSelection, pageSize: Int = 500) -> ObjectList {
        ObjectList(self, selection, pageSize: pageSize)
    }

    /// Opens a request whose answer has to be a success, with the pauses of `call` where the server asks for them.
    func openGood(_ request: Request, headDeadline: Duration? = nil) async throws(KubernetesError) -> KubernetesAnswer {
        var attempt = 1
        while true {
            let failure: KubernetesError
            do throws(KubernetesError) {
                let answer = try await open(request, headDeadline: headDeadline)
                if answer.head.status.isSuccess { return answer }
                var response = answer.head
                response.body = try await answer.collect(limit: 1 << 20)
                throw Self.failure(response)
            } catch {
                failure = error
            }
            guard attempt < options.attempts,
                let pause = RetryRule.pause(after: failure, request, attempt: attempt, random: .random(in: 0..<1))
            else { throw failure }
            attempt += 1
            do {
                try await Task.sleep(for: pause)
            } catch {
                throw .net(.cancelled)
            }
        }
    }
}
