private import CLinux
internal import Glibc

/// A thread of our own. It lives outside Swift's pool, so it may block.
package struct SystemThread: Sendable {
    private let handle: pthread_t

    /// How long the calling thread has been on a processor. Only differences mean something.
    package static func processorTime() -> Duration {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return .seconds(Int64(time.tv_sec)) + .nanoseconds(Int64(time.tv_nsec))
    }

    /// Starts a thread. `name` shows in `top -H`; the kernel keeps 15 bytes of it.
    ///
    /// - Throws: `.call` when the machine has no room for a thread.
    package static func start(_ name: String, _ body: @escaping @Sendable () -> Void) throws(SystemError)
        -> SystemThread
    {
        var handle = pthread_t()
        let box = Unmanaged.passRetained(ThreadBody(name: name, body: body))
        let code = pthread_create(
            &handle, nil,
            { argument in
                let owner = Unmanaged<ThreadBody>.fromOpaque(argument!).takeRetainedValue()
                pthread_setname_np(pthread_self(), String(owner.name.prefix(15)))
                owner.body()
                return nil
            }, box.toOpaque())
        guard code == 0 else {
            box.release()
            throw .call("pthread_create", errno: code, subject: name)
        }
        return SystemThread(handle: handle)
    }

    /// Waits until the thread ends. Exactly one caller does this, or `detach`.
    package func join() {
        pthread_join(handle, nil)
    }

    /// Lets the thread clean up after itself.
    package func detach() {
        pthread_detach(handle)
    }

    /// A number that no other running thread of this process has.
    @inline(__always)
    package static var currentID: UInt { UInt(pthread_self()) }
}

private final class ThreadBody: Sendable {
    let name: String
    let body: @Sendable () -> Void

    init(name: String, body: @escaping @Sendable () -> Void) {
        self.name = name
        self.body = body
    }
}

/// A value behind a lock, and a way to wait until it changes. For threads that may block; event loops only ever signal.
///
/// Rules: `withLock` bodies are short, never call out, never log. Waits take a limit.
package final class Monitor<Value>: @unchecked Sendable {  // `value` is touched only while `mutex` is held
    private var value: Value
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let condition: UnsafeMutablePointer<pthread_cond_t>

    /// Puts a value behind a new lock.
    package init(_ value: sending Value) {
        self.value = value
        mutex = .allocate(capacity: 1)
        condition = .allocate(capacity: 1)
        mutex.initialize(to: pthread_mutex_t())
        condition.initialize(to: pthread_cond_t())
        pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(condition, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    /// Looks at or changes the value. Wakes nobody.
    package func withLock<Result, Failure: Error>(
        _ body: (inout Value) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return try body(&value)
    }

    /// Changes the value and wakes every waiting thread, which then looks again.
    package func change<Result>(_ body: (inout Value) -> Result) -> Result {
        pthread_mutex_lock(mutex)
        defer {
            pthread_cond_broadcast(condition)
            pthread_mutex_unlock(mutex)
        }
        return body(&value)
    }

    /// Wakes one waiting thread, if any: after a `withLock` that made work for one.
    package func wakeOne() {
        pthread_cond_signal(condition)
    }

    /// Waits until `ready` answers something other than nil, and returns that. Nil when `limit` is over; no limit waits on.
    ///
    /// `ready` runs under the lock, at once and after every `change`.
    package func wait<Result>(upTo limit: Duration? = nil, _ ready: (inout Value) -> Result?) -> Result? {
        let deadline = limit.map { MonotonicTime.now() + $0 }
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while true {
            if let result = ready(&value) { return result }
            guard let deadline else {
                pthread_cond_wait(condition, mutex)
                continue
            }
            var time = timespec(
                tv_sec: Int(deadline.nanoseconds / 1_000_000_000), tv_nsec: Int(deadline.nanoseconds % 1_000_000_000))
            if pthread_cond_timedwait(condition, mutex, &time) == ETIMEDOUT { return ready(&value) }
        }
    }
}
