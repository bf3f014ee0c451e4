import API
import GRPC
import Reconcile
import StreamsAgent
import Testing
import Time

@Suite struct EntityStatesTests {
    @Test func `a state names the stream, its project and the part`() {
        let topic = ResourceID(ResourceKind("Topic", holdsData: true), "stream-1")
        let decrypter = ResourceID(ResourceKind("Deployment", holdsData: false), "decrypter-1")
        let notes = ["strmprivacy.io/stream": "demo", "strmprivacy.io/project": "p"]
        let states = EntityStates.of(
            [
                topic: ResourceState(.removed, ""),
                decrypter: ResourceState(.unhealthy, "it ends again and again", logs: ["no key"]),
            ], annotations: [topic: notes, decrypter: notes], now: Timestamp(seconds: 7))
        #expect(states.map(\.resourceType) == [.streamDecrypterDeployment, .streamTopic])
        #expect(states.map(\.status) == [.unhealthy, .removed])
        #expect(states.allSatisfy { $0.ref?.name == "demo" && $0.ref?.projectID == "p" && $0.ref?.type == .stream })
        #expect(states[0].message == "it ends again and again" && states[0].logs == ["no key"])
        #expect(states[1].stateTime?.seconds == 7)
    }

    @Test func `what belongs to no stream is nobody's entity`() {
        let other = ResourceID(ResourceKind("Topic", holdsData: true), "billing")
        #expect(EntityStates.of([other: ResourceState(.healthy, "")], annotations: [:], now: .epoch).isEmpty)
    }
}
