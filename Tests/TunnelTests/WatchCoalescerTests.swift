import TestKit
import Testing
import Tunnel

@Suite struct WatchCoalescerTests {
    private func lines(_ coalescer: inout WatchCoalescer) -> [String] {
        var lines: [String] = []
        while let line = coalescer.next() { lines.append(String(decoding: line.bytes().dropLast(), as: UTF8.self)) }
        return lines
    }

    private func object(_ text: String) -> [UInt8] { Array("{\"v\":\"\(text)\"}".utf8) }

    @Test func `the newest state of each object leaves, in the place of its first change`() {
        var watch = WatchCoalescer(from: "1")
        watch.changed(.added, key: "a", version: "2", object: object("2"))
        watch.changed(.added, key: "b", version: "3", object: object("3"))
        watch.changed(.modified, key: "a", version: "4", object: object("4"))
        watch.changed(.deleted, key: "b", version: "5", object: object("5"))
        watch.changed(.added, key: "b", version: "6", object: object("6"))
        #expect(
            lines(&watch) == [
                #"{"t":"ADDED","rv":"2","o":{"v":"4"}}"#,
                #"{"t":"DELETED","rv":"5","o":{"v":"5"}}"#,
                #"{"t":"ADDED","rv":"6","o":{"v":"6"}}"#,
            ])
        #expect(watch.isEmpty && watch.bytes == 0)
    }

    @Test func `a bookmark waits for everything before it, and is left out when the last line says as much`() {
        var watch = WatchCoalescer(from: "1")
        watch.bookmark("2")
        #expect(lines(&watch) == [#"{"t":"BOOKMARK","rv":"2"}"#])
        watch.changed(.modified, key: "a", version: "3", object: object("3"))
        watch.bookmark("4")
        #expect(lines(&watch) == [#"{"t":"MODIFIED","rv":"4","o":{"v":"3"}}"#])
    }

    @Test func `a new list throws away what waits`() {
        var watch = WatchCoalescer(from: "1")
        watch.changed(.modified, key: "a", version: "2", object: object("2"))
        watch.relist()
        watch.changed(.added, key: "a", version: "9", object: object("9"))
        watch.synced("9")
        watch.changed(.modified, key: "a", version: "10", object: object("10"))
        #expect(
            lines(&watch) == [
                #"{"t":"RELIST"}"#, #"{"t":"ADDED","rv":"9","o":{"v":"10"}}"#, #"{"t":"SYNCED","rv":"10"}"#,
            ])
    }

    /// A reader that stops anywhere and goes on from the last `rv` must come to the server's state.
    @Test(arguments: 0..<40)
    func `a reader that is cut anywhere ends with the server's objects`(_ seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        var history: [(kind: WatchCoalescer.Kind, key: String, version: Int)] = []
        var server: [String: Int] = [:]
        for version in 1...80 {
            let key = ["a", "b", "c", "d", "e"].randomElement(using: &random)!
            let kind: WatchCoalescer.Kind
            if server[key] == nil {
                kind = .added
            } else {
                kind = Bool.random(using: &random) ? .modified : .deleted
            }
            server[key] = kind == .deleted ? nil : version
            history.append((kind, key, version))
        }
        var cache: [String: Int] = [:]
        var version = 0
        var deletions: Set<String> = []
        for _ in 0..<6 {  // five cuts
            var watch = WatchCoalescer(from: "\(version)")
            var waiting = 0
            let last = version
            for change in history where change.version > last {
                watch.changed(
                    change.kind, key: change.key, version: "\(change.version)",
                    object: object("\(change.key)\(change.version)"))
                waiting = max(waiting, watch.count)
                if Int.random(in: 0..<3, using: &random) == 0 { take(&watch, &cache, &version, &deletions) }
                if Int.random(in: 0..<60, using: &random) == 0 { break }
            }
            #expect(waiting <= 10, "two lines for each object")
            if version == 80 { break }
        }
        var watch = WatchCoalescer(from: "\(version)")
        let last = version
        for change in history where change.version > last {
            watch.changed(
                change.kind, key: change.key, version: "\(change.version)",
                object: object("\(change.key)\(change.version)"))
        }
        while !watch.isEmpty { take(&watch, &cache, &version, &deletions) }
        #expect(cache == server)
        #expect(version == 80)
    }

    private func take(
        _ watch: inout WatchCoalescer, _ cache: inout [String: Int], _ version: inout Int,
        _ deletions: inout Set<String>
    ) {
        guard let line = watch.next() else { return }
        let text = String(decoding: line.object.dropFirst(6).dropLast(2), as: UTF8.self)
        let (key, number) = (String(text.prefix(1)), Int(text.dropFirst()))
        cache[key] = line.kind == .deleted ? nil : number
        version = Int(line.version) ?? version
    }
}

