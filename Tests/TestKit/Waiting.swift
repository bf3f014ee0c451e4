import Glibc

/// Waits until `condition` holds, looking again every few milliseconds. Fails at the deadline; never sleeps a fixed time.
///
/// - Throws: `TestKitError.deadlinePassed` with `what`, or what `condition` throws.
package func eventually(
    _ what: String = "the condition", within deadline: Duration = .seconds(60),
    _ condition: () async throws -> Bool
) async throws {
    let clock = ContinuousClock()
    let end = clock.now + deadline
    while true {
        if try await condition() { return }
        guard clock.now < end else { throw TestKitError.deadlinePassed(what) }
        try await clock.sleep(for: .milliseconds(5))
    }
}

/// A TCP port of the loopback that nobody listens on now. Somebody else may take it before you do: prefer port 0.
///
/// - Throws: `TestKitError.system`.
package func freePort() throws -> UInt16 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { throw systemFailure("socket", "loopback") }
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let failed = withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            bind(descriptor, $0, length) != 0 || getsockname(descriptor, $0, &length) != 0
        }
    }
    guard !failed else { throw systemFailure("bind", "loopback") }
    return UInt16(bigEndian: address.sin_port)
}

/// The machine's clock, seconds since 1970: for strangers that look at it.
func epochSeconds() -> Int64 { Int64(time(nil)) }
