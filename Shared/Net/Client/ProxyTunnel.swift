internal import Bytes
internal import HTTP
internal import System

/// The conversation with a proxy that precedes the one with the server: CONNECT, and its answer (RFC 9110 §9.3.6). Told when the
/// descriptor may be ready, answers what it waits for.
struct ProxyTunnel: ~Copyable {
    enum Outcome {
        /// From here on the descriptor leads to the server.
        case open
        case wantsRead, wantsWrite
        case failed(NetError)
    }

    private var request = OutputBuffer(capacity: 256)
    private var sent = 0
    // What a proxy says beside its status is of no use; it may say a page.
    private var parser = ResponseParser(limits: HTTPLimits(bodyBytes: 64 * 1024))

    init(to host: String, port: Int, by proxy: HTTPProxy) {
        // Always with the port: the target is in authority form (RFC 9112 §3.2.3).
        let authority = host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)"
        var connect = Request(.connect, authority)
        connect.authority = authority
        connect.headers["proxy-authorization"] = proxy.authorization
        HTTP1Writer.write(connect, into: &request)
        parser.expectResponse(to: .connect)
    }

    mutating func advance(raw: Int32) -> Outcome {
        while sent < request.count {
            switch FileDescriptor.write(raw: raw, UnsafeRawBufferPointer(rebasing: request.bytes[sent...])) {
            case .done(let count): sent += count
            case .wouldBlock: return .wantsWrite
            case .failed(let code): return .failed(.system(.call("write", errno: code, subject: "")))
            }
        }
        while true {
            let outcome = withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 16) { buffer in
                let outcome = FileDescriptor.read(raw: raw, into: buffer)
                if case .done(let count) = outcome { parser.feed(UnsafeRawBufferPointer(rebasing: buffer[..<count])) }
                return outcome
            }
            switch outcome {
            case .done(0): return ended()
            case .done: if let result = answered() { return result }
            case .wouldBlock: return .wantsRead
            case .failed(let code): return .failed(.system(.call("read", errno: code, subject: "")))
            }
        }
    }

    private mutating func answered() -> Outcome? {
        do throws(HTTPError) {
            guard let response = try parser.next() else { return nil }
            guard response.status.isSuccess else { return .failed(.proxyRefused(response.status)) }
            // In what comes through the tunnel the client speaks first: whoever speaks now is not the server.
            guard parser.takeRest().isEmpty else {
                return .failed(.http(.malformed("bytes behind the proxy's answer")))
            }
            return .open
        } catch {
            return .failed(.http(error))
        }
    }

    private mutating func ended() -> Outcome {
        do throws(HTTPError) {
            guard let response = try parser.inputEnded() else { return .failed(.connectionEnded) }
            return .failed(.proxyRefused(response.status))
        } catch {
            return .failed(.http(error))
        }
    }
}
