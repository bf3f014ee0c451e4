import HTTP
import JSON
import Kubernetes
import Net
import System
import TestKit
import Testing

@Suite struct PodLogTests {
    private func text(_ answer: KubernetesAnswer) async throws -> String {
        String(decoding: try await answer.collect(limit: 64 << 20), as: UTF8.self)
    }

    @Test func `a log is read from where and as far as it is wanted`() async throws {
        let rig = try await KubeRig()
        try await rig.makePod("p", ["log-start": "1000"])
        var wanted = PodLogRequest(namespace: "default", pod: "p")
        #expect(try await text(rig.client.log(wanted)).split(separator: "\n").count == 1000)
        wanted.tailLines = 2
        wanted.timestamps = true
        let lines = try await text(rig.client.log(wanted)).split(separator: "\n")
        #expect(lines.count == 2 && lines[1].contains("Z line 999 "))
        wanted.limitBytes = 10
        #expect(try await text(rig.client.log(wanted)).utf8.count == 10)
        wanted.sinceSeconds = 1
        wanted.sinceTime = "2026-11-21T05:00:00Z"
        await #expect(throws: KubernetesError.badRequest(field: "sinceTime", rule: "does not go with sinceSeconds")) {
            _ = try await rig.client.log(wanted)
        }
        do throws(KubernetesError) {
            _ = try await rig.client.log(PodLogRequest(namespace: "default", pod: "p", container: "other"))
            Issue.record("another container has a log")
        } catch {
            guard case .refused(let status) = error else { throw error }
            #expect(status.code == 400 && status.message.contains("other"))
        }
    }

    @Test func `a followed log makes the server wait while nobody asks, and ends when it is let go`() async throws {
        let rig = try await KubeRig()
        try await rig.makePod("p", ["log-start": "200000", "log-size": "100", "log-rate": "100"])
        var wanted = PodLogRequest(namespace: "default", pod: "p")
        wanted.follow = true
        var answer: KubernetesAnswer? = try await rig.client.log(wanted)
        #expect(try await answer?.next() != nil)
        var bytes = 0
        while bytes < 20_000_000 { bytes += try await answer?.next()?.count ?? 0 }
        answer = nil
        try await eventually("the server to hear of it") { try await rig.requests("/log").last?["ended"] == "gone" }
    }

    @Test func `through cuts no line of a followed log is lost or comes twice`() async throws {
        let rig = try await KubeRig()
        try await rig.makePod("p", ["log-start": "0", "log-rate": "1000", "log-lines": "4000"])
        var resume = LogResume()
        var received: [String] = []
        var cuts = 0
        while received.count < 4000 {
            var wanted = PodLogRequest(namespace: "default", pod: "p")
            wanted.follow = true
            wanted.timestamps = true
            wanted.sinceTime = resume.sinceTime
            let answer = try await rig.client.log(wanted)
            var lines = LineSplitter(limit: 64 * 1024)
            let cutAt = received.count + 700
            do throws(KubernetesError) {
                while received.count < 4000, let piece = try await answer.next() {
                    lines.feed(piece)
                    while let line = try lines.next() {
                        guard resume.admit(line) else { continue }
                        received.append(String(decoding: line.drop { $0 != 0x20 }.dropFirst(), as: UTF8.self))
                    }
                    if received.count > cutAt { answer.cancel() }
                }
            } catch {
                guard case .net(.cancelled) = error else { throw error }
            }
            cuts += 1
            resume.reopened()
        }
        #expect(cuts > 3)
        #expect(received.enumerated().allSatisfy { $0.element.hasPrefix("line \($0.offset) ") })
    }
}

