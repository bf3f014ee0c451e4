import ControlPlane
import Synchronization
import System
import TestKit
import Testing

@Suite struct PasswordWorkTests {
    /// Holds the thread until it is opened.
    private final class Gate: Sendable {
        private let isOpen = Monitor(false)

        func wait() { _ = isOpen.wait { $0 ? true : nil } }
        func open() { isOpen.change { $0 = true } }
    }

    /// How many pieces of work are under way.
    private final class Counter: Sendable {
        private let value = Mutex(0)

        func enter() -> Int {
            value.withLock {
                $0 += 1
                return $0
            }
        }
        func leave() { value.withLock { $0 -= 1 } }
    }

    @Test func `work is done one after the other, and its result or its error comes back`() async throws {
        let work = try PasswordWork()
        #expect(try await work.run { 7 } == 7)
        await #expect(throws: CancellationError.self) { try await work.run { throw CancellationError() } }
        let running = Counter()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    let together = try await work.run {
                        defer { running.leave() }
                        return running.enter()
                    }
                    #expect(together == 1)
                }
            }
            try await group.waitForAll()
        }
        work.stop()
    }

    @Test func `when eight wait the ninth is refused at once, and the others are done`() async throws {
        let work = try PasswordWork()
        let gate = Gate()
        await withTaskGroup(of: Result<Int, any Error>.self) { group in
            for number in 0..<9 {
                group.addTask {
                    do {
                        let done = try await work.run {
                            gate.wait()
                            return number
                        }
                        return .success(done)
                    } catch {
                        return .failure(error)
                    }
                }
            }
            // Nobody gets through as long as the gate is closed, so the first to come back is the one that had no place.
            let first = await group.next()
            #expect(throws: PasswordWork.Busy.self) { try first?.get() }
            gate.open()
            var done: Set<Int> = []
            for await result in group {
                if case .success(let number) = result { done.insert(number) }
            }
            #expect(done.count == 8)
        }
        #expect(try await work.run { true })
        work.stop()
        await #expect(throws: PasswordWork.Busy.self) { try await work.run { true } }
    }
}
