import Glibc
import EventLog
import PlaneConfig
import Polder
import ServiceKit
import System
import TestKit
import Testing
import Wire

@Suite struct StreamsAgentTests {
    @Test func `streams get their topics, a source with derived streams its decrypter`() async throws {
        let rig = try AgentRig()
        try rig.write(streams: ["demo", "demo-0", "demo-1", "alone"])
        let runtime = try await rig.startRuntime()
        let agent = try await rig.startAgent()
        try await eventually("the decrypter is ready") { await runtime.list().map(\.status) == [.ready] }
        #expect(try rig.topics() == Set(rig.snapshot().streams.map(\.topic.description)))
        #expect(try rig.log.topics().contains(.billing))
        let process = try #require(await runtime.list().first)
        let demo = try rig.stream("demo")
        #expect(process.name == "decrypter-\(demo.id)")
        #expect(process.group == "streams-agent")
        #expect(process.labels == ["app": "decrypter-v2"])
        #expect(process.annotations["strmprivacy.io/source-stream"] == "demo")
        #expect(process.annotations["strmprivacy.io/derived-streams"] == #"["demo-0","demo-1"]"#)
        #expect(process.adminURL.hasPrefix("https://localhost:"), "the runtime has chosen a port")
        try await eventually("the agent is ready and tells so") {
            agent.kit.readiness.isReady
                && agent.metrics.contains(#"streams_agent_resources{kind="Topic",status="healthy"} 4"#)
                && agent.metrics.contains(#"streams_agent_resources{kind="Deployment",status="healthy"} 1"#)
        }
        await agent.stop()
        await runtime.end()
    }

    @Test func `an agent's death and its successor change nothing`() async throws {
        let rig = try AgentRig()
        try rig.write(streams: ["demo", "demo-0"])
        let runtime = try await rig.startRuntime()
        let first = try await rig.startAgent()
        try await eventually("the decrypter is ready") { await runtime.list().map(\.status) == [.ready] }
        let before = await runtime.list()
        await first.stop()
        #expect(await runtime.list() == before)
        let second = try await rig.startAgent()
        try await eventually("it has compared") { second.kit.readiness.isReady }
        #expect(await runtime.list() == before)
        #expect(!second.metrics.contains("streams_agent_steps_total{"), "there was nothing to do")
        await second.stop()
        await runtime.end()
    }

    @Test func `a further derived stream does not disturb the decrypter, another setting replaces it`() async throws {
        let rig = try AgentRig()
        try rig.write(streams: ["demo", "demo-0"])
        let runtime = try await rig.startRuntime()
        let agent = try await rig.startAgent()
        try await eventually("the decrypter is ready") { await runtime.list().map(\.status) == [.ready] }
        let pid = try #require(await runtime.list().first?.pid)
        try rig.write(streams: ["demo", "demo-0", "demo-1"])
        try await eventually("the annotation is new") {
            await runtime.list().first?.annotations["strmprivacy.io/derived-streams"] == #"["demo-0","demo-1"]"#
        }
        #expect(await runtime.list().map(\.pid) == [pid])
        try rig.write(settings: "PATH=/usr/bin:/bin\nWORD=two\n")
        try await eventually("another process runs") {
            let process = await runtime.list().first
            return process?.status == .ready && process?.pid != pid
        }
        let name = try #require(await runtime.list().first).name
        try await eventually("it says so") { await runtime.logs(of: name, last: 1) == ["working as two"] }
        await agent.stop()
        await runtime.end()
    }

    @Test func `a deleted stream's decrypter stops at once, its topic goes after the grace period`() async throws {
        let rig = try AgentRig()
        try rig.write(streams: ["demo", "demo-0", "other"])
        let runtime = try await rig.startRuntime()
        let agent = try await rig.startAgent()
        try await eventually("everything is there") {
            try await runtime.list().map(\.status) == [.ready] && rig.topics().count == 3
        }
        try rig.write(streams: ["other"])
        try await eventually("the decrypter is gone") { await runtime.list().isEmpty }
        try await eventually("the topics are kept") {
            agent.metrics.contains(#"streams_agent_resources{kind="Topic",status="terminating"} 2"#)
        }
        #expect(try rig.topics().count == 3)
        await agent.stop()
        // The same, with a shorter patience: the wait began when the stream went.
        let impatient = try await rig.startAgent(["STREAMS_AGENT_DELETION_GRACE": "0s"])
        try await eventually("the topics are gone") { try rig.topics().count == 1 }
        #expect(try rig.topics() == [rig.stream("other").topic.description])
        #expect(try rig.log.topics().contains(.billing), "what was never a stream's is left alone")
        await impatient.stop()
        await runtime.end()
    }

    @Test func `a plane that is suddenly empty loses no topic`() async throws {
        let rig = try AgentRig()
        let names = (0..<6).map { "many\($0)" }
        try rig.write(streams: names)
        let runtime = try await rig.startRuntime()
        let settings = ["STREAMS_AGENT_DELETION_GRACE": "0s", "STREAMS_AGENT_DELETION_LIMIT": "5"]
        let agent = try await rig.startAgent(settings)
        try await eventually("the topics are there") { try rig.topics().count == 6 }
        try rig.write(streams: [])
        try await eventually("they are unwanted") {
            agent.metrics.contains(#"streams_agent_resources{kind="Topic",status="terminating"} 6"#)
        }
        #expect(try rig.topics().count == 6)
        await agent.stop()
        await runtime.end()
    }

    @Test func `a decrypter that ends again and again is told with its last words`() async throws {
        let rig = try AgentRig()
        try rig.write(decrypter: "echo no key; exit 78")
        try rig.write(streams: ["demo", "demo-0"])
        let runtime = try await rig.startRuntime()
        let agent = try await rig.startAgent()
        try await eventually("it is unhealthy") {
            agent.metrics.contains(#"streams_agent_resources{kind="Deployment",status="unhealthy"} 1"#)
        }
        try rig.write(decrypter: "exec cat <&3")
        try await eventually("it is well again") {
            agent.metrics.contains(#"streams_agent_resources{kind="Deployment",status="healthy"} 1"#)
        }
        await agent.stop()
        await runtime.end()
    }

    @Test func `without a runtime there are topics, and decrypters as soon as there is one`() async throws {
        let rig = try AgentRig()
        try rig.write(streams: ["demo", "demo-0"])
        let agent = try await rig.startAgent()
        try await eventually("the topics are there") { try rig.topics().count == 2 }
        #expect(!agent.kit.readiness.isReady)
        let first = try await rig.startRuntime()
        try rig.write(streams: ["demo", "demo-0", "other"])  // a change is tried at once, whatever failed
        try await eventually("the decrypter is ready") { await first.list().map(\.status) == [.ready] }
        await first.end()
        try File.remove("\(rig.state)/run/runtime.sock")
        let second = try await rig.startRuntime()
        try await eventually("the next runtime gets it too") { await second.list().map(\.status) == [.ready] }
        await agent.stop()
        await second.end()
    }

    @Test func `a line that is no setting stops nothing that runs`() async throws {
        let rig = try AgentRig()
        try rig.write(streams: ["demo", "demo-0"])
        let runtime = try await rig.startRuntime()
        let agent = try await rig.startAgent()
        try await eventually("the decrypter is ready") { await runtime.list().map(\.status) == [.ready] }
        let before = await runtime.list()
        try rig.write(settings: "PATH=/bin\nnonsense\n")
        try await eventually("the round fails") {
            agent.metrics.contains(#"streams_agent_rounds_total{result="failure"}"#)
        }
        #expect(await runtime.list() == before)
        await agent.stop()
        await runtime.end()
    }

    @Test func `a ledger that cannot be read is told, not replaced`() async throws {
        let rig = try AgentRig()
        try rig.write(streams: ["demo"])
        try rig.folder.makeFolder("state/agents/streams-agent")
        try rig.folder.write("state/agents/streams-agent/ledger.json", text: "{")
        await #expect(throws: (any Error).self) { _ = try await rig.startAgent() }
        #expect(try rig.topics().isEmpty)
    }

    @Test func `streams come and go while agents are stopped at any moment: nothing is left over`() async throws {
        let rig = try AgentRig()
        let runtime = try await rig.startRuntime()
        var random = SeededGenerator(seed: 11)
        let settings = ["STREAMS_AGENT_DELETION_GRACE": "0s"]
        for _ in 0..<12 {
            let sources = ["aaaa", "bbbb", "cccc", "dddd"].filter { _ in Bool.random(using: &random) }
            try rig.write(streams: sources + sources.filter { _ in Bool.random(using: &random) }.map { "\($0)-0" })
            let agent = try await rig.startAgent(settings)
            for _ in 0..<Int.random(in: 0...3, using: &random) { await Task.yield() }
            await agent.stop()
        }
        try rig.write(streams: ["aaaa", "aaaa-0", "dddd"])
        let agent = try await rig.startAgent(settings)
        try await eventually("one decrypter is left") {
            let wanted = "decrypter-\(try rig.stream("aaaa").id)"
            return await runtime.list().map(\.name) == [wanted]
        }
        try await eventually("three topics are left") {
            try rig.topics() == Set(rig.snapshot().streams.map(\.topic.description))
        }
        await agent.stop()
        await runtime.end()
    }
}
