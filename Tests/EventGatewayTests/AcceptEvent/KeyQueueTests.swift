import EventGateway
import Testing

@Suite struct KeyQueueTests {
    @Test func `events that need the same key share one question`() {
        var queue = KeyQueue<String, Int>()
        queue.add(1, waitingFor: "ann")
        queue.add(2, waitingFor: "bob")
        queue.add(3, waitingFor: "ann")
        let questions = queue.takeQuestions()
        #expect(questions == ["ann", "bob"])
        let answered = [queue.answered("ann"), queue.answered("bob")]
        #expect(answered == [[1, 3], [2]])
        #expect(queue.count == 0)
    }

    @Test func `an event joins a question that is on its way`() {
        var queue = KeyQueue<String, Int>()
        queue.add(1, waitingFor: "ann")
        _ = queue.takeQuestions()
        queue.add(2, waitingFor: "ann")
        #expect(!queue.hasQuestions)
        #expect(queue.count == 2)
        let answered = queue.answered("ann")
        #expect(answered == [1, 2])
    }

    @Test func `after the answer the same key is a new question`() {
        var queue = KeyQueue<String, Int>()
        queue.add(1, waitingFor: "ann")
        _ = queue.takeQuestions()
        _ = queue.answered("ann")
        queue.add(2, waitingFor: "ann")
        let questions = queue.takeQuestions()
        #expect(questions == ["ann"])
    }

    @Test func `an answer that nobody waits for gives nothing`() {
        var queue = KeyQueue<String, Int>()
        let answered = queue.answered("ann")
        #expect(answered.isEmpty)
    }
}
