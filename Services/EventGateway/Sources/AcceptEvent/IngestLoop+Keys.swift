internal import Contracts
internal import Crypto
internal import HTTP
internal import KeyVault
internal import Observe
internal import Privacy
internal import Time

/// An event that was accepted and is not in a batch yet.
struct Arrival {
    /// The request to answer.
    let stream: StreamID
    let source: SourceStream
    let meter: SchemaMeter
    /// Nanoseconds of the monotonic clock.
    let time: Int64
    /// Length of the body.
    let bytes: Int
}

/// What is asked of the vault: the key of a key-field value, and that its pair with the data subject is stored.
struct KeyQuestion: Hashable {
    let source: SourceStream
    let keyField: PlainBytes
    let subject: PlainBytes?

    static func == (left: KeyQuestion, right: KeyQuestion) -> Bool {
        left.source === right.source && left.keyField == right.keyField && left.subject == right.subject
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(ObjectIdentifier(source))
        hasher.combine(keyField)
        hasher.combine(subject)
    }
}

/// An event that waits for its key, still in plaintext: in memory only, wiped when it leaves.
struct WaitingEvent {
    let arrival: Arrival
    /// How to read the datum again: of the catalog that was in force when the event arrived.
    let program: EventProgram
    let datum: PlainBytes
}

extension IngestLoop {
    /// Keeps the event that was just read until the vault has its key.
    func wait(_ arrival: Arrival) {
        let question = KeyQuestion(
            source: arrival.source, keyField: PlainBytes(copying: event.keyValue),
            subject: event.subjectValue.map { PlainBytes(copying: $0) })
        guard let program = event.program else { preconditionFailure("an event that was read has a program") }
        queue.add(
            WaitingEvent(arrival: arrival, program: program, datum: PlainBytes(copying: event.datum)),
            waitingFor: question)
    }

    /// Sends the questions of this tick to the vault, together.
    func askForKeys() {
        guard queue.hasQuestions else { return }
        let questions = queue.takeQuestions()
        let requests = questions.map { question in
            KeyRequest(
                stream: question.source.id, keyField: question.keyField, subject: question.subject,
                policy: question.source.policy)
        }
        let bytes = requests.count * Self.questionWeight
        keyPace.handedOver(bytes: bytes, now: now)
        around.vault.resolve(requests, now: wallNow, on: loop) { [self] outcomes in
            let isAnswered = keysArrived(questions, outcomes)
            keyPace.answered(bytes: bytes, now: now, isCommitted: isAnswered)
        }
    }

    /// What a question counts for in `keyPace`: about what its key takes on disk.
    static let questionWeight = 1024  // bytes

    /// Seals what waited, or refuses it. The keys are durable by now.
    ///
    /// - Returns: Whether all of it could be sealed.
    private func keysArrived(_ questions: [KeyQuestion], _ outcomes: [KeyOutcome]) -> Bool {
        readClocks()
        var failures = 0
        var reason = ""
        for (question, outcome) in zip(questions, outcomes) {
            let events = queue.answered(question)
            do {
                switch outcome {
                case .failed(let error):
                    around.health.failed(error)
                    throw error
                case .key(let stored, let isNew):
                    isNew
                        ? around.telemetry.keysCreated.increment() : around.telemetry.keysReceived.increment()
                    let cipher = try keys.insert(
                        stream: question.source.tag, keyField: question.keyField.bytes,
                        subject: question.subject?.bytes, stored)
                    for event in events { seal(event, cipher) }
                }
            } catch {
                failures += 1
                reason = "\(error)"
                for event in events { refuse(event.arrival, .vaultUnavailable) }
            }
        }
        if failures > 0 { around.telemetry.emit(.vaultFailed(questions: failures, reason: reason)) }
        return failures == 0
    }

    private func seal(_ waiting: WaitingEvent, _ cipher: FieldCipher) {
        event.reread(waiting.datum.bytes, waiting.program)
        append(waiting.arrival, cipher)
    }
}
