import Testing
import WebSocket

@Suite struct ListenerQueueTests {
    @Test func `what fits comes out in order`() {
        var queue = ListenerQueue(maximumEvents: 3, maximumBytes: 100)
        for value in UInt8(1)...3 { #expect(queue.append([value]) == 0) }
        #expect(queue.count == 3 && queue.byteCount == 3)
        #expect(queue.takeFirst() == [1])
        #expect(queue.takeFirst() == [2])
        #expect(queue.append([4]) == 0)
        #expect(queue.takeFirst() == [3])
        #expect(queue.takeFirst() == [4])
        #expect(queue.takeFirst() == nil)
        #expect(queue.isEmpty && queue.dropped == 0)
    }

    @Test func `too many events cost the oldest`() {
        var queue = ListenerQueue(maximumEvents: 3, maximumBytes: 100)
        for value in UInt8(1)...10 { _ = queue.append([value]) }
        #expect(queue.dropped == 7)
        #expect([queue.takeFirst(), queue.takeFirst(), queue.takeFirst()] == [[8], [9], [10]])
    }

    @Test func `too many bytes cost as many of the oldest as it takes`() {
        var queue = ListenerQueue(maximumEvents: 100, maximumBytes: 10)
        for size in [4, 4, 2] { _ = queue.append([UInt8](repeating: UInt8(size), count: size)) }
        #expect(queue.append([UInt8](repeating: 9, count: 7)) == 2)
        #expect(queue.byteCount == 9 && queue.count == 2)
        #expect(queue.append([UInt8](repeating: 1, count: 11)) == 3)  // does not fit even alone
        #expect(queue.isEmpty && queue.byteCount == 0)
    }

    @Test func `a queue that lives long neither grows nor loses anything`() {
        var queue = ListenerQueue(maximumEvents: 200, maximumBytes: 1 << 20)
        var next = 0
        var taken = 0
        for round in 0..<5000 {
            for _ in 0..<round % 3 {
                _ = queue.append(Array("\(next)".utf8))
                next += 1
            }
            if round % 2 == 0, let text = queue.takeFirst() {
                #expect(text == Array("\(taken + queue.dropped)".utf8) || queue.dropped > 0)
                taken += 1
            }
        }
        #expect(taken + queue.count + queue.dropped == next)
    }
}