@Suite struct PodSessionTests {
    private func run(
        _ rig: KubeRig, _ command: [String], input: [UInt8]? = nil
    ) async throws -> (output: String, errors: String, end: PodSessionEnd?) {
        var wanted = PodSessionRequest(namespace: "default", pod: "p", command: command)
        wanted.input = input != nil
        let session = try await rig.client.openSession(wanted)
        #expect(session.canEndInput)
        if let input {
            try await session.send(input)
            try await session.endInput()
        }
        var (output, errors): ([UInt8], [UInt8]) = ([], [])
        var end: PodSessionEnd?
        while let event = try await session.next() {
            switch event {
            case .output(let bytes): output += bytes
            case .errors(let bytes): errors += bytes
            case .ended(let how): end = how
            }
        }
        return (String(decoding: output, as: UTF8.self), String(decoding: errors, as: UTF8.self), end)
    }

    @Test(arguments: [("exit 0", 0), ("exit 1", 1), ("kill -9 $$", 137)])
    func `the exit code is told`(_ script: String, _ code: Int) async throws {
        let rig = try await KubeRig()
        try await rig.makePod("p")
        let result = try await run(rig, ["sh", "-c", "echo out; echo 'ünd err' >&2; \(script)"])
        #expect(result.output == "out\n" && result.errors == "ünd err\n" && result.end == .exited(code))
    }

    @Test func `input goes in, its end is told, and megabytes come back whole`() async throws {
        let rig = try await KubeRig()
        try await rig.makePod("p")
        let input = Array(String(repeating: "0123456789abcde\n", count: 200_000).utf8)
        let result = try await run(rig, ["sh", "-c", "sort -c && wc -c"], input: Array("a\nb\n".utf8))
        #expect(result.end == .exited(0) && result.output.isEmpty == false)
        let echoed = try await run(rig, ["head", "-c", "\(input.count)"], input: Array(input.prefix(100_000)))
        #expect(echoed.output.utf8.count == 100_000 && echoed.end == .exited(0))
        let big = try await run(rig, ["sh", "-c", "yes | head -c 5000000"])
        #expect(big.output.utf8.count == 5_000_000 && big.end == .exited(0))
    }

    @Test func `what cannot be started says so, and what is let go is ended`() async throws {
        let rig = try await KubeRig()
        try await rig.makePod("p")
        guard case .failed(let status) = try await run(rig, ["/no/such/program"]).end else {
            Issue.record("it ran")
            return
        }
        #expect(status.message.contains("/no/such/program"))
        var session: PodSession? = try await rig.client.openSession(
            PodSessionRequest(namespace: "default", pod: "p", command: ["sh", "-c", "echo here; exec sleep 1000"]))
        #expect(try await session?.next() == .output(Array("here\n".utf8)))
        session = nil
        try await eventually("the command to be ended") {
            try await rig.control("execs").array?.last?["ended"] == "killed"
        }
        do throws(KubernetesError) {
            _ = try await rig.client.openSession(PodSessionRequest(namespace: "default", pod: "q", command: ["true"]))
            Issue.record("a pod that is not there runs commands")
        } catch {
            guard case .refused(let status) = error else { throw error }
            #expect(status.isNotFound && status.message.contains("\"q\""))
        }
    }

    @Test func `a command whose output nobody takes has to wait`() async throws {
        let rig = try await KubeRig()
        try await rig.makePod("p")
        let mark = rig.folder.file("written")
        let session = try await rig.client.openSession(
            PodSessionRequest(
                namespace: "default", pod: "p",
                command: ["sh", "-c", "for i in $(seq 400); do head -c 100000 /dev/zero; echo $i > \(mark); done"]))
        var last = -1
        try await eventually("the command to stand still") {
            guard try File.status(mark) != nil else { return false }
            let now = Int(String(decoding: try File.read(mark), as: UTF8.self).split(separator: "\n").first ?? "") ?? -1
            defer { last = now }
            try await Task.sleep(for: .milliseconds(300))
            return now == last && now > 0
        }
        #expect(last < 400)
        var count = 0
        var end: PodSessionEnd?
        while let event = try await session.next() {
            if case .output(let bytes) = event { count += bytes.count }
            if case .ended(let how) = event { end = how }
        }
        #expect(count == 40_000_000 && end == .exited(0))
    }