@Suite struct LogLinesTests {
    @Test(arguments: Chunking.allCases)
    func `pieces end with lines, and long lines are cut`(_ chunking: Chunking) {
        var cutter = LogLineCutter()
        let log = Array(("one\ntwo\n" + String(repeating: "x", count: 70_000) + "\nthree\nno end").utf8)
        var pieces: [[UInt8]] = []
        for chunk in chunking.cut(log) {
            cutter.append(chunk[...])
            while let piece = cutter.next() { pieces.append(Array(piece)) }
            #expect(cutter.waiting < LogLineCutter.longest)
        }
        if let piece = cutter.finish() { pieces.append(Array(piece)) }
        #expect(Array(pieces.joined()) == log)
        #expect(pieces.allSatisfy { $0.count <= 65_536 })
        let cut = pieces.dropLast().filter { $0.last != UInt8(ascii: "\n") }
        #expect(cut.count == 1 && cut[0].count == 65_536)
        #expect(pieces.last == Array("no end".utf8))
    }

    @Test(arguments: 0..<6)
    func `a log that is opened again and again shows every line once`(_ seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        // A thousand lines a second, many of them equal, several with the same time.
        var log: [String] = []
        var nanoseconds: Int64 = 1_767_225_600_000_000_000
        for _ in 0..<3000 {
            if Int.random(in: 0..<4, using: &random) > 0 {
                nanoseconds += Int64.random(in: 1...2_000_000, using: &random)
            }
            log.append("\(text(of: nanoseconds)) GET /\(Int.random(in: 0..<3, using: &random))")
        }
        var cursor = LogCursor()
        var shown: [String] = []
        var written = 0
        while written < log.count {
            written = min(log.count, written + Int.random(in: 1...1000, using: &random))
            let from = cursor.since.map { since in log.firstIndex { second($0) >= second(since) } ?? log.count } ?? 0
            cursor.reopened()
            for line in log[from..<written] where cursor.shows(Array(line.utf8)[...]) { shown.append(line) }
        }
        #expect(shown == log)
    }

    @Test func `a line without a time is always shown`() {
        var cursor = LogCursor()
        for line in [
            "no time at all", "", "2026-13-01T00:00:00Z x", "2026-01-01T00:00:00.1234567890Z x",
            "1677-09-21T00:12:43.1Z x", "9999-12-31T23:59:59.999999999Z x",
        ] {
            #expect(cursor.shows(Array(line.utf8)[...]) == true)
            #expect(cursor.shows(Array(line.utf8)[...]) == true)
        }
        #expect(cursor.since == nil)
        #expect(cursor.shows(Array("2026-01-01T02:00:00.5+02:00 x".utf8)[...]) == true)
        #expect(cursor.since?.hasPrefix("2026-01-01T00:00:00") == true)
    }

    private func second(_ line: String) -> Substring { line.prefix(19) }

    /// As the kubelet writes times: nanoseconds without zeros at the end.
    private func text(of nanoseconds: Int64) -> String {
        let seconds = (nanoseconds - 1_767_225_600_000_000_000) / 1_000_000_000
        var fraction = String(1_000_000_000 + nanoseconds % 1_000_000_000).dropFirst()
        while fraction.last == "0" { fraction = fraction.dropLast() }
        func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "2026-01-01T00:\(two(seconds / 60)):\(two(seconds % 60))" + (fraction.isEmpty ? "" : ".\(fraction)")
            + "Z"
    }
}
