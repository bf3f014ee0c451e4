internal import Bytes

/// The header fields that the ingest door finds without a search.
package enum KnownHeader: UInt8, Sendable, CaseIterable {
    /// `host`, and `:authority` in HTTP/2.
    case host
    /// `authorization`; handlers use ``RequestHead/authorization``, which also knows whether it is new.
    case authorization
    /// `content-type`
    case contentType
    /// `content-length`
    case contentLength
    /// `transfer-encoding`
    case transferEncoding
    /// `connection`
    case connection
    /// `upgrade`
    case upgrade
    /// `expect`
    case expect
    /// `accept`
    case accept
    /// `strm-schema-ref`: handle/name/version.
    case strmSchemaRef
    /// `strm-serialization-type`
    case strmSerializationType
    /// `strm-client-id`: never believed when a caller sends it.
    case strmClientID
    /// `strm-driver-version`
    case strmDriverVersion
    /// `sec-websocket-key`
    case secWebSocketKey
    /// `sec-websocket-version`
    case secWebSocketVersion

    /// The name on the wire, lower case.
    package var name: StaticString {
        switch self {
        case .host: "host"
        case .authorization: "authorization"
        case .contentType: "content-type"
        case .contentLength: "content-length"
        case .transferEncoding: "transfer-encoding"
        case .connection: "connection"
        case .upgrade: "upgrade"
        case .expect: "expect"
        case .accept: "accept"
        case .strmSchemaRef: "strm-schema-ref"
        case .strmSerializationType: "strm-serialization-type"
        case .strmClientID: "strm-client-id"
        case .strmDriverVersion: "strm-driver-version"
        case .secWebSocketKey: "sec-websocket-key"
        case .secWebSocketVersion: "sec-websocket-version"
        }
    }

    /// True when a second field of the name makes the request ambiguous, so that it is refused.
    @inlinable package var isSingleton: Bool {
        switch self {
        case .host, .authorization, .contentType, .strmSchemaRef, .strmSerializationType, .secWebSocketKey,
            .secWebSocketVersion:
            true
        case .contentLength, .transferEncoding, .connection, .upgrade, .expect, .accept, .strmClientID,
            .strmDriverVersion:
            false
        }
    }

    /// By name in any case; `:authority` is ``host``. Nil for every other name.
    package init?(_ name: UnsafeRawBufferPointer) {
        // The length alone leaves at most two candidates.
        switch name.count {
        case 4: self.init(name, .host)
        case 6: self.init(name, .expect, .accept)
        case 7: self.init(name, .upgrade)
        case 10:
            if ASCII.equal(name, ":authority") {
                self = .host
            } else {
                self.init(name, .connection)
            }
        case 12: self.init(name, .contentType)
        case 13: self.init(name, .authorization)
        case 14: self.init(name, .contentLength, .strmClientID)
        case 15: self.init(name, .strmSchemaRef)
        case 17: self.init(name, .transferEncoding, .secWebSocketKey)
        case 19: self.init(name, .strmDriverVersion)
        case 21: self.init(name, .secWebSocketVersion)
        case 23: self.init(name, .strmSerializationType)
        default: return nil
        }
    }

    private init?(_ name: UnsafeRawBufferPointer, _ first: KnownHeader, _ second: KnownHeader? = nil) {
        if ASCII.equalIgnoringCase(name, first.name) {
            self = first
        } else if let second, ASCII.equalIgnoringCase(name, second.name) {
            self = second
        } else {
            return nil
        }
    }
}
