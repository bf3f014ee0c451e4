internal import Glibc

// The kernel's funnel. Nothing else in Polder reads `errno`.

/// What a call on a non-blocking descriptor came to.
package enum CallOutcome: Equatable {
    /// The call's own result: bytes moved, or a new descriptor.
    case done(Int)
    /// Not now; wait for the descriptor to become ready.
    case wouldBlock
    /// The `errno` of a real failure. For a socket that is the peer's doing more often than ours.
    case failed(Int32)
}

/// Runs one system call that answers -1 for failure. Retries `EINTR`, and traps on what only a bug of ours can cause.
///
/// - Parameters:
///   - name: The call's name, for the error.
///   - subject: The path or address it is about, for the error.
/// - Throws: `.call` with the error number.
@discardableResult
package func systemCall<Result: FixedWidthInteger & SignedInteger>(
    _ name: StaticString, _ subject: @autoclosure () -> String = "", _ body: () -> Result
) throws(SystemError) -> Result {
    while true {
        let result = body()
        if result != -1 { return result }
        let code = errno
        if code == EINTR { continue }
        trapOnOurBug(name, code)
        throw .call(name.description, errno: code, subject: subject())
    }
}

/// The same for calls on non-blocking descriptors, where "not now" is a normal answer. Nothing is allocated.
@inline(__always)
package func nonBlockingCall(_ name: StaticString, _ body: () -> Int) -> CallOutcome {
    while true {
        let result = body()
        if result != -1 { return .done(result) }
        let code = errno
        if code == EINTR { continue }
        if code == EAGAIN { return .wouldBlock }
        trapOnOurBug(name, code)
        return .failed(code)
    }
}

private func trapOnOurBug(_ name: StaticString, _ code: Int32) {
    precondition(code != EBADF && code != EFAULT, "\(name): descriptor or memory that is not ours (error \(code))")
}
