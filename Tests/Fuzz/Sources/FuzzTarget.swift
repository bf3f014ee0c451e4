/// Everything that is fuzzed: one case, one file, one folder of the corpus.
///
/// A target takes any bytes, feeds them to the code under test and checks what must hold whatever they are. It is the same
/// code under libFuzzer (`make fuzz`) and when the corpus is replayed (`make test`).
package enum FuzzTarget: String, CaseIterable, Sendable {
    /// Requests on an HTTP/1.1 connection, in pieces.
    case http1Request = "http1-request"
    /// Responses on an HTTP/1.1 connection, in pieces.
    case http1Response = "http1-response"
    /// HPACK blocks of one connection.
    case hpack
    /// Frames at the ingest door's own HTTP/2 session, in pieces.
    case http2
    /// The same at the session of the library.
    case http2Library = "http2-library"
    /// Both sessions with the same bytes.
    case http2Differential = "http2-differential"
    /// JSON texts: parser, reader, writer.
    case json
    /// JSON Schemas, and texts that are judged by them.
    case jsonSchema = "json-schema"
    /// Avro datums under schemas that are made from the input, too.
    case avroDatum = "avro-datum"
    /// Web-socket frames, in pieces.
    case webSocket = "web-socket"
    /// Bearer tokens.
    case token
    /// Key sets: JWKS and Tink's keysets.
    case keySet = "key-set"
    /// Packed bodies of records.
    case recordBatch = "record-batch"
    /// YAML as it stands in a plane's folder.
    case yaml
    /// Messages of the interface definitions as JSON.
    case protoJSON = "proto-json"
    /// Messages of the interface definitions in their binary form.
    case protobuf
    /// gRPC's messages on a stream, in pieces, and the texts around them.
    case grpcFrame = "grpc-frame"
    /// Messages of the private plane's tunnel.
    case tunnelFrame = "tunnel-frame"
    /// Sessions of it: an agent with a hostile server, and two honest ends on a bad link.
    case tunnelSession = "tunnel-session"
    /// Contracts, and events under them.
    case contract
    /// Event bodies under one contract.
    case event
    /// Patterns of contracts.
    case regex
    /// URLs, forms, credentials, encodings.
    case address
    /// Durations, times, references, names.
    case text
    /// Paths and queries of calls to a cluster.
    case policyPath = "policy-path"
    /// Policies of a plane's owner.
    case policyJSON = "policy-json"
    /// Answers of a cluster, in pieces.
    case responseFilter = "response-filter"

    /// Runs one input.
    ///
    /// - Throws: which promise of the code under test is broken. A crash is a finding as well.
    package func run(_ bytes: UnsafeRawBufferPointer) throws(BrokenInvariant) {
        switch self {
        case .http1Request: try HTTP1RequestFuzz.run(bytes)
        case .http1Response: try HTTP1ResponseFuzz.run(bytes)
        case .hpack: try HPACKFuzz.run(bytes)
        case .http2: try HTTP2Fuzz.runIngest(bytes)
        case .http2Library: try HTTP2Fuzz.runLibrary(bytes)
        case .http2Differential: try HTTP2DifferentialFuzz.run(bytes)
        case .json: try JSONFuzz.run(bytes)
        case .jsonSchema: try JSONSchemaFuzz.run(bytes)
        case .avroDatum: try AvroDatumFuzz.run(bytes)
        case .webSocket: try WebSocketFuzz.run(bytes)
        case .token: try TokenFuzz.run(bytes)
        case .keySet: try KeySetFuzz.run(bytes)
        case .recordBatch: try RecordBatchFuzz.run(bytes)
        case .yaml: try YAMLFuzz.run(bytes)
        case .protoJSON: try ProtoJSONFuzz.run(bytes)
        case .protobuf: try ProtobufFuzz.run(bytes)
        case .grpcFrame: try GRPCFrameFuzz.run(bytes)
        case .tunnelFrame: try TunnelFrameFuzz.run(bytes)
        case .tunnelSession: try TunnelSessionFuzz.run(bytes)
        case .contract: try ContractFuzz.run(bytes)
        case .event: try EventFuzz.run(bytes)
        case .regex: try RegexFuzz.run(bytes)
        case .address: try AddressFuzz.run(bytes)
        case .text: try TextFuzz.run(bytes)
        case .policyPath: try PolicyPathFuzz.run(bytes)
        case .policyJSON: try PolicyJSONFuzz.run(bytes)
        case .responseFilter: try ResponseFilterFuzz.run(bytes)
        }
    }

    /// Runs one input; the promise that it breaks, or nil.
    package func finding(in bytes: [UInt8]) -> BrokenInvariant? {
        bytes.withUnsafeBytes { bytes in
            switch outcome({ () throws(BrokenInvariant) in try run(bytes) }) {
            case .success: nil
            case .failure(let broken): broken
            }
        }
    }
}

/// Something that must hold for every input and did not hold for this one.
package struct BrokenInvariant: Error, Equatable, CustomStringConvertible {
    /// What should have been true.
    package let description: String
}

/// Throws unless the condition holds.
func require(_ condition: Bool, _ invariant: @autoclosure () -> String) throws(BrokenInvariant) {
    guard condition else { throw BrokenInvariant(description: invariant()) }
}

/// The value, or a broken invariant when there is none.
func require<Value>(_ value: Value?, _ invariant: @autoclosure () -> String) throws(BrokenInvariant) -> Value {
    guard let value else { throw BrokenInvariant(description: invariant()) }
    return value
}

/// What a throwing call answered, as a value: outcomes of two ways can be compared.
func outcome<Value, Failure: Error>(_ body: () throws(Failure) -> Value) -> Result<Value, Failure> {
    do throws(Failure) { return .success(try body()) } catch { return .failure(error) }
}
