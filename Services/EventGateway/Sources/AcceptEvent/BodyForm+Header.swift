internal import Bytes
internal import Contracts
internal import HTTP

extension BodyForm {
    /// What the caller says about its body. `Content-Type` says nothing: clients send whatever their library likes. A value of
    /// `Strm-Serialization-Type` that nobody knows counts as unstated.
    init(_ head: borrowing RequestHead) {
        guard let type = head.value(of: .strmSerializationType) else {
            self = .unstated
            return
        }
        if ASCII.equalIgnoringCase(type, "application/x-avro-binary") {
            self = .avro
        } else if ASCII.equalIgnoringCase(type, "application/json") {
            self = .json
        } else {
            self = .unstated
        }
    }
}
