import EventLoop
import Glibc
import Synchronization
import System
import TestKit
import Testing
import Time

/// Collects values from any thread.
final class Collected<Value: Sendable>: Sendable {
    private let values = Mutex<[Value]>([])
    func add(_ value: Value) { values.withLock { $0.append(value) } }
    var all: [Value] { values.withLock { $0 } }
}

/// Runs `body` on the loop and waits for its result.
func onLoop<Result: Sendable>(_ loop: EventLoop, _ body: @escaping @Sendable () -> Result) async -> Result {
    await withCheckedContinuation { continuation in
        loop.post { continuation.resume(returning: body()) }
    }
}

@Suite struct EventLoopPostingTests {
    @Test func `work posted by one thread runs in order, on the loop`() async throws {
        let loop = try EventLoop(name: "test")
        let seen = Collected<Int>()
        for number in 0..<1000 {
            loop.post {
                loop.assertOnLoop()
                seen.add(number)
            }
        }
        await onLoop(loop) {}
        #expect(seen.all == Array(0..<1000))
        #expect(!loop.isOnLoop)
        loop.stop()
        loop.join()
    }

    @Test func `posts from many threads all arrive, each thread's in order`() async throws {
        let loop = try EventLoop(name: "test")
        let seen = Collected<(thread: Int, number: Int)>()
        let threads = try (0..<8).map { thread in
            try SystemThread.start("poster") {
                for number in 0..<500 { loop.post { seen.add((thread, number)) } }
            }
        }
        for thread in threads { thread.join() }
        await onLoop(loop) {}
        #expect(seen.all.count == 4000)
        for thread in 0..<8 {
            #expect(seen.all.filter { $0.thread == thread }.map(\.number) == Array(0..<500))
        }
        loop.stop()
        loop.join()
    }

    @Test func `work posted before the stop still runs, later work is dropped`() throws {
        let loop = try EventLoop(name: "test")
        let seen = Collected<Int>()
        loop.post { seen.add(1) }
        loop.stop()
        loop.join()
        loop.post { seen.add(2) }
        #expect(seen.all == [1])
    }

    @Test func `a stopped loop lets go of everything`() throws {
        weak var weakLoop: EventLoop?
        do {
            let loop = try EventLoop(name: "test")
            weakLoop = loop
            loop.post { loop.schedule(after: .hours(1)) { loop.assertOnLoop() } }
            loop.stop()
            loop.join()
        }
        #expect(weakLoop == nil)
    }
}

@Suite struct EventLoopTimerTests {
    @Test func `timers fire in the order of their deadlines, equal ones in the order of scheduling`() async throws {
        let loop = try EventLoop(name: "test")
        let seen = Collected<Int>()
        let delays = [30, 10, 20, 0, 40, 5, 15]
        await withCheckedContinuation { continuation in
            loop.post {
                for delay in delays { loop.schedule(after: .milliseconds(delay)) { seen.add(delay) } }
                loop.schedule(after: .milliseconds(60)) { continuation.resume() }
            }
        }
        #expect(seen.all == delays.sorted())
        loop.stop()
        loop.join()
    }

    @Test func `a cancelled timer never fires, and its id stays harmless`() async throws {
        let loop = try EventLoop(name: "test")
        let seen = Collected<String>()
        await withCheckedContinuation { continuation in
            loop.post {
                let first = loop.schedule(after: .milliseconds(1)) { seen.add("first") }
                loop.cancel(first)
                loop.schedule(after: .milliseconds(1)) { seen.add("second") }
                loop.cancel(first)  // its place may belong to the second timer now
                loop.schedule(after: .milliseconds(20)) { continuation.resume() }
            }
        }
        #expect(seen.all == ["second"])
        loop.stop()
        loop.join()
    }

    @Test func `a thousand timers in random order, a third of them cancelled`() async throws {
        let loop = try EventLoop(name: "test")
        let seen = Collected<Int>()
        let expected = await withCheckedContinuation { (continuation: CheckedContinuation<[Int], Never>) in
            loop.post {
                var ids: [TimerID] = []
                let order = (0..<1000).shuffled()
                for number in order {
                    ids.append(loop.schedule(after: .microseconds(number * 20)) { seen.add(number) })
                }
                let dropped = Set((0..<1000).filter { $0 % 3 == 0 })
                for index in dropped { loop.cancel(ids[index]) }
                let kept = (0..<1000).filter { !dropped.contains($0) }.map { order[$0] }
                loop.schedule(after: .milliseconds(60)) { continuation.resume(returning: kept) }
            }
        }
        #expect(Set(seen.all) == Set(expected))
        #expect(seen.all.count == expected.count)
        loop.stop()
        loop.join()
    }
}

private final class PipeReader: ReadyHandler {
    let loop: EventLoop
    let raw: Int32
    let seen: Collected<UInt8>
    let ended: () -> Void

    init(_ loop: EventLoop, _ raw: Int32, _ seen: Collected<UInt8>, ended: @escaping () -> Void) {
        (self.loop, self.raw, self.seen, self.ended) = (loop, raw, seen, ended)
    }

    func ready(_ events: ReadyEvents) {
        var buffer = [UInt8](repeating: 0, count: 16)
        switch buffer.withUnsafeMutableBytes({ FileDescriptor.read(raw: raw, into: $0) }) {
        case .done(0), .failed:
            loop.unregister(raw)
            FileDescriptor.close(raw: raw)
            ended()
        case .done(let count):
            for byte in buffer[..<count] { seen.add(byte) }
        case .wouldBlock: break
        }
    }
}

