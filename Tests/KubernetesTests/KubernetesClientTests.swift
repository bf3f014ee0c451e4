import Faults
import HTTP
import JSON
import Kubernetes
import Net
import Synchronization
import System
import TLS
import TestKit
import Testing

@Suite struct KubernetesClientTests {
    @Test func `objects are made, read, replaced, patched and deleted, and stale versions are refused`() async throws {
        let rig = try await KubeRig()
        let made = try await rig.client.create(KubeRig.configMap("a"), in: KubeRig.configMaps)
        let meta = try #require(ObjectMeta(of: made))
        #expect(meta.name == "a" && meta.namespace == "default" && !meta.uid.isEmpty)
        #expect(try await rig.client.get(KubeRig.path("a")) == made)
        #expect(try await rig.client.find(KubeRig.path("b")) == nil)
        let patched = try await rig.client.patch(KubeRig.path("a"), .merge, ["data": ["more": "x"]])
        #expect(patched["data"] == ["key": "value", "more": "x"])
        do throws(KubernetesError) {
            _ = try await rig.client.update(made, at: KubeRig.path("a"))
            Issue.record("a stale version was taken")
        } catch {
            guard case .refused(let status) = error else { throw error }
            #expect(status.isStale && status.blame == .caller && status.retry == .never)
        }
        do throws(KubernetesError) {
            _ = try await rig.client.create(KubeRig.configMap("a"), in: KubeRig.configMaps)
            Issue.record("it was made twice")
        } catch {
            guard case .refused(let status) = error else { throw error }
            #expect(status.isAlreadyThere)
        }
        await #expect(throws: KubernetesError.self) {
            try await rig.client.delete(KubeRig.path("a"), uid: "another")
        }
        try await rig.client.delete(KubeRig.path("a"), uid: meta.uid)
        #expect(try await rig.client.find(KubeRig.path("a")) == nil)
    }

    @Test func `a refusal says which fields are wrong, and why`() async throws {
        let rig = try await KubeRig()
        do throws(KubernetesError) {
            let bad: JSONValue = ["metadata": ["name": "a"], "data": ["key": 7]]
            _ = try await rig.client.create(bad, in: KubeRig.configMaps)
            Issue.record("it was taken")
        } catch {
            guard case .refused(let status) = error else { throw error }
            #expect(status.code == 422 && status.reason == "Invalid" && status.blame == .caller)
            #expect(
                status.causes == [
                    KubernetesStatus.Cause(
                        reason: "FieldValueInvalid", message: "Invalid value: must be a map of strings", field: "data")
                ])
        }
    }

    @Test func `apply makes, changes and takes fields away, and meets others' fields with a conflict`() async throws {
        let rig = try await KubeRig()
        let path = KubeRig.path("a")
        func apply(_ data: [String: String], _ manager: String, force: Bool = false) async throws(KubernetesError)
            -> JSONValue
        {
            var how = ApplyOptions(manager: manager)
            how.force = force
            return try await rig.client.apply(KubeRig.configMap("a", data), at: path, how)
        }
        _ = try await apply(["x": "1", "y": "1"], "one")
        #expect(try await apply(["z": "2"], "two")["data"] == ["x": "1", "y": "1", "z": "2"])
        #expect(try await apply(["x": "3"], "one")["data"] == ["x": "3", "z": "2"])
        do throws(KubernetesError) {
            _ = try await apply(["x": "4", "z": "2"], "two")
            Issue.record("there was no conflict")
        } catch {
            guard case .applyConflict(let conflict) = error else { throw error }
            #expect(conflict.fields.map(\.path) == [".data.x"] && conflict.fields[0].owner.contains("\"one\""))
            #expect(error.blame == .caller && error.retry == .never)
        }
        #expect(try await apply(["x": "4", "z": "2"], "two", force: true)["data"] == ["x": "4", "z": "2"])
        await #expect(throws: KubernetesError.badRequest(field: "manager", rule: "has 1 to 128 characters")) {
            _ = try await rig.client.apply(KubeRig.configMap("a"), at: path, ApplyOptions(manager: ""))
        }
    }

    @Test func `names that would mean something else in a path never leave`() async throws {
        let rig = try await KubeRig()
        for name in ["", ".", "..", "a/b", "a%2fb", "a b", String(repeating: "x", count: 254)] {
            await #expect(throws: KubernetesError.self) { _ = try await rig.client.get(KubeRig.path(name)) }
        }
        #expect(
            try ResourcePath(.deployments, namespace: "n", name: "a;b?c#d", subresource: "status").text()
                == "/apis/apps/v1/namespaces/n/deployments/a%3Bb%3Fc%23d/status")
        #expect(try await rig.requests("configmaps").isEmpty)
    }

    @Test func `ten thousand objects pass by one at a time, and make the server wait while nobody asks`() async throws {
        let rig = try await KubeRig()
        try await rig.control("objects", ["count": 10_000, "namespace": "default", "size": 1000])
        for pageSize in [500, 0] {
            let list = rig.client.list(ObjectSelection(.configMaps, namespace: "default"), pageSize: pageSize)
            var count = 0
            while let object = try await list.next() {
                let name = ObjectMeta(of: object)?.name ?? ""
                #expect(name.hasSuffix("\(count)"), "\(name) is not number \(count)")
                count += 1
            }
            #expect(count == 10_000 && !list.resourceVersion.isEmpty)
        }
        let pages = try await rig.requests("configmaps")
        #expect(pages.count == 21)
        // The whole text is over ten megabytes; whoever takes one piece leaves the rest with the server.
        let answer = try await rig.client.open(Request(.get, "/api/v1/configmaps"))
        _ = try await answer.next()
        #expect(try await rig.requests("configmaps").last?["ended"] == JSONValue.null)
        answer.cancel()
        try await eventually("the server to hear of it") {
            try await rig.requests("configmaps").last?["ended"] == "gone"
        }
    }

    @Test func `a list whose rest has gone says so, an inventory has metadata only`() async throws {
        let rig = try await KubeRig()
        try await rig.control("objects", ["count": 20, "namespace": "default"])
        let list = rig.client.list(ObjectSelection(.configMaps), pageSize: 5)
        for _ in 0..<5 { _ = try await list.next() }
        try await rig.control("compact", [:])
        do throws(KubernetesError) {
            while try await list.next() != nil {}
            Issue.record("it went on")
        } catch {
            guard case .refused(let status) = error else { throw error }
            #expect(status.isExpired && status.freshContinue != nil)
        }
        var selection = ObjectSelection(.configMaps, labels: "a!=b")
        selection.metadataOnly = true
        let object = try #require(try await rig.client.list(selection).next())
        #expect(object["metadata"]?["name"] != nil && object["data"] == nil)
    }

    @Test func `a token is read again when it was refused, once`() async throws {
        let rig = try await KubeRig()
        try File.writeAtomically(rig.folder.file("token"), Array("t-2\n".utf8))
        try await rig.control("tokens", ["valid": ["t-2"]])
        // The known token was read a moment ago: it is tried, refused, and then the file is looked at. That is done once a second at most.
        try await eventually("the new token to be taken") {
            do throws(KubernetesError) {
                _ = try await rig.client.get(ResourcePath(.namespaces, name: "default"))
                return true
            } catch {
                guard case .refused(let status) = error, status.code == 401 else { throw error }
                return false
            }
        }
        try await rig.control("tokens", ["valid": []])
        let before = try await rig.requests("namespaces").count
        do throws(KubernetesError) {
            _ = try await rig.client.get(ResourcePath(.namespaces, name: "default"))
            Issue.record("a refused token was taken")
        } catch {
            guard case .refused(let status) = error else { throw error }
            #expect(status.code == 401 && status.blame == .us && !error.description.contains("t-2"))
        }
        #expect(try await rig.requests("namespaces").count == before + 2)
    }

    @Test func `what was put off is asked again when the server says, whatever it is`() async throws {
        let rig = try await KubeRig()
        try await rig.control("fault", ["path": "configmaps", "status": 429, "retryAfter": 1, "times": 2])
        let began = MonotonicTime.now()
        _ = try await rig.client.create(KubeRig.configMap("a"), in: KubeRig.configMaps)
        #expect(MonotonicTime.now() - began >= .seconds(2))
        #expect(try await rig.requests("configmaps").count == 3)
        // A pause that nobody here waits for is the caller's to know.
        try await rig.control("fault", ["path": "configmaps", "status": 429, "retryAfter": 500])
        do throws(KubernetesError) {
            _ = try await rig.client.get(KubeRig.path("a"))
            Issue.record("it was answered")
        } catch {
            guard case .refused(let status) = error else { throw error }
            #expect(status.retryAfter == .seconds(500) && status.retry == .afterBackoff && status.blame == .upstream)
        }
    }

    @Test func `only what may be done twice is sent again after trouble`() async throws {
        let rig = try await KubeRig()
        _ = try await rig.client.create(KubeRig.configMap("a"), in: KubeRig.configMaps)
        let repeated: [(String, @Sendable () async throws -> Void)] = [
            ("GET", { _ = try await rig.client.get(KubeRig.path("a")) }),
            (
                "PATCH",
                {
                    _ = try await rig.client.apply(
                        KubeRig.configMap("b", ["x": "y"]), at: KubeRig.path("b"), ApplyOptions(manager: "m"))
                }
            ),
        ]
        for (method, call) in repeated {
            for fault in [["status": 503, "retryAfter": 0], ["cut": 20]] as [JSONValue] {
                var wish = fault.object ?? [:]
                wish["path"] = "configmaps"
                wish["method"] = .string(method)
                try await rig.control("fault", .object(wish))
                try await call()
            }
        }
        let once: [(String, @Sendable () async throws -> Void)] = [
            ("POST", { _ = try await rig.client.create(KubeRig.configMap("c"), in: KubeRig.configMaps) }),
            ("PATCH", { _ = try await rig.client.patch(KubeRig.path("a"), .merge, ["data": ["x": "z"]]) }),
            ("DELETE", { try await rig.client.delete(KubeRig.path("a")) }),
        ]
        for (method, call) in once {
            for fault in [["status": 503, "retryAfter": 0], ["status": 500], ["cut": 20]] as [JSONValue] {
                var wish = fault.object ?? [:]
                wish["path"] = "configmaps"
                wish["method"] = .string(method)
                try await rig.control("fault", .object(wish))
                let before = try await rig.requests("configmaps").count
                await #expect(throws: KubernetesError.self, "\(method) \(fault.text())") { try await call() }
                #expect(try await rig.requests("configmaps").count == before + 1)
                try await rig.control("fault", ["clear": true])
            }
        }
    }

    @Test func `a call that its task gives up is reset at the server, and so is one that takes too long`() async throws
    {
        var options = KubernetesClientOptions()
        options.attempts = 1
        let rig = try await KubeRig(options: options)
        try await rig.control("fault", ["path": "nodes", "hang": true, "times": 2])
        let task = Task { try await rig.client.get(ResourcePath(ResourceType("nodes"), name: "fake-node")) }
        try await eventually("the request") { try await rig.requests("nodes").count == 1 }
        let began = MonotonicTime.now()
        task.cancel()
        await #expect(throws: KubernetesError.net(.cancelled)) { _ = try await task.value }
        try await eventually("the server to hear of it") { try await rig.requests("nodes")[0]["ended"] == "gone" }
        #expect(MonotonicTime.now() - began < .seconds(30))

        options.deadline = .milliseconds(200)
        let hasty = KubernetesClient(rig.access, on: rig.loop, options: options)
        await #expect(throws: KubernetesError.net(.deadlineExceeded("an answer from 127.0.0.1:\(rig.port)"))) {
            _ = try await hasty.get(ResourcePath(ResourceType("nodes"), name: "fake-node"))
        }
        try await eventually("the server to hear of it") { try await rig.requests("nodes")[1]["ended"] == "gone" }
        hasty.shutDown()
    }

    @Test func `a slow and a broken answer are told apart from a whole one`() async throws {
        var options = KubernetesClientOptions()
        options.attempts = 1
        options.bodyLimit = 100_000
        let rig = try await KubeRig(options: options)
        try await rig.control("objects", ["count": 200, "namespace": "default", "size": 1000])
        await #expect(throws: KubernetesError.tooLarge(what: "an answer", limit: 100_000)) {
            _ = try await rig.client.call(Request(.get, "/api/v1/configmaps"))
        }
        try await rig.control("fault", ["path": "configmaps", "cut": 50_000])
        let list = rig.client.list(ObjectSelection(.configMaps))
        await #expect(throws: KubernetesError.self) { while try await list.next() != nil {} }
        try await rig.control("fault", ["path": "nodes", "rate": 2000])
        _ = try await rig.client.get(ResourcePath(ResourceType("nodes"), name: "fake-node"))
    }

    @Test func `more streams than a connection takes get another connection`() async throws {
        let rig = try await KubeRig()
        let watches = (0..<150).map { _ in rig.client.watch(ObjectSelection(.configMaps), from: "1000000") }
        let tasks = watches.map { watch in Task { try await watch.next() } }
        try await eventually("all of them to be open") { try await rig.control("now")["open"]?.int64 == 150 }
        for task in tasks { task.cancel() }
        try await eventually("all of them to be closed") { try await rig.control("now")["open"]?.int64 == 0 }
    }

    @Test func `the body of a request may come piece by piece`() async throws {
        let rig = try await KubeRig()
        let request = Request(
            .post, "/api/v1/namespaces/default/configmaps", headers: ["content-type": "application/json"])
        let exchange = try await rig.client.begin(request)
        let body = KubeRig.configMap("big", ["x": String(repeating: "x", count: 600_000)]).bytes()
        for start in stride(from: 0, to: body.count, by: 65_536) {
            try await exchange.send(Array(body[start..<min(start + 65_536, body.count)]))
        }
        exchange.finishRequest()
        #expect(try await exchange.head().status == .created)
        var count = 0
        while let piece = try await exchange.next() { count += piece.count }
        #expect(count > 600_000)
    }
}
