import TestKit
import Testing
import Tunnel

private func add(_ queue: inout FactQueue<MemoryFactStore>, _ kind: String, key: String = "", _ body: String = "{}")
    throws
{
    try queue.add(kind: kind, key: key, at: "2026-01-01T00:00:00Z", body: Array(body.utf8))
}

private func drain(_ queue: inout FactQueue<MemoryFactStore>) throws -> [TunnelFact] {
    var facts: [TunnelFact] = []
    while let fact = try queue.next(at: "2026-01-01T00:00:09Z") { facts.append(fact) }
    return facts
}

@Suite struct FactQueueTests {
    @Test func `facts leave in order, and again on a new session, until they are stored`() throws {
        var queue = try FactQueue(MemoryFactStore())
        for kind in ["a", "b", "c"] { try add(&queue, kind) }
        #expect(try drain(&queue).map(\.number) == [1, 2, 3])
        #expect(try queue.next(at: "") == nil)
        try queue.stored(upTo: 1)
        try queue.sessionBegan(stored: 2)
        #expect(try drain(&queue).map(\.kind) == ["c"])
        #expect(queue.count == 1)
    }

    @Test func `a newer fact of an object replaces an older one that was not sent`() throws {
        var queue = try FactQueue(MemoryFactStore())
        try add(&queue, "status", key: "web", #"{"ready":1}"#)
        try add(&queue, "status", key: "db", #"{"ready":1}"#)
        try add(&queue, "status", key: "web", #"{"ready":2}"#)
        #expect(
            try drain(&queue).map { String(decoding: $0.body, as: UTF8.self) } == [#"{"ready":1}"#, #"{"ready":2}"#])
        try add(&queue, "status", key: "web", #"{"ready":3}"#)
        #expect(queue.count == 3, "what was sent stays until the server has it")
        #expect(try drain(&queue).map(\.number) == [4])
    }

    @Test func `a full queue gives up its oldest facts and says how many`() throws {
        var queue = try FactQueue(MemoryFactStore(), countLimit: 10)
        for number in 0..<25 { try add(&queue, "k\(number)") }
        #expect(queue.count == 10)
        let facts = try drain(&queue)
        #expect(facts.count == 10)
        #expect(facts.first?.kind == "k16")
        #expect(facts.last?.kind == "facts.dropped")
        #expect(facts.last.map { String(decoding: $0.body, as: UTF8.self) } == #"{"count":16}"#)
        #expect(facts.map(\.number) == facts.map(\.number).sorted())
    }

    @Test func `bytes are bounded, too, and a body that is too long is refused`() throws {
        var queue = try FactQueue(MemoryFactStore(), byteLimit: 100_000)
        let body = "{\"x\":\"" + String(repeating: "y", count: 20_000) + "\"}"
        for number in 0..<20 { try add(&queue, "k\(number)", body) }
        #expect(queue.count == 4)
        #expect(throws: TunnelError.messageTooLong(message: "EVENT")) { try add(&queue, "k", body + body) }
    }

    @Test func `a restart goes on with the numbers of the store`() throws {
        var store = MemoryFactStore()
        store.save(StoredFact(TunnelFact(number: 41, kind: "a", at: "t", body: Array("{}".utf8)), key: "x"))
        var queue = try FactQueue(store)
        try add(&queue, "a", key: "x")
        #expect(try drain(&queue).map(\.number) == [42])
    }

    @Test func `thousands of changes of one object keep one fact and little else`() throws {
        var queue = try FactQueue(MemoryFactStore())
        try add(&queue, "first")
        for number in 0..<3000 { try add(&queue, "status", key: "web", "{\"n\":\(number)}") }
        #expect(queue.count == 2)
        #expect(try drain(&queue).map(\.number) == [1, 3001])
    }
}
