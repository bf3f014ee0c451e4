import JSON
import Kubernetes
import TestKit
import Testing

private func object(_ name: String, _ version: Int, namespace: String = "n") -> JSONValue {
    [
        "metadata": [
            "name": .string(name), "namespace": .string(namespace), "resourceVersion": .string("\(version)"),
        ]
    ]
}

/// The value as an object, so that it can be told inside of `#expect`.
private final class Holder {
    private var cache = ObjectCache()

    var objects: [ObjectCache.Key: JSONValue] { cache.objects }
    var version: String? { cache.version }
    var isComplete: Bool { cache.isComplete }
    func apply(_ event: WatchEvent) -> [ObjectCache.Change] { cache.apply(event) }
}

@Suite struct ObjectCacheTests {
    @Test func `a list replaces what was there, and says only what is different`() {
        let cache = Holder()
        _ = cache.apply(.relist)
        #expect(!cache.isComplete)
        let (a, b) = (ObjectCache.Key(namespace: "n", name: "a"), ObjectCache.Key(namespace: "n", name: "b"))
        #expect(cache.apply(.added(object("a", 1))) == [.added(a)])
        #expect(cache.apply(.added(object("b", 2))) == [.added(b)])
        #expect(cache.apply(.synced(version: "5")) == [])
        #expect(cache.isComplete && cache.version == "5")
        #expect(cache.apply(.bookmark(version: "6")) == [] && cache.version == "6")
        _ = cache.apply(.relist)
        #expect(cache.objects.count == 2, "a reader sees the old objects while the new ones come")
        #expect(cache.apply(.added(object("a", 1))) == [])
        #expect(cache.apply(.synced(version: "9")) == [.removed(b, before: object("b", 2))])
        #expect(cache.apply(.modified(object("a", 10))) == [.updated(a, before: object("a", 1))])
        #expect(cache.apply(.deleted(object("a", 11))) == [.removed(a, before: object("a", 10))])
        #expect(cache.objects.isEmpty && cache.version == "11")
    }

    /// A cluster that changes at random, and a watch of it that is cut at random and begins again from where it was, or with a list.
    @Test(arguments: 0..<50) func `whatever is cut, the cache equals the server and its changes add up`(_ seed: UInt64)
    {
        var random = SeededGenerator(seed: seed &+ 1)
        var server: [ObjectCache.Key: JSONValue] = [:]
        var history: [(version: Int, event: WatchEvent)] = []
        var version = 100
        let cache = Holder()
        var copy: [ObjectCache.Key: JSONValue] = [:]  // made of the changes alone
        var seen: Int?

        func take(_ event: WatchEvent) {
            for change in cache.apply(event) {
                switch change {
                case .added(let key):
                    #expect(copy[key] == nil)
                    copy[key] = cache.objects[key]
                case .updated(let key, let before):
                    #expect(copy[key] == before)
                    copy[key] = cache.objects[key]
                case .removed(let key, let before):
                    #expect(copy.removeValue(forKey: key) == before)
                }
            }
        }
        func change() {
            version += 1
            let key = ObjectCache.Key(
                namespace: "n\(Int.random(in: 0..<3, using: &random))",
                name: "o\(Int.random(in: 0..<9, using: &random))")
            let new = object(key.name, version, namespace: key.namespace)
            if server[key] != nil, Int.random(in: 0..<3, using: &random) == 0 {
                server[key] = nil
                history.append((version, .deleted(new)))
            } else {
                history.append((version, server[key] == nil ? .added(new) : .modified(new)))
                server[key] = new
            }
        }
        for _ in 0..<40 {
            for _ in 0..<Int.random(in: 0..<8, using: &random) { change() }
            if let from = seen, Int.random(in: 0..<3, using: &random) > 0 {
                for (version, event) in history where version > from {
                    if Int.random(in: 0..<12, using: &random) == 0 { break }
                    take(event)
                    seen = version
                }
                if Bool.random(using: &random), let seen { take(.bookmark(version: "\(seen)")) }
            } else {
                take(.relist)
                let listed = version
                let everything = server.sorted { $0.key < $1.key }
                // The server goes on while the list is read, and perhaps the list breaks off.
                let isCut = Int.random(in: 0..<4, using: &random) == 0
                for (index, entry) in everything.enumerated() where !isCut || index * 2 < everything.count {
                    take(.added(entry.value))
                }
                if isCut {
                    seen = nil
                } else {
                    take(.synced(version: "\(listed)"))
                    seen = listed
                }
            }
        }
        take(.relist)
        for (_, value) in server { take(.added(value)) }
        take(.synced(version: "\(version)"))
        #expect(cache.objects == server && copy == server)
    }
}
