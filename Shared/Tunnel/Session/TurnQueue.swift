/// Whose turn it is. A lane for each priority and one for facts; lanes take turns by weight (smooth weighted round robin, as in nginx),
/// streams of a lane one after the other. Linked through the streams: every operation costs the same, however many there are.
struct TurnQueue {
    /// Lanes of priorities, in the order of `TunnelPriority.allCases`.
    static let factLane = TunnelPriority.allCases.count
    private static let weights = TunnelPriority.allCases.map(\.weight) + [2]

    private struct Lane {
        var first = -1
        var last = -1
        var balance = 0
    }

    private var lanes = [Lane](repeating: Lane(), count: weights.count)
    /// Streams that wait for room in the session.
    private var parked = Lane()

    static func lane(of priority: TunnelPriority) -> Int {
        switch priority {
        case .control: 0
        case .interactive: 1
        case .watch: 2
        case .bulk: 3
        }
    }

    /// The lane that has the next turn.
    mutating func nextLane(factsWait: Bool) -> Int? {
        var chosen = -1
        var total = 0
        for index in lanes.indices where index == Self.factLane ? factsWait : lanes[index].first >= 0 {
            total += Self.weights[index]
            lanes[index].balance += Self.weights[index]
            if chosen < 0 || lanes[index].balance > lanes[chosen].balance { chosen = index }
        }
        guard chosen >= 0 else { return nil }
        lanes[chosen].balance -= total
        return chosen
    }

    mutating func append(_ index: Int, _ streams: inout [TunnelStream]) {
        guard streams[index].queue == .none else { return }
        streams[index].queue = .ready
        Self.append(index, &lanes[streams[index].lane], &streams)
    }

    mutating func popFirst(_ lane: Int, _ streams: inout [TunnelStream]) -> Int? {
        let index = lanes[lane].first
        guard index >= 0 else { return nil }
        remove(index, &streams)
        return index
    }

    mutating func park(_ index: Int, _ streams: inout [TunnelStream]) {
        guard streams[index].queue == .none else { return }
        streams[index].queue = .parked
        Self.append(index, &parked, &streams)
    }

    /// Gives the one that has waited longest a place in its lane. False when nobody waits.
    mutating func unpark(_ streams: inout [TunnelStream]) -> Bool {
        let index = parked.first
        guard index >= 0 else { return false }
        remove(index, &streams)
        append(index, &streams)
        return true
    }

    mutating func remove(_ index: Int, _ streams: inout [TunnelStream]) {
        switch streams[index].queue {
        case .none: return
        case .ready: Self.remove(index, &lanes[streams[index].lane], &streams)
        case .parked: Self.remove(index, &parked, &streams)
        }
        streams[index].queue = .none
    }

    private static func append(_ index: Int, _ lane: inout Lane, _ streams: inout [TunnelStream]) {
        streams[index].before = lane.last
        streams[index].behind = -1
        if lane.last >= 0 { streams[lane.last].behind = index } else { lane.first = index }
        lane.last = index
    }

    private static func remove(_ index: Int, _ lane: inout Lane, _ streams: inout [TunnelStream]) {
        let (before, behind) = (streams[index].before, streams[index].behind)
        if before >= 0 { streams[before].behind = behind } else { lane.first = behind }
        if behind >= 0 { streams[behind].before = before } else { lane.last = before }
    }
}
