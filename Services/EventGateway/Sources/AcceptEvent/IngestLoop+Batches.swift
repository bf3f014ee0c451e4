internal import Contracts
internal import Bytes
internal import EventLog
internal import EventLoop
internal import HTTP
internal import Observe
internal import Privacy
internal import System
internal import Time
internal import Wire

extension IngestLoop {
    /// Seals the event that was just read and puts its record into the batch of its topic.
    func append(_ arrival: Arrival, _ cipher: FieldCipher) {
        let writer = arrival.source.writer
        let timestamp = wallNow.milliseconds
        record.removeAll()
        event.write(nonce: nonces.next(), timestamp: timestamp, keyLink: cipher.linkText, into: &record) {
            FieldCipher.sealedTextCount($0)
        }
        let personal = event.personal
        if fields.count < personal.count {
            fields.deallocate()
            fields = .allocate(capacity: personal.count * 2)
        }
        var count = 0
        for value in personal {
            guard let text = value.sealed.baseAddress else { preconditionFailure("a written value has a place") }
            fields.initializeElement(at: count, to: FieldToSeal(plain: value.plain, text: text))
            count &+= 1
        }
        cipher.seal(UnsafeBufferPointer(rebasing: fields[..<count]), using: sealing)
        writer.records.append(key: cipher.linkText, value: record.bytes, timestamp: timestamp)
        writer.receipt.add(arrival.stream, meter: arrival.meter, arrival: arrival.time, bytes: arrival.bytes)
        list(writer)
    }

    /// Has the writer looked at when the tick ends.
    @inline(__always)
    private func list(_ writer: TopicWriter) {
        guard !writer.isListed else { return }
        writer.isListed = true
        listed.append(writer)
    }

    /// The round of the loop is over: what it collected goes to the vault and to the log.
    package func tickEnded() {
        askForKeys()
        if !listed.isEmpty {
            if now == 0 { readClocks() }
            for writer in listed {
                let wait = writer.timeUntilDue(now: now, isBusy: !loop.isIdle)
                if wait == 0 { handOver(writer) }
                // Who has a batch on its way is listed again when that is answered.
                writer.isListed = !writer.records.isEmpty && writer.onTheWay == 0
                if writer.isListed { loop.lookAgain(afterNanoseconds: writer.isLoaded ? wait : 0) }
            }
            listed.removeAll { !$0.isListed }
        }
        publish()
        now = 0
    }

    private func handOver(_ writer: TopicWriter) {
        var receipt = writer.receipt
        let start = MonotonicTime.now().nanoseconds
        let records = writer.takeBatch(&receipt, now: start)
        around.telemetry.batchSize.observe(receipt.streams.count)
        around.log.append(records, to: writer.topic, on: loop) { [self, receipt] result in
            batchAnswered(writer, receipt, after: MonotonicTime.now().nanoseconds - start, result)
        }
    }

    /// The log has committed a batch, or refused it: its events get their answers.
    private func batchAnswered(
        _ writer: TopicWriter, _ receipt: Receipt, after duration: Int64, _ result: Result<Position, EventLogError>
    ) {
        readClocks()
        var isCommitted = false
        switch result {
        case .success:
            isCommitted = true
            writer.growth.mark()
            around.telemetry.appendSucceeded.observe(Int(duration))
            if !writer.isKnownFine || around.health.isFailing {
                writer.isKnownFine = true
                around.health.committed(writer.topic)
            }
            door.respondNoContent(to: receipt.streams)
            for run in receipt.runs {
                run.meter.accepted.add(run.count)
                run.meter.bytes.add(run.bytes)
                around.telemetry.timing.observe(Int(now - run.arrival), times: run.count)
            }
            around.telemetry.encrypted.add(receipt.streams.count)
        case .failure(let error):
            around.telemetry.appendFailed.observe(Int(duration))
            writer.isKnownFine = false
            around.health.failed(writer.topic, error)
            around.telemetry.emit(.appendFailed(topic: writer.topic, events: receipt.streams.count, reason: "\(error)"))
            let answer = Answer.full(Refusal.logUnavailable.response(realm: ""))
            for stream in receipt.streams { door.respond(stream, answer) }
            for run in receipt.runs {
                around.telemetry.refused(.logUnavailable, schema: run.meter.schema, count: run.count)
            }
        }
        flight.settle(events: receipt.streams.count, bytes: receipt.bytes)
        writer.batchAnswered(receipt, now: now, isCommitted: isCommitted)
        if !writer.records.isEmpty { list(writer) }
    }
}
