import HTTP2
import TestKit
import Testing

@Suite struct SessionMemoryTests {
    @Test func `blocks of all sizes keep their bytes while others come and go`() {
        let memory = SessionMemory()
        var generator = SeededGenerator(seed: 16)
        var held: [(block: UnsafeMutableRawPointer, size: Int, mark: UInt8)] = []
        func check(_ entry: (block: UnsafeMutableRawPointer, size: Int, mark: UInt8)) -> Bool {
            UnsafeRawBufferPointer(start: entry.block, count: entry.size).allSatisfy { $0 == entry.mark }
        }
        var isRight = true
        for round in 0..<3000 {
            let mark = UInt8(truncatingIfNeeded: round)
            let size = Int.random(in: 0...(round % 10 == 0 ? 20_000 : 600), using: &generator)
            switch Int.random(in: 0..<3, using: &generator) {
            case 0 where !held.isEmpty:
                let entry = held.remove(at: Int.random(in: 0..<held.count, using: &generator))
                isRight = isRight && check(entry)
                memory.free(entry.block)
            case 1 where !held.isEmpty:
                let index = Int.random(in: 0..<held.count, using: &generator)
                let entry = held[index]
                let block = memory.reallocate(entry.block, size)!
                let kept = min(size, entry.size)
                isRight = isRight && check((block, kept, entry.mark))
                block.initializeMemory(as: UInt8.self, repeating: mark, count: size)
                held[index] = (block, size, mark)
            case _:
                let block = memory.allocate(size)
                isRight = isRight && Int(bitPattern: block) % 16 == 0
                block.initializeMemory(as: UInt8.self, repeating: mark, count: size)
                held.append((block, size, mark))
            }
        }
        for entry in held { isRight = isRight && check(entry) }
        for entry in held { memory.free(entry.block) }
        #expect(isRight)
    }
}
