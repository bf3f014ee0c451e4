/// Events that wait for their key, by what they wait for. Pure: it knows no vault and no loop.
///
/// An event whose key is not in the loop's cache waits here, still in plaintext and in memory only. Events that need the same
/// key (and bring the same data subject) share one question, also when the question is already on its way. At the end of a
/// tick all new questions go to the vault together.
///
/// ```
///   add ──► fresh ──takeQuestions──► asked ──answered──► the events, to be sealed or refused
///            │  ▲                     │  ▲
///            └──┴── joined by more ───┴──┘
/// ```
///
/// The bound is the caller's: every event in here is in flight, and `InFlight` counts those.
package struct KeyQueue<Identity: Hashable, Event> {
    private var waiting: [Identity: [Event]] = [:]
    private var fresh: [Identity] = []
    /// Events that wait, over all questions.
    package private(set) var count = 0

    /// An empty queue.
    package init() {}

    /// How many questions were not taken yet.
    package var freshCount: Int { fresh.count }

    /// Whether there are questions that were not taken yet.
    package var hasQuestions: Bool { !fresh.isEmpty }

    /// Lets `event` wait for the answer to `identity`.
    package mutating func add(_ event: Event, waitingFor identity: Identity) {
        count += 1
        if waiting[identity]?.append(event) == nil {
            waiting[identity] = [event]
            fresh.append(identity)
        }
    }

    /// The questions to ask now, in order of first sight; each is given out once.
    package mutating func takeQuestions() -> [Identity] {
        let questions = fresh
        fresh.removeAll()
        return questions
    }

    /// An answer came: the events that waited for it, in order of arrival.
    package mutating func answered(_ identity: Identity) -> [Event] {
        guard let events = waiting.removeValue(forKey: identity) else { return [] }
        count -= events.count
        return events
    }
}
