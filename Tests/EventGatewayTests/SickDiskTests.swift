import EventGateway
import HTTP
import System
import TestKit
import Testing
import Time

/// A gateway whose state folder lies on a disk that misbehaves.
@Suite struct SickDiskTests {
    private func hasRetry(_ answer: CurlAnswer) -> Bool {
        answer.status == 503 && answer["retry-after"] != nil
    }

    @Test func `a full disk and one that may only be read: 503 with retry-after, and 204 by itself when it is over`()
        async throws
    {
        let folder = try TemporaryFolder()
        let disk = FaultyDisk(under: folder.file("state"))
        let rig = try await GatewayRig(folder: folder)
        #expect(try await rig.send(DemoEvent().avro).status == 204)
        disk.set { $0.room = 0 }
        let filled = try await untilRefused(rig)
        #expect(hasRetry(filled), "\(filled)")
        disk.set { $0.room = nil }
        #expect(try await rig.send(DemoEvent().avro).status == 204)
        disk.set { $0.isReadOnly = true }
        let frozen = try await untilRefused(rig)
        #expect(hasRetry(frozen), "\(frozen)")
        // Somebody new, whose key cannot be stored.
        let stranger = try await rig.send(DemoEvent(consistent: "somebody new").avro)
        #expect(hasRetry(stranger), "\(stranger)")
        disk.set { $0.isReadOnly = false }
        #expect(try await rig.send(DemoEvent(consistent: "somebody new").avro).status == 204)
        await rig.close()
    }

    /// Files have a little room inside: the disk is full for certain only some events later.
    private func untilRefused(_ rig: GatewayRig) async throws -> CurlAnswer {
        for _ in 0..<200 {
            let answer = try await rig.send(DemoEvent().avro)
            if answer.status != 204 { return answer }
        }
        return try await rig.send(DemoEvent().avro)
    }

    @Test func `a failed sync: 503 until the gateway starts again, and never asked again`() async throws {
        let folder = try TemporaryFolder()
        let disk = FaultyDisk(under: folder.file("state"))
        let rig = try await GatewayRig(folder: folder)
        #expect(try await rig.send(DemoEvent().avro).status == 204)
        disk.set { $0.failingSyncs = 1 }
        for _ in 0..<3 { #expect(hasRetry(try await rig.send(DemoEvent().avro))) }
        await rig.close()
        let second = try await GatewayRig(folder: folder)
        #expect(try await second.send(DemoEvent().avro).status == 204)
        #expect(try second.stored().count >= 2)
        await second.close()
    }

    @Test func `a disk that stalls: events that would wait too long are refused at once, what was taken is answered`()
        async throws
    {
        let folder = try TemporaryFolder()
        let disk = FaultyDisk(under: folder.file("state"))
        let rig = try await IngestRig(["EVENT_GATEWAY_PATIENCE": "100ms"], folder: folder)
        let event = DemoEvent().avro
        #expect(try await rig.send(event).status == 204)
        disk.set { $0.holdsSyncs = true }
        // While the disk stalls, whatever is answered was refused.
        let answers = Monitor<[GatewayAnswer]>([])
        var sent: [Task<Void, any Error>] = []
        try await eventually("an event is refused") {
            sent.append(
                Task {
                    let answer = try await rig.send(event)
                    answers.withLock { $0.append(answer) }
                })
            try await Task.sleep(for: .milliseconds(10))
            return answers.withLock { !$0.isEmpty }
        }
        let refused = answers.withLock { $0 }
        #expect(refused.allSatisfy { $0.status == 503 && $0.headers["retry-after"] != nil })
        disk.set { $0.holdsSyncs = false }
        for task in sent { try await task.value }
        let all = answers.withLock { $0 }
        #expect(all.count == sent.count && all.contains { $0.status == 204 })
        try await eventually("the disk keeps up again") { try await rig.send(event).status == 204 }
        #expect(try rig.stored().count >= all.filter { $0.status == 204 }.count + 2)
        rig.close()
    }
}
