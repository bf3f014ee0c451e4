import JSON
import Kubernetes
import Synchronization
import System
import TestKit
import Testing

@Suite struct WatchTests {
    private let selection = ObjectSelection(.configMaps, namespace: "default")

    @Test func `a watch lists, marks the end of the list, and tells what happens then`() async throws {
        let rig = try await KubeRig()
        _ = try await rig.client.create(KubeRig.configMap("a"), in: KubeRig.configMaps)
        let watch = rig.client.watch(selection)
        #expect(try await watch.next() == .relist)
        guard case .added(let a) = try await watch.next(), case .synced(let version) = try await watch.next() else {
            Issue.record("no list")
            return
        }
        #expect(ObjectMeta(of: a)?.name == "a" && !version.isEmpty)
        _ = try await rig.client.create(KubeRig.configMap("b"), in: KubeRig.configMaps)
        _ = try await rig.client.patch(KubeRig.path("b"), .merge, ["data": ["x": "y"]])
        try await rig.client.delete(KubeRig.path("b"))
        var told: [String] = []
        while told.count < 3 {
            switch try await watch.next() {
            case .added(let object): told.append("added \(ObjectMeta(of: object)?.name ?? "")")
            case .modified(let object): told.append("modified \(ObjectMeta(of: object)?.name ?? "")")
            case .deleted(let object): told.append("deleted \(ObjectMeta(of: object)?.name ?? "")")
            case .bookmark: break
            case .relist, .synced: Issue.record("it listed again")
            }
        }
        #expect(told == ["added b", "modified b", "deleted b"])
    }

    @Test func `after a cut it goes on from the last version or bookmark, without a list`() async throws {
        let rig = try await KubeRig()
        let watch = rig.client.watch(selection)
        #expect(try await watch.next() == .relist)
        guard case .synced = try await watch.next() else {
            Issue.record("no list")
            return
        }
        // Other objects move the version on; a bookmark tells of it.
        try await rig.control("objects", ["count": 5, "namespace": "kube-system"])
        let now = try #require(try await rig.control("now")["resourceVersion"]?.string)
        var bookmark = ""
        while bookmark != now {
            guard case .bookmark(let version) = try await watch.next() else { continue }
            bookmark = version
        }
        try await rig.control("compact", [:])
        try await rig.control("cut", ["path": "configmaps"])
        _ = try await rig.client.create(KubeRig.configMap("late"), in: KubeRig.configMaps)
        while true {
            switch try await watch.next() {
            case .bookmark: continue
            case .added(let object):
                #expect(ObjectMeta(of: object)?.name == "late")
                return
            case .relist, .modified, .deleted, .synced:
                Issue.record("it did not go on where it was")
                return
            }
        }
    }

    @Test func `what is no trouble of the moment is told: no such type, no permission`() async throws {
        let rig = try await KubeRig()
        let unknown = rig.client.watch(ObjectSelection(ResourceType("unknowns")))
        #expect(try await unknown.next() == .relist)
        do throws(KubernetesError) {
            _ = try await unknown.next()
            Issue.record("it was told something")
        } catch {
            guard case .refused(let status) = error else { throw error }
            #expect(status.isNotFound)
        }
        try await rig.control("fault", ["path": "configmaps", "status": 403])
        let forbidden = rig.client.watch(selection, from: "1000")
        await #expect(throws: KubernetesError.self) { _ = try await forbidden.next() }
    }

    /// A writer changes objects at random while the watch is cut, history is forgotten and lists fail; in the end the cache that the
    /// watch's events made is the server's state.
    @Test func `through cuts, 410 and failures the cache comes to equal the server`() async throws {
        let rig = try await KubeRig()
        try await rig.control("objects", ["count": 30, "namespace": "default", "size": 10])
        let cache = Mutex(ObjectCache())
        let lists = Mutex(0)
        let watch = rig.client.watch(selection, pageSize: 7)
        let follower = Task {
            while true {
                let event = try await watch.next()
                if event == .relist { lists.withLock { $0 += 1 } }
                cache.withLock { _ = $0.apply(event) }
            }
        }
        var random = SeededGenerator(seed: 42)
        for round in 0..<60 {
            let name = "o\(Int.random(in: 0..<12, using: &random))"
            if try await rig.client.find(KubeRig.path(name)) == nil {
                _ = try await rig.client.create(KubeRig.configMap(name, ["round": "\(round)"]), in: KubeRig.configMaps)
            } else if Bool.random(using: &random) {
                _ = try await rig.client.patch(KubeRig.path(name), .merge, ["data": ["round": .string("\(round)")]])
            } else {
                try await rig.client.delete(KubeRig.path(name))
            }
            if round % 20 == 7 { try await rig.control("cut", ["path": "configmaps$"]) }
            if round % 20 == 13 {
                try await rig.control("compact", [:])
                try await rig.control("cut", ["path": "configmaps$"])
            }
            if round == 33 { try await rig.control("fault", ["path": "configmaps$", "method": "GET", "cut": 900]) }
            if round == 34 {
                try await rig.control("compact", [:])
                try await rig.control("cut", ["path": "configmaps$"])
            }
        }
        try await rig.control("fault", ["clear": true])
        var server: [ObjectCache.Key: String] = [:]
        let list = rig.client.list(selection)
        while let object = try await list.next() {
            guard let meta = ObjectMeta(of: object) else { continue }
            server[ObjectCache.Key(namespace: meta.namespace, name: meta.name)] = meta.resourceVersion
        }
        try await eventually("the cache to equal the server") {
            cache.withLock { $0.objects.mapValues { ObjectMeta(of: $0)?.resourceVersion ?? "" } } == server
        }
        #expect(lists.withLock { $0 } >= 2)
        follower.cancel()
        _ = await follower.result
        try await eventually("nothing to be under way") { try await rig.control("now")["open"]?.int64 == 0 }
    }
}
