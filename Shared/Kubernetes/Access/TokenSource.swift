internal import EventLoop
internal import Synchronization
internal import System

/// The bearer token of a cluster: fixed, or in a file that somebody renews (the kubelet does, long before the token ends). The file is
/// read again when what was read is a minute old, and after the server has refused it.
final class TokenSource: Sendable {
    private struct Known {
        var token = ""
        var readAt: MonotonicTime?
    }

    /// After a refusal the file is not read more often than that: a hundred requests that were refused together need one look.
    private static let shortestLife = Duration.seconds(1)
    private static let longestLife = Duration.seconds(60)
    /// In bytes; a token has one or two thousand.
    private static let sizeLimit = 64 * 1024

    private let path: String?
    private let known: Mutex<Known>
    private let thread: BlockingThread?  // for the file

    /// A token that stays.
    init(fixed token: String) {
        path = nil
        thread = nil
        known = Mutex(Known(token: token))
    }

    /// - Throws: `.badAccess` when the file cannot be used now.
    init(file path: String) throws(KubernetesError) {
        self.path = path
        do throws(SystemError) {
            thread = try BlockingThread(name: "kube-token")
        } catch {
            throw .badAccess(place: path, reason: error.description)
        }
        known = Mutex(Known(token: try Self.read(path), readAt: .now()))
    }

    /// The token to show now.
    ///
    /// - Parameter isRefused: The server did not take the last one.
    /// - Throws: `.badAccess` when the file cannot be read and what is known was refused. A file that cannot be read otherwise leaves the
    ///   known token in use: it may well be good.
    func token(isRefused: Bool = false) async throws(KubernetesError) -> String {
        guard let path, let thread else { return known.withLock { $0.token } }
        let life = isRefused ? Self.shortestLife : Self.longestLife
        let fresh = known.withLock { known -> String? in
            guard let readAt = known.readAt, MonotonicTime.now() - readAt < life else { return nil }
            return known.token
        }
        if let fresh { return fresh }
        let result: Result<String, KubernetesError> = await withCheckedContinuation { continuation in
            let runs = thread.run {
                do throws(KubernetesError) {
                    continuation.resume(returning: .success(try Self.read(path)))
                } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
            precondition(runs, "the thread lives as long as its source")
        }
        switch result {
        case .success(let token):
            known.withLock { $0 = Known(token: token, readAt: .now()) }
            return token
        case .failure(let error):
            if isRefused { throw error }
            return known.withLock { $0.token }
        }
    }

    private static func read(_ path: String) throws(KubernetesError) -> String {
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try File.read(path, limit: sizeLimit)
        } catch {
            throw .badAccess(place: path, reason: error.description)
        }
        let token = bytes.split { $0 <= 0x20 }
        guard token.count == 1, let text = String(validating: token[0], as: UTF8.self) else {
            throw .badAccess(place: path, reason: "a token is one word")
        }
        return text
    }
}
