/// A queue whose ends cost nothing: appended at the back, taken from the front, without moving the rest.
struct Ring<Element> {
    private var storage: [Element?] = []
    private var head = 0
    /// How many elements there are.
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }

    private func place(_ index: Int) -> Int { (head &+ index) & (storage.count &- 1) }

    /// The element that has stood at that place, from the front.
    subscript(index: Int) -> Element {
        get {
            precondition(index >= 0 && index < count, "the place is within the queue")
            return storage[place(index)]!  // every place within the count is filled
        }
        _modify {
            precondition(index >= 0 && index < count, "the place is within the queue")
            yield &storage[place(index)]!  // every place within the count is filled
        }
    }

    var first: Element? { count == 0 ? nil : storage[head] }

    mutating func append(_ element: Element) {
        if count == storage.count { grow() }
        storage[place(count)] = element
        count += 1
    }

    mutating func popFirst() -> Element? {
        guard count > 0 else { return nil }
        let element = storage[head]
        storage[head] = nil
        head = (head &+ 1) & (storage.count &- 1)
        count -= 1
        if count == 0, storage.count > 1024 { removeAll() }  // a burst does not keep its memory
        return element
    }

    mutating func removeAll() {
        storage = []
        head = 0
        count = 0
    }

    private mutating func grow() {
        var larger: [Element?] = []
        larger.reserveCapacity(max(4, storage.count * 2))
        for index in 0..<count { larger.append(storage[place(index)]) }
        larger.append(contentsOf: repeatElement(nil, count: max(4, storage.count * 2) - count))
        storage = larger
        head = 0
    }
}

extension Ring: Sendable where Element: Sendable {}
