import API
import GRPC
import Reconcile
import StreamsAgent
import Testing
import Time

@Suite struct EntityStatesTests {
    private let topic = ResourceID(ResourceKind("Topic", holdsData: true), "stream-1")
    private let newer = ResourceID(ResourceKind("Topic", holdsData: true), "stream-2")
    private let decrypter = ResourceID(ResourceKind("Deployment", holdsData: false), "decrypter-1")
    private let notes = ["strmprivacy.io/stream": "demo", "strmprivacy.io/project": "p"]

    private func part(_ type: EntityState.ResourceType) -> EntityPart {
        EntityPart(project: "p", stream: "demo", type: type)
    }

    @Test func `a state names the stream, its project and the part`() {
        let parts = EntityStates.of(
            [
                topic: ResourceState(.pending, ""),
                decrypter: ResourceState(.unhealthy, "it ends again and again", logs: ["no key"]),
            ], annotations: [topic: notes, decrypter: notes])
        let states = EntityStates.messages(parts, now: Timestamp(seconds: 7))
        #expect(states.map(\.resourceType) == [.streamTopic, .streamDecrypterDeployment])
        #expect(states.map(\.status) == [.pending, .unhealthy])
        #expect(states.allSatisfy { $0.ref?.name == "demo" && $0.ref?.projectID == "p" && $0.ref?.type == .stream })
        #expect(states[1].message == "it ends again and again" && states[1].logs == ["no key"])
        #expect(states[0].stateTime?.seconds == 7)
    }

    @Test func `what belongs to no stream is nobody's entity`() {
        let other = ResourceID(ResourceKind("Topic", holdsData: true), "billing")
        #expect(EntityStates.of([other: ResourceState(.healthy, "")], annotations: [:]).isEmpty)
    }

    @Test func `of a deleted stream and a new one of its name, the new one is told about`() {
        let notes = [topic: notes, newer: notes]
        let both = [topic: ResourceState(.terminating, "kept"), newer: ResourceState(.healthy, "")]
        #expect(EntityStates.of(both, annotations: notes) == [part(.streamTopic): ResourceState(.healthy, "")])
        // And when the old one has gone, that is no news.
        let one = [newer: ResourceState(.healthy, "")]
        #expect(EntityStates.of(one, annotations: notes) == EntityStates.of(both, annotations: notes))
        // Deleted twice: always the same of the two.
        let gone = [topic: ResourceState(.terminating, "one"), newer: ResourceState(.terminating, "two")]
        #expect(
            EntityStates.of(gone, annotations: notes) == [part(.streamTopic): ResourceState(.terminating, "one")])
    }

    @Test func `what the control plane knows is read back as it was told`() {
        let parts = [
            part(.streamTopic): ResourceState(.terminating, "kept"),
            part(.streamDecrypterDeployment): ResourceState(.unhealthy, "ended", logs: ["no key"]),
        ]
        #expect(EntityStates.told(EntityStates.messages(parts, now: .epoch)) == parts)
        // What is gone, and what other agents tell about, is not.
        var others = EntityStates.messages([part(.streamTopic): ResourceState(.removed, "")], now: .epoch)
        others += EntityStates.messages([part(.streamEncryptionKeysTopic): ResourceState(.healthy, "")], now: .epoch)
        #expect(EntityStates.told(others).isEmpty)
    }
}
