import System

/// Timers in the order of their deadlines: a binary heap that knows where each timer is, so cancelling is as cheap as firing.
///
/// `heap` holds slot numbers; `slots` holds the timers and their places in `heap`. A slot's generation goes up when its
/// timer ends, so an old id finds nothing. Timers with equal deadlines fire in the order in which they were scheduled.
struct TimerHeap {
    private struct Slot {
        var work: (() -> Void)?
        var deadline: MonotonicTime
        var sequence: UInt64
        var place: Int  // in `heap`; -1 when free
        var generation: UInt32
    }

    private var slots: [Slot] = []
    private var free: [UInt32] = []
    private var heap: [UInt32] = []
    private var nextSequence: UInt64 = 0

    /// The earliest deadline, or nil when there is no timer.
    var nextDeadline: MonotonicTime? { heap.first.map { slots[Int($0)].deadline } }

    var count: Int { heap.count }

    mutating func add(at deadline: MonotonicTime, _ work: @escaping () -> Void) -> TimerID {
        let slot: UInt32
        if let reused = free.popLast() {
            slot = reused
        } else {
            slot = UInt32(slots.count)
            slots.append(Slot(work: nil, deadline: deadline, sequence: 0, place: -1, generation: 0))
        }
        slots[Int(slot)].work = work
        slots[Int(slot)].deadline = deadline
        slots[Int(slot)].sequence = nextSequence
        slots[Int(slot)].place = heap.count
        nextSequence += 1
        heap.append(slot)
        siftUp(heap.count - 1)
        return TimerID(slot: slot, generation: slots[Int(slot)].generation)
    }

    /// Forgets a timer. False when it has fired or was cancelled before.
    mutating func cancel(_ id: TimerID) -> Bool {
        let slot = Int(id.slot)
        guard slot < slots.count, slots[slot].generation == id.generation, slots[slot].place >= 0 else { return false }
        remove(at: slots[slot].place)
        return true
    }

    /// Takes the earliest timer whose deadline is not after `now`.
    mutating func popDue(_ now: MonotonicTime) -> (() -> Void)? {
        guard let first = heap.first, slots[Int(first)].deadline <= now else { return nil }
        let work = slots[Int(first)].work
        remove(at: 0)
        return work
    }

    private mutating func remove(at place: Int) {
        let slot = heap[place]
        slots[Int(slot)].work = nil
        slots[Int(slot)].place = -1
        slots[Int(slot)].generation &+= 1
        free.append(slot)
        let last = heap.removeLast()
        guard place < heap.count else { return }
        set(place, last)
        siftUp(place)
        siftDown(slots[Int(last)].place)
    }

    private func isEarlier(_ left: UInt32, _ right: UInt32) -> Bool {
        let (a, b) = (slots[Int(left)], slots[Int(right)])
        return a.deadline != b.deadline ? a.deadline < b.deadline : a.sequence < b.sequence
    }

    private mutating func set(_ place: Int, _ slot: UInt32) {
        heap[place] = slot
        slots[Int(slot)].place = place
    }

    private mutating func siftUp(_ start: Int) {
        var place = start
        let slot = heap[place]
        while place > 0 {
            let parent = (place - 1) / 2
            if !isEarlier(slot, heap[parent]) { break }
            set(place, heap[parent])
            place = parent
        }
        set(place, slot)
    }

    private mutating func siftDown(_ start: Int) {
        var place = start
        let slot = heap[place]
        while true {
            var child = 2 * place + 1
            if child >= heap.count { break }
            if child + 1 < heap.count, isEarlier(heap[child + 1], heap[child]) { child += 1 }
            if !isEarlier(heap[child], slot) { break }
            set(place, heap[child])
            place = child
        }
        set(place, slot)
    }
}
