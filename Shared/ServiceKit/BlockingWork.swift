import System

/// Does work that blocks (joining threads, closing stores) on a thread of its own, while the caller is suspended: the pool of
/// Swift's tasks has as many threads as the machine has processors, and must not lose one.
package func onOwnThread(_ name: String, _ work: @escaping @Sendable () -> Void) async {
    await withCheckedContinuation { continuation in
        let body: @Sendable () -> Void = {
            work()
            continuation.resume()
        }
        // Without a thread, blocking here is the lesser evil.
        do throws(SystemError) { try SystemThread.start(name, body).detach() } catch { body() }
    }
}
