package import EventLoop
package import HTTP
import JSON
import Net
import Synchronization
package import TLS
package import Time

/// Why a client got no token. The text is for a log: an address and a reason, never a secret.
package struct TokenRefused: Error, Sendable, Equatable, CustomStringConvertible {
    /// What went wrong.
    package let description: String

    /// Names a reason.
    package init(description: String) { self.description = description }
}

/// Access tokens of one client (RFC 6749 §4.4): asked for when one is needed, kept until a minute before they end.
///
/// Safe from any thread.
package final class ClientTokens: Sendable {
    /// What the client logs in with.
    package struct Credentials: Sendable {
        /// Its id.
        package var clientID: String
        /// Its secret. Never logged.
        package var clientSecret: String

        /// From their parts.
        package init(clientID: String, clientSecret: String) {
            self.clientID = clientID
            self.clientSecret = clientSecret
        }
    }

    private struct Held {
        var text: String
        var until: Timestamp
    }

    private let url: URLParts
    private let client: HTTPClient
    private let tls: TLSClientContext
    private let clock: any WallClock
    private let credentials: @Sendable () throws -> Credentials
    private let held = Mutex<Held?>(nil)

    /// - Parameters:
    ///   - url: The token endpoint.
    ///   - loop: Carries the connection.
    ///   - tls: Trusts the authority of the issuer's certificate.
    ///   - credentials: Read before every login, so that a new secret counts at once.
    package init(
        from url: URLParts, on loop: EventLoop, tls: TLSClientContext, clock: any WallClock,
        credentials: @escaping @Sendable () throws -> Credentials
    ) {
        self.url = url
        self.tls = tls
        self.clock = clock
        self.credentials = credentials
        var options = HTTPClientOptions()
        options.deadline = .seconds(5)
        options.bodyLimit = 64 << 10
        client = HTTPClient(on: loop, tls: tls, options: options)
    }

    /// A token that is good for a while.
    ///
    /// - Throws: `TokenRefused`.
    package func token() async throws(TokenRefused) -> String {
        let now = clock.now()
        if let held = held.withLock({ $0 }), now < held.until { return held.text }
        _ = tls.reloadIfChanged()
        let answer: Response
        do {
            answer = try await client.send(try request(), to: HTTPEndpoint(url))
        } catch {
            throw TokenRefused(description: "no token from \(url): \(error)")
        }
        guard answer.status == .ok else {
            throw TokenRefused(description: "no token from \(url): it answered \(answer.status)")
        }
        guard let (text, lifetime) = Self.read(answer.body) else {
            throw TokenRefused(description: "no token from \(url): its answer is not one of RFC 6749")
        }
        held.withLock { $0 = Held(text: text, until: now + max(.zero, lifetime - .minutes(1))) }
        return text
    }

    /// The token was refused, so the next one is asked for: its issuer may have lost its keys, or been another one.
    package func forget() {
        held.withLock { $0 = nil }
    }

    private func request() throws -> Request {
        let credentials = try credentials()
        var form = FormFields()
        form.add("grant_type", "client_credentials")
        form.add("client_id", credentials.clientID)
        form.add("client_secret", credentials.clientSecret)
        var request = Request(.post, url.target, body: Array(form.encoded.utf8))
        request.headers.add("content-type", "application/x-www-form-urlencoded")
        return request
    }

    private static func read(_ body: [UInt8]) -> (text: String, lifetime: Duration)? {
        do {
            let answer = try JSONValue.parse(body)
            guard let text = answer["access_token"]?.string, let seconds = answer["expires_in"]?.int64 else {
                return nil
            }
            return (text, .seconds(seconds))
        } catch {
            return nil
        }
    }
}