    @Test func `a terminal has a size, and one stream`() async throws {
        let rig = try await KubeRig()
        try await rig.makePod("p")
        var wanted = PodSessionRequest(
            namespace: "default", pod: "p", command: ["sh", "-c", "read line; stty size; echo $line >&2"])
        wanted.terminal = true
        wanted.input = true
        let session = try await rig.client.openSession(wanted)
        try await session.resize(columns: 97, rows: 31)
        try await session.send(Array("hello\n".utf8))
        var output: [UInt8] = []
        while let event = try await session.next() {
            if case .output(let bytes) = event { output += bytes }
            if case .errors = event { Issue.record("a terminal has no standard error of its own") }
        }
        let text = String(decoding: output, as: UTF8.self)
        #expect(text.contains("31 97") && text.contains("hello"))
    }

    @Test func `attach speaks with what runs`() async throws {
        let rig = try await KubeRig()
        try await rig.makePod("p")
        var wanted = PodSessionRequest(namespace: "default", pod: "p", command: nil)
        wanted.input = true
        let session = try await rig.client.openSession(wanted)
        #expect(try await session.next() == .output(Array("attached\n".utf8)))
        try await session.send(Array("hello".utf8))
        #expect(try await session.next() == .output(Array("hello".utf8)))
        try await session.endInput()
        #expect(try await session.next() == .ended(.exited(0)))
        #expect(try await session.next() == nil)
    }
}

@Suite struct PodPortTests {
    @Test func `bytes go to a port and come back, a closed port says so`() async throws {
        let rig = try await KubeRig()
        try await rig.makePod("p")
        let port = try await rig.client.openPort(namespace: "default", pod: "p", port: 8080)
        let sent = (0..<500_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        async let sending: Void = {
            for start in stride(from: 0, to: sent.count, by: 20_000) {
                try await port.send(Array(sent[start..<(start + 20_000)]))
            }
        }()
        var received: [UInt8] = []
        while received.count < sent.count, let bytes = try await port.next() { received += bytes }
        try await sending
        #expect(received == sent)
        port.close()
        let closed = try await rig.client.openPort(namespace: "default", pod: "p", port: 1)
        do throws(KubernetesError) {
            _ = try await closed.next()
            Issue.record("a closed port gave bytes")
        } catch {
            guard case .forwarding(let words) = error else { throw error }
            #expect(words.contains("connection refused"))
        }
    }

    @Test func `an upgrade with the caller's own fields is handed over byte for byte`() async throws {
        let rig = try await KubeRig()
        try await rig.makePod("p")
        let target = "/api/v1/namespaces/default/pods/p/portforward"
        let fields: Headers = [
            "upgrade": "websocket", "sec-websocket-version": "13", "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
            "sec-websocket-protocol": "SPDY/3.1+portforward.k8s.io", "authorization": "Bearer of-the-caller",
        ]
        guard
            case .switched(let head, let stream) = try await rig.client.upgrade(Request(.get, target, headers: fields))
        else {
            Issue.record("the server did not switch")
            return
        }
        #expect(head.headers["sec-websocket-accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
        #expect(head.headers["sec-websocket-protocol"] == "SPDY/3.1+portforward.k8s.io")
        // A SPDY ping in a masked frame (mask 0) comes back as a ping in an unmasked one.
        let ping: [UInt8] = [0x80, 3, 0, 6, 0, 0, 0, 4, 0, 0, 0, 1]
        try await stream.send([0x82, 0x80 | 12, 0, 0, 0, 0] + ping)
        var answer: [UInt8] = []
        while answer.count < 14, let bytes = try await stream.next() { answer += bytes }
        #expect(answer == [0x82, 12] + ping)
        stream.close()
        #expect(try await rig.requests("portforward").last?["user"] == "token:t-1")
        guard
            case .answered(let refusal) = try await rig.client.upgrade(
                Request(.get, target.replacing("/p/", with: "/q/"), headers: fields))
        else {
            Issue.record("a pod that is not there")
            return
        }
        #expect(refusal.status == .notFound && KubernetesStatus(refusal).isNotFound)
    }
}
