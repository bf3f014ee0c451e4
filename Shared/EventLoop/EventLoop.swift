private import CLinux
import Synchronization
package import System
import Time

/// One thread that waits for descriptors, timers and posted work, and runs what they ask for, one thing at a time.
///
/// A round of the loop:
///
///     epoll_wait ► ready handlers ► posted work and actor jobs ► due timers ► tick hooks (.work, then .output) ► again
///
/// Everything marked "on loop" is called from the loop's own thread only; only `post`, `isOnLoop`, `stop`, `join` and the
/// executor's own functions are for every thread. Work that blocks belongs on a `BlockingThread`.
///
/// The loop is the executor of the actors that live on it: an actor returns `loop.asUnownedSerialExecutor()` as its
/// `unownedExecutor`, and its methods then run here, between the handlers.
package final class EventLoop: SerialExecutor, TaskExecutor, @unchecked Sendable {
    // `@unchecked`: everything below the inbox is touched by the loop's thread only, and `inbox` is behind its lock.

    private enum Job {
        case work(@Sendable () -> Void)
        case executor(UnownedJob)
    }

    private struct Inbox {
        var jobs: [Job] = []
        /// The loop waits, or is about to: who posts next must wake it.
        var mustBeWoken = false
        var stopped = false
    }

    /// Which handler a descriptor belongs to. The generation tells an event for a descriptor number that was closed and
    /// reused in the same round from one for its new owner.
    private struct Registration {
        var handler: (any ReadyHandler)?
        var generation: UInt32
    }

    /// The name given at the start; the thread's name too.
    package let name: String
    private let inbox = Mutex(Inbox())
    private let threadID = Atomic<UInt>(0)
    private let thread = Mutex<SystemThread?>(nil)
    private let epoll: Int32
    private let wakeUp: Int32

    private var registrations: [Registration] = []
    private var timers = TimerHeap()
    private var workHooks: [any TickHook] = []
    private var outputHooks: [any TickHook] = []
    // The batch being run; swapped with the inbox, so that neither allocates in steady state.
    private var running: [Job] = []
    private var mustStop = false
    private var longestWait = Int64.max  // nanoseconds
    private var now: MonotonicTime

    /// Starts a loop and its thread.
    ///
    /// - Parameter name: For the thread; the kernel keeps 15 bytes.
    /// - Throws: When the process has no descriptor or thread left.
    package init(name: String) throws(SystemError) {
        self.name = name
        now = .now()
        let epoll = FileDescriptor(owning: try systemCall("epoll_create1") { epoll_create1(Int32(EPOLL_CLOEXEC)) })
        let wakeUp = FileDescriptor(
            owning: try systemCall("eventfd") { eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK)) })
        var event = epoll_event(events: EPOLLIN.rawValue, data: epoll_data_t(u64: UInt64.max))
        try systemCall("epoll_ctl") { epoll_ctl(epoll.raw, EPOLL_CTL_ADD, wakeUp.raw, &event) }
        self.epoll = epoll.take()
        self.wakeUp = wakeUp.take()
        // The thread keeps the loop alive until it stops.
        let started = try SystemThread.start(name) { [self] in run() }
        thread.withLock { $0 = started }
    }

    deinit {
        thread.withLock {
            $0?.detach()
        }
        FileDescriptor.close(raw: epoll)
        FileDescriptor.close(raw: wakeUp)
    }

    // MARK: Any thread

    /// True on the loop's own thread.
    package var isOnLoop: Bool { threadID.load(ordering: .relaxed) == SystemThread.currentID }

    /// Runs work on the loop, in the order of posting, never at once. One wake-up serves many posts.
    ///
    /// After `stop` the work is dropped without running: nobody is there to run it.
    package func post(_ work: @escaping @Sendable () -> Void) {
        enqueue(.work(work))
    }

    /// Ends the loop after the round in which this arrives. Work posted before still runs.
    package func stop() {
        post { [self] in mustStop = true }
    }

    /// Waits until the loop has ended. Not from the loop itself. Only the first caller waits.
    package func join() {
        precondition(!isOnLoop, "a loop cannot wait for itself")
        let waiting = thread.withLock { thread in
            let taken = thread
            thread = nil
            return taken
        }
        waiting?.join()
    }

    /// Traps when called from elsewhere.
    @inline(__always)
    package func assertOnLoop() {
        assert(isOnLoop, "\(name): called from another thread")
    }

    // MARK: On loop: descriptors

    /// Watches a descriptor. It must be open, and unregistered before it is closed.
    ///
    /// - Throws: `.call` when the kernel cannot watch it (a plain file), or has no room.
    package func register(_ raw: Int32, _ interest: Interest, _ handler: any ReadyHandler) throws(SystemError) {
        assertOnLoop()
        let index = Int(raw)
        while registrations.count <= index { registrations.append(Registration(handler: nil, generation: 0)) }
        precondition(registrations[index].handler == nil, "a descriptor has one handler")
        let generation = registrations[index].generation &+ 1
        var event = Self.event(raw, generation, interest)
        try systemCall("epoll_ctl") { epoll_ctl(epoll, EPOLL_CTL_ADD, raw, &event) }
        registrations[index] = Registration(handler: handler, generation: generation)
    }

    /// Changes what a registered descriptor is watched for.
    package func modify(_ raw: Int32, _ interest: Interest) {
        assertOnLoop()
        precondition(registrations[Int(raw)].handler != nil, "modify needs a registered descriptor")
        var event = Self.event(raw, registrations[Int(raw)].generation, interest)
        let result = epoll_ctl(epoll, EPOLL_CTL_MOD, raw, &event)
        precondition(result == 0, "a registered descriptor is open")
    }

    /// Stops watching. From now on the handler hears nothing more, not even events of the running round.
    package func unregister(_ raw: Int32) {
        assertOnLoop()
        guard Int(raw) < registrations.count, registrations[Int(raw)].handler != nil else { return }
        registrations[Int(raw)].handler = nil
        registrations[Int(raw)].generation &+= 1
        var event = epoll_event()
        _ = epoll_ctl(epoll, EPOLL_CTL_DEL, raw, &event)
    }

    private static func event(_ raw: Int32, _ generation: UInt32, _ interest: Interest) -> epoll_event {
        var mask: UInt32 = EPOLLRDHUP.rawValue
        if interest.contains(.read) { mask |= EPOLLIN.rawValue } else { mask = 0 }
        if interest.contains(.write) { mask |= EPOLLOUT.rawValue }
        return epoll_event(
            events: mask, data: epoll_data_t(u64: UInt64(generation) &<< 32 | UInt64(UInt32(bitPattern: raw))))
    }

    // MARK: On loop: time

    /// The time at which this round began. Cheap: no system call.
    package var roundTime: MonotonicTime { now }

    /// Runs work once, not before `delay` has passed. Never at once, even with no delay.
    @discardableResult
    package func schedule(after delay: Duration, _ work: @escaping () -> Void) -> TimerID {
        assertOnLoop()
        return timers.add(at: MonotonicTime.now() + delay, work)
    }

    /// Forgets a timer. Nothing happens when it has fired or was cancelled before.
    package func cancel(_ id: TimerID) {
        assertOnLoop()
        _ = timers.cancel(id)
    }

    // MARK: On loop: rounds

    /// Calls a hook at the end of every round, after the hooks of the same phase that were added before. Held strongly.
    package func addTickHook(_ hook: any TickHook, _ phase: TickPhase = .work) {
        assertOnLoop()
        switch phase {
        case .work: workHooks.append(hook)
        case .output: outputHooks.append(hook)
        }
    }

    /// Stops calling a hook.
    package func removeTickHook(_ hook: any TickHook) {
        assertOnLoop()
        workHooks.removeAll { $0 === hook }
        outputHooks.removeAll { $0 === hook }
    }

    /// Has another round follow after this time, if nothing else makes one follow earlier. It finds in `isIdle` whether anything
    /// was ready: what is cheaper in large pieces is gathered over several rounds until nothing is.
    package func lookAgain(afterNanoseconds wait: Int64) {
        assertOnLoop()
        longestWait = min(longestWait, wait)
    }

    /// Whether no descriptor was ready when this round began.
    package private(set) var isIdle = false

    private func run() {
        threadID.store(SystemThread.currentID, ordering: .relaxed)
        let capacity = 256
        let events = UnsafeMutablePointer<epoll_event>.allocate(capacity: capacity)
        defer { events.deallocate() }
        while !mustStop {
            let wait = timeToWait()
            let mayWait = inbox.withLock { inbox in
                inbox.mustBeWoken = wait != 0 && inbox.jobs.isEmpty
                return inbox.mustBeWoken
            }
            let count = clinux_epoll_wait(epoll, events, Int32(capacity), mayWait ? wait : 0)
            if mayWait { inbox.withLock { $0.mustBeWoken = false } }
            longestWait = .max
            isIdle = count <= 0
            now = .now()
            for index in 0..<Int(max(0, count)) { dispatch(events[index]) }
            runPosted()
            while let work = timers.popDue(now) { work() }
            for hook in workHooks { hook.tickEnded() }
            for hook in outputHooks { hook.tickEnded() }
        }
        shutDown()
    }

    /// Nanoseconds; -1 without an end.
    private func timeToWait() -> Int64 {
        if longestWait <= 0 { return 0 }
        guard let next = timers.nextDeadline else { return longestWait == .max ? -1 : longestWait }
        return min(max(0, next.nanoseconds - MonotonicTime.now().nanoseconds), longestWait)
    }

    private func dispatch(_ event: epoll_event) {
        if event.data.u64 == UInt64.max {
            var count: UInt64 = 0
            _ = withUnsafeMutableBytes(of: &count) { FileDescriptor.read(raw: wakeUp, into: $0) }
            return
        }
        let index = Int(event.data.u64 & 0xffff_ffff)
        let generation = UInt32(truncatingIfNeeded: event.data.u64 &>> 32)
        guard registrations[index].generation == generation, let handler = registrations[index].handler else { return }
        var ready = ReadyEvents()
        if event.events & (EPOLLIN.rawValue | EPOLLRDHUP.rawValue) != 0 { ready.insert(.readable) }
        if event.events & EPOLLOUT.rawValue != 0 { ready.insert(.writable) }
        if event.events & (EPOLLHUP.rawValue | EPOLLRDHUP.rawValue) != 0 { ready.formUnion([.hungUp, .readable]) }
        if event.events & (EPOLLERR.rawValue | EPOLLHUP.rawValue) != 0 {
            ready.formUnion([.readable, .writable])
            if event.events & EPOLLERR.rawValue != 0 { ready.insert(.failed) }
        }
        handler.ready(ready)
    }

    private func runPosted() {
        inbox.withLock { inbox in swap(&inbox.jobs, &running) }
        for job in running {
            switch job {
            case .work(let work): work()
            case .executor(let job):
                job.runSynchronously(
                    isolatedTo: asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
            }
        }
        running.removeAll(keepingCapacity: true)
    }

    /// Runs what was posted before the end was decided, then lets go of everything that could keep something alive.
    private func shutDown() {
        while inbox.withLock({ !$0.jobs.isEmpty }) { runPosted() }
        inbox.withLock { $0.stopped = true }
        runPosted()
        registrations.removeAll()
        timers = TimerHeap()
        workHooks.removeAll()
        outputHooks.removeAll()
        threadID.store(0, ordering: .relaxed)
    }

    private func enqueue(_ job: sending Job) {
        let mustWake = inbox.withLock { inbox in
            if inbox.stopped { return false }
            inbox.jobs.append(job)
            defer { inbox.mustBeWoken = false }
            return inbox.mustBeWoken  // else it looks into the inbox before it waits
        }
        if mustWake {
            var one: UInt64 = 1
            _ = withUnsafeBytes(of: &one) { FileDescriptor.write(raw: wakeUp, $0) }
        }
    }

    // MARK: Executor

    /// Called by the Swift runtime: an actor or task that lives here has something to run.
    package func enqueue(_ job: consuming ExecutorJob) {
        enqueue(.executor(UnownedJob(job)))
    }

    /// Called by the Swift runtime when it must prove that code runs on this loop.
    package func checkIsolated() {
        precondition(isOnLoop, "\(name): not on the loop's thread")
    }

    /// Called by the Swift runtime: true when the calling code runs on this loop.
    package func isIsolatingCurrentContext() -> Bool? { isOnLoop }
}
