import Bytes
import HTTP

/// One request from its HEADERS until its answer is sent. Pooled.
struct IngestStream: ~Copyable {
    /// Its state in RFC 9113 §5.1.
    enum Phase {
        case open
        case halfClosedRemote
        case halfClosedLocal
        /// Closed by a reset, while the handler has its request.
        case abandoned
    }

    var number: UInt32 = 0
    var phase = Phase.open
    /// Its head, while it is needed: until the handler has seen it.
    var head: UnsafeMutablePointer<IngestHead>?
    /// What has arrived of its body, unless all of it came in one frame, which is then shown where it lies.
    var body = OutputBuffer(capacity: 16)
    /// What it adds to the loop's count of bytes in memory.
    var countedBytes = 0
    /// `content-length`, or -1.
    var declaredLength = -1
    var receivedLength = 0
    var isHEAD = false
    /// The handler has it and has not answered.
    var isWithHandler = false
    var isAnswered = false
    /// Its head was shown before its body came, with a token that the request before did not have.
    var tokenWasNew = false

    var receiveWindow = ReceiveWindow(0)
    var sendWindow = SendWindow(0)
    /// What is still to be sent of the answer's body.
    var answer: [UInt8] = []
    var answerStart = 0
    /// The next one with something to send.
    var nextToSend: UnsafeMutablePointer<IngestStream>?
    var isQueued = false

    /// The sweep during which the request began, was answered, something of its answer was sent last, or its body, which nobody
    /// wants, was last seen to go on.
    var sweep: UInt32 = 0

    /// Ready for another request. Large buffers are given back, so that one large request does not stay in memory.
    mutating func reset() {
        head = nil
        body.removeAll(keepingCapacity: body.capacity <= 4 << 10)
        countedBytes = 0
        declaredLength = -1
        receivedLength = 0
        isHEAD = false
        isWithHandler = false
        isAnswered = false
        tokenWasNew = false
        if !answer.isEmpty { answer = [] }
        answerStart = 0
        nextToSend = nil
        isQueued = false
    }
}

/// Streams by number: open addressing with linear search, where the number itself is the hash, as the numbers of one connection are
/// nearly consecutive.
struct StreamTable: ~Copyable {
    private var places: UnsafeMutablePointer<UnsafeMutablePointer<IngestStream>?>?
    /// How many places there are: a power of two, at least twice `count`; or none.
    private(set) var capacity = 0
    private(set) var count = 0
    /// How many stand elsewhere than at their number's own place. None, as long as a client counts up without gaps.
    private var strays = 0

    init() {}

    deinit { places?.deallocate() }

    @inline(__always)
    func find(_ number: UInt32) -> UnsafeMutablePointer<IngestStream>? {
        guard let places else { return nil }
        var place = home(number)
        while let stream = places[place] {
            if stream.pointee.number == number { return stream }
            place = (place &+ 1) & (capacity &- 1)
        }
        return nil
    }

    /// - Precondition: No stream with its number is in the table.
    mutating func insert(_ stream: UnsafeMutablePointer<IngestStream>) {
        if (count &+ 1) * 2 > capacity { grow() }
        put(stream)
        count &+= 1
    }

    private mutating func put(_ stream: UnsafeMutablePointer<IngestStream>) {
        let home = home(stream.pointee.number)
        var place = home
        while places![place] != nil { place = (place &+ 1) & (capacity &- 1) }  // `insert` has made room
        places![place] = stream
        if place != home { strays &+= 1 }
    }

    mutating func remove(_ number: UInt32) {
        guard let places else { return }
        var place = home(number)
        while let stream = places[place], stream.pointee.number != number { place = (place &+ 1) & (capacity &- 1) }
        guard places[place] != nil else { return }
        count &-= 1
        if strays == 0 {
            places[place] = nil
            return
        }
        if place != home(number) { strays &-= 1 }
        // Whoever stands behind and would rather stand here moves up, so that no search ends too early.
        var hole = place
        var next = place
        while true {
            next = (next &+ 1) & (capacity &- 1)
            guard let stream = places[next] else { break }
            let wanted = home(stream.pointee.number)
            if (next &- wanted) & (capacity &- 1) >= (next &- hole) & (capacity &- 1) {
                places[hole] = stream
                if hole == wanted { strays &-= 1 }
                hole = next
            }
        }
        places[hole] = nil
    }

    /// What stands at a place, 0 up to `capacity`: for looking at all streams, in no order.
    subscript(_ place: Int) -> UnsafeMutablePointer<IngestStream>? {
        precondition(place < capacity, "there is such a place")
        return places![place]  // a table with places has memory
    }

    /// Gives its memory back when it is empty.
    mutating func trim() {
        guard count == 0 else { return }
        places?.deallocate()
        (places, capacity) = (nil, 0)
    }

    @inline(__always)
    private func home(_ number: UInt32) -> Int { Int(number &>> 1) & (capacity &- 1) }

    private mutating func grow() {
        let (old, oldCapacity) = (places, capacity)
        capacity = max(16, capacity * 2)
        let larger = UnsafeMutablePointer<UnsafeMutablePointer<IngestStream>?>.allocate(capacity: capacity)
        larger.initialize(repeating: nil, count: capacity)
        places = larger
        strays = 0
        for place in 0..<oldCapacity {
            if let stream = old![place] { put(stream) }  // the old table had that many places
        }
        old?.deallocate()
    }
}
