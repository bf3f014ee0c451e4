internal import Time
internal import Wire

/// Short texts with a grammar: durations, timestamps, references, names.
enum TextFuzz {
    static func run(_ bytes: UnsafeRawBufferPointer) throws(BrokenInvariant) {
        let text = String(decoding: bytes, as: UTF8.self)
        if let duration = outcome({ () throws(TimeError) in try Duration(text: text) }).value {
            let again = outcome { () throws(TimeError) in try Duration(text: duration.text) }.value
            try require(again == duration, "a duration is read as it is written: \(duration.text)")
        }
        if let moment = outcome({ () throws(TimeError) in try Timestamp(text: text) }).value {
            let again = outcome { () throws(TimeError) in try Timestamp(text: moment.description) }.value
            try require(again == moment, "a time is read as it is written: \(moment)")
        }
        if let ref = ContractRef(text) { try require(ref.description == text, "a reference is its text") }
        if let topic = TopicName(text) { try require(topic.description == text, "a topic is its text") }
        if let link = KeyLink(text) {
            try require(link.description == text.lowercased(), "a key link is its text in lower case")
            try require(KeyLink(link.description) == link, "a key link is read as it is written")
        }
    }
}
