package import EventLoop
package import System
import Synchronization

/// Turns host names into addresses without blocking a loop. IP addresses and `localhost` need no resolver (RFC 6761
/// §6.3); other names go to the C library on a thread of their own, which starts with the first such name.
package final class Resolver: Sendable {
    private let thread = Mutex<BlockingThread?>(nil)

    /// A resolver; it costs nothing before its first name.
    package init() {}

    /// Looks a host up; answers on the loop, perhaps before this returns.
    package func resolve(
        host: String, port: UInt16, on loop: EventLoop,
        _ done: @escaping @Sendable (Result<[SocketAddress], SystemError>) -> Void
    ) {
        if let known = Self.withoutResolver(host, port) { return done(.success(known)) }
        let started: Result<BlockingThread, SystemError> = thread.withLock { thread in
            if let thread { return .success(thread) }
            do throws(SystemError) {
                let started = try BlockingThread(name: "resolver")
                thread = started
                return .success(started)
            } catch {
                return .failure(error)
            }
        }
        switch started {
        case .failure(let error): done(.failure(error))
        case .success(let thread):
            thread.run(
                returningTo: loop,
                {
                    do throws(SystemError) {
                        return .success(try SocketAddress.resolve(host: host, port: port))
                    } catch {
                        return .failure(error)
                    }
                }, then: done)
        }
    }

    private static func withoutResolver(_ host: String, _ port: UInt16) -> [SocketAddress]? {
        do throws(SystemError) {
            if host == "localhost" {
                return [try SocketAddress(ip: "127.0.0.1", port: port), try SocketAddress(ip: "::1", port: port)]
            }
            return [try SocketAddress(ip: host, port: port)]
        } catch {
            return nil  // not an address: a name
        }
    }
}
