package import EventLoop
package import HTTP
import Net
package import TLS

extension KeySetSource {
    /// Fetches the key set from an address, over TLS when it says so: five seconds for everything, 256 kB at most.
    ///
    /// - Parameters:
    ///   - url: Usually `<issuer>/protocol/openid-connect/certs`.
    ///   - loop: Carries the connection.
    ///   - tls: Trusts the authority of the issuer's certificate.
    package static func fetch(_ url: URLParts, on loop: EventLoop, tls: TLSClientContext) -> Fetch {
        var options = HTTPClientOptions()
        options.deadline = .seconds(5)
        options.bodyLimit = KeySet.byteLimit
        let client = HTTPClient(on: loop, tls: tls, options: options)
        return { done in
            // A new authority counts from the next connection on.
            _ = tls.reloadIfChanged()
            var request = Request(.get, url.target)
            request.headers["accept"] = "application/json"
            client.start(request, to: HTTPEndpoint(url)) { result in
                switch result {
                case .success(let response):
                    guard response.status == .ok else {
                        return done(.failure(KeySetFetchFailure("\(url) answered \(response.status.code)")))
                    }
                    done(.success(response.body))
                case .failure(let error): done(.failure(KeySetFetchFailure(error.description)))
                }
            }
        }
    }
}