private final class Hook: TickHook {
    let name: String
    let seen: Collected<String>
    init(_ name: String, _ seen: Collected<String>) { (self.name, self.seen) = (name, seen) }
    func tickEnded() { seen.add(name) }
}

private final class Looker: TickHook, @unchecked Sendable {  // called on the loop only
    let loop: EventLoop
    let seen: Collected<String>
    let then: () -> Void
    init(_ loop: EventLoop, _ seen: Collected<String>, then: @escaping () -> Void) {
        (self.loop, self.seen, self.then) = (loop, seen, then)
    }
    func tickEnded() {
        seen.add(loop.isIdle ? "idle" : "busy")
        guard loop.isIdle else { return loop.lookAgain(afterNanoseconds: 0) }
        loop.removeTickHook(self)
        then()
    }
}

@Suite struct EventLoopDescriptorTests {
    @Test func `a handler reads what arrives and learns of the end`() async throws {
        let loop = try EventLoop(name: "test")
        let (reader, writer) = try FileDescriptor.pipe().take()
        let seen = Collected<UInt8>()
        await withCheckedContinuation { continuation in
            loop.post {
                let handler = PipeReader(loop, reader, seen) { continuation.resume() }
                do { try loop.register(reader, .read, handler) } catch { Issue.record(error) }
            }
            do { try FileDescriptor.writeAll(raw: writer, Array("hello".utf8)) } catch { Issue.record(error) }
            FileDescriptor.close(raw: writer)
        }
        #expect(seen.all == Array("hello".utf8))
        loop.stop()
        loop.join()
    }

    @Test func `a plain file cannot be watched, and says so`() async throws {
        let loop = try EventLoop(name: "test")
        let folder = try TemporaryFolder()
        let path = try folder.write("plain", text: "x")
        let raw = open(path, O_RDONLY | O_CLOEXEC)
        let refused = await onLoop(loop) { () -> Bool in
            do {
                try loop.register(raw, .read, PipeReader(loop, raw, Collected()) {})
                return false
            } catch {
                return true
            }
        }
        FileDescriptor.close(raw: raw)
        #expect(refused)
        loop.stop()
        loop.join()
    }

    @Test func `a hook that looks again is told when nothing is ready`() async throws {
        let loop = try EventLoop(name: "test")
        let (reader, writer) = try FileDescriptor.pipe().take()
        let seen = Collected<String>()
        await withCheckedContinuation { continuation in
            loop.post {
                let handler = PipeReader(loop, reader, Collected()) {
                    // In a round that something was ready in.
                    loop.addTickHook(Looker(loop, seen) { continuation.resume() })
                }
                do { try loop.register(reader, .read, handler) } catch { Issue.record(error) }
            }
            FileDescriptor.close(raw: writer)
        }
        loop.stop()
        loop.join()
        #expect(seen.all == ["busy", "idle"])
    }

    @Test func `output hooks run after work hooks, once a round`() async throws {
        let loop = try EventLoop(name: "test")
        let seen = Collected<String>()
        await onLoop(loop) {
            loop.addTickHook(Hook("output", seen), .output)
            loop.addTickHook(Hook("work 1", seen))
            loop.addTickHook(Hook("work 2", seen))
        }
        await onLoop(loop) {}
        loop.stop()
        loop.join()
        #expect(Array(seen.all.prefix(3)) == ["work 1", "work 2", "output"])
        #expect(seen.all.count % 3 == 0)
    }
}

private actor Counter {
    private let loop: EventLoop
    private var count = 0
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }
    init(on loop: EventLoop) { self.loop = loop }
    func add() -> Bool {
        count += 1
        return loop.isOnLoop
    }
    func value() -> Int { count }
    nonisolated func addAssumingIsolation() { assumeIsolated { $0.count += 1 } }
}

@Suite struct EventLoopExecutorTests {
    @Test func `an actor on the loop runs there, also from handlers`() async throws {
        let loop = try EventLoop(name: "test")
        let counter = Counter(on: loop)
        for _ in 0..<100 { #expect(await counter.add()) }
        await onLoop(loop) { counter.addAssumingIsolation() }
        #expect(await counter.value() == 101)
        loop.stop()
        loop.join()
    }

    @Test func `a task that prefers the loop stays on it`() async throws {
        let loop = try EventLoop(name: "test")
        let stayed = await Task(executorPreference: loop) {
            let before = loop.isOnLoop
            await Task.yield()
            return before && loop.isOnLoop
        }.value
        #expect(stayed)
        loop.stop()
        loop.join()
    }

    @Test func `touching an actor off its loop traps`() async {
        await #expect(processExitsWith: .failure) {
            let loop = try EventLoop(name: "test")
            Counter(on: loop).addAssumingIsolation()
        }
    }
}

@Suite struct BlockingThreadTests {
    @Test func `work runs one after the other and results come back to the loop`() async throws {
        let loop = try EventLoop(name: "test")
        let thread = try BlockingThread(name: "disk")
        let seen = Collected<Int>()
        for number in 0..<100 { thread.run { seen.add(number) } }
        let onLoop = await withCheckedContinuation { continuation in
            thread.run(returningTo: loop, { seen.all.count }) { count in
                continuation.resume(returning: count == 100 && loop.isOnLoop)
            }
        }
        #expect(onLoop)
        #expect(seen.all == Array(0..<100))
        thread.stop()
        #expect(!thread.run { seen.add(-1) })
        loop.stop()
        loop.join()
    }
}
