import API
import GRPC
import Time

extension MethodTable {
    /// `UsageService`
    ///
    /// - Parameter clock: Says until when usage is told, unless the request does.
    mutating func addUsage(_ clock: any WallClock) {
        change(UsageService.storeUsageEvent, .dataPlanes) { _, change, request throws(CallError) in
            guard let arrived = request.eventArrivalTime else {
                throw .invalid(field: "event_arrival_time", rule: "must be set")
            }
            let key = UsageKey(projectID: request.projectID.lowercased(), stream: request.stream)
            // What was counted is nobody's decision: it is not for the audit trail.
            try change.add(
                UsageCount(
                    arrived: try arrived.nanoseconds(field: "event_arrival_time"), count: Int64(request.eventCount)),
                of: key)
            return StoreUsageEventResponse()
        }
        list(UsageService.getStreamEventUsage, .people(.view)) { call, request throws(CallError) in
            guard let ref = request.ref else { throw .invalid(field: "ref", rule: "must be set") }
            let stream = try call.stream(ref, field: "ref")
            var response = GetStreamEventUsageResponse()
            response.ref = ref
            response.windows = try call.usage(
                UsageKey(projectID: stream.projectID, stream: ref.name), try UsageWindows(request, now: clock.now()))
            return response
        }
    }
}

extension UsageWindows {
    /// What a request asks for: of the last 24 hours in steps of five minutes, unless it says otherwise.
    fileprivate init(_ request: GetStreamEventUsageRequest, now: Timestamp) throws(CallError) {
        let end = try (request.endTime ?? ProtoTimestamp(now)).nanoseconds(field: "end_time")
        let day: Int64 = 86_400 * 1_000_000_000
        let start = try request.startTime?.nanoseconds(field: "start_time") ?? max(end - day, 0)
        let interval = request.interval ?? ProtoDuration(.seconds(300))
        // Longer than any span: one window.
        let seconds = min(interval.seconds, 4_000_000_000)
        try self.init(from: start, to: end, interval: seconds * 1_000_000_000 + Int64(interval.nanos))
    }
}

extension ProtoTimestamp {
    /// Nanoseconds since 1970.
    ///
    /// - Throws: `.invalid` before 1970 and after 2100: 64 bits have no room for all years, and nothing was counted then.
    fileprivate func nanoseconds(field: String) throws(CallError) -> Int64 {
        guard (0..<4_102_444_800).contains(seconds) else {
            throw .invalid(field: field, rule: "must be in the years 1970 to 2099")
        }
        return seconds * 1_000_000_000 + Int64(nanos)
    }

    fileprivate init(nanoseconds: Int64) {
        self.init()
        seconds = nanoseconds / 1_000_000_000
        nanos = Int32(nanoseconds % 1_000_000_000)
    }
}

extension Call {
    /// The total of a stream at the start of each window. One pass over what was counted, nothing of it kept.
    fileprivate func usage(_ key: UsageKey, _ asked: UsageWindows) throws(CallError) -> [WindowedEventCount] {
        var total: Int64 = 0
        var counted: Int64 = -1  // up to where `total` has been added up
        var answer: [WindowedEventCount] = []
        for window in asked.windows {
            total += try view.usage(key, after: counted, upTo: window.start)
            counted = window.start
            var count = WindowedEventCount()
            count.startTime = ProtoTimestamp(nanoseconds: window.start)
            count.endTime = ProtoTimestamp(nanoseconds: window.end)
            count.eventCount = total
            if let last = try view.lastUsage(key, upTo: window.start),
                let next = try view.nextUsage(key, after: window.start)
            {
                count.eventCount = UsageWindows.total(at: window.start, total, last: last.arrived, next: next)
            }
            answer.append(count)
        }
        return answer
    }
}
