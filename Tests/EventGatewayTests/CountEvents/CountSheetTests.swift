import EventGateway
import EventLog
import PlaneConfig
import TestKit
import Testing
import Time
import Wire

@Suite struct CountSheetTests {
    private let streams: [PlaneStream]

    init() throws {
        let folder = try TemporaryFolder()
        let source = try PlaneConfigSource(
            folder: try PlaneFolder.write(into: folder), state: try folder.makeFolder("state"), component: "test")
        streams = source.current.streams.filter { $0.derivedFrom == nil }
    }

    private func ends(_ next: Int64, incarnation: String = "a", earliest: Int64 = 0) -> TopicEnds {
        TopicEnds(earliest: Position(offset: earliest), next: Position(offset: next), incarnation: incarnation)
    }

    @Test func `ranges of a stream follow each other`() {
        var isMore: Bool
        var sheet = CountSheet(after: [:], now: Timestamp(milliseconds: 1000))
        isMore = sheet.add(streams[0], ends(20))
        #expect(!isMore)
        #expect(sheet.records.map { $0.fromOffset..<$0.toOffset } == [0..<20])
        var next = CountSheet(after: sheet.positions, now: Timestamp(milliseconds: 2000))
        isMore = next.add(streams[0], ends(20))
        #expect(!isMore)
        #expect(next.advances.isEmpty && next.records.isEmpty, "nothing new is nothing to write")
        isMore = next.add(streams[0], ends(21, earliest: 21))
        #expect(!isMore)
        #expect(next.records.map { $0.fromOffset..<$0.toOffset } == [20..<21])
        #expect(next.records.map(\.arrivalTime.milliseconds) == [2000])
    }

    @Test func `an arrival time is used once, also when the clock goes back`() {
        var positions: [ConsumerName: Position] = [:]
        var times: [Int64] = []
        for (round, now) in [5000, 5000, 3, 9000].enumerated() {
            var sheet = CountSheet(after: positions, now: Timestamp(milliseconds: Int64(now)))
            _ = sheet.add(streams[0], ends(Int64(round + 1)))
            _ = sheet.add(streams[1], ends(Int64(round + 1)))
            times.append(sheet.records[0].arrivalTime.milliseconds)
            #expect(Set(sheet.records.map(\.arrivalTime)).count == 1)
            positions = sheet.positions
        }
        #expect(times == [5000, 5001, 5002, 9000])
    }

    @Test func `a topic that was made anew is counted from its beginning`() {
        var sheet = CountSheet(after: [:], now: Timestamp(milliseconds: 1))
        _ = sheet.add(streams[0], ends(7, incarnation: "old"))
        var next = CountSheet(after: sheet.positions, now: Timestamp(milliseconds: 2))
        _ = next.add(streams[0], ends(9, incarnation: "new"))
        #expect(next.records.map { $0.fromOffset..<$0.toOffset } == [0..<9])
    }

    @Test func `what one record cannot tell is left for the next`() {
        var isMore: Bool
        let count = Int64(Int32.max) + 5
        var sheet = CountSheet(after: [:], now: Timestamp(milliseconds: 1))
        isMore = sheet.add(streams[0], ends(count))
        #expect(isMore)
        var next = CountSheet(after: sheet.positions, now: Timestamp(milliseconds: 1))
        isMore = next.add(streams[0], ends(count))
        #expect(!isMore)
        #expect((sheet.records + next.records).map(\.eventCount) == [Int64(Int32.max), 5])
    }
}
