private import CLinux
internal import Glibc

/// Where a socket is bound or connects to: an IP address with a port, or a Unix socket path.
package struct SocketAddress: Sendable, Hashable, CustomStringConvertible {
    private enum Kind: Sendable, Hashable {
        case v4(UInt32)  // big-endian, as in memory
        case v6([UInt8])
        case unix(String)
    }
    private let kind: Kind
    /// The port; 0 for a Unix socket, or to let the kernel choose.
    package let port: UInt16

    /// An IPv4 or IPv6 address in its text form, without brackets.
    ///
    /// - Throws: `.badAddress` for anything else, host names included.
    package init(ip: String, port: UInt16) throws(SystemError) {
        var v4 = in_addr()
        var v6 = in6_addr()
        if inet_pton(AF_INET, ip, &v4) == 1 {
            kind = .v4(v4.s_addr)
        } else if inet_pton(AF_INET6, ip, &v6) == 1 {
            kind = .v6(withUnsafeBytes(of: &v6) { Array($0) })
        } else {
            throw .badAddress(ip)
        }
        self.port = port
    }

    /// A Unix socket path.
    ///
    /// - Throws: `.badAddress` when it is empty or longer than 107 bytes.
    package init(unixPath: String) throws(SystemError) {
        guard !unixPath.isEmpty, unixPath.utf8.count < 108 else { throw .badAddress(unixPath) }
        kind = .unix(unixPath)
        port = 0
    }

    fileprivate init?(_ storage: sockaddr_storage) {
        var storage = storage
        switch Int32(storage.ss_family) {
        case AF_INET:
            let address = withUnsafeBytes(of: &storage) { $0.loadUnaligned(as: sockaddr_in.self) }
            kind = .v4(address.sin_addr.s_addr)
            port = UInt16(bigEndian: address.sin_port)
        case AF_INET6:
            let address = withUnsafeBytes(of: &storage) { $0.loadUnaligned(as: sockaddr_in6.self) }
            kind = .v6(withUnsafeBytes(of: address.sin6_addr) { Array($0) })
            port = UInt16(bigEndian: address.sin6_port)
        default: return nil
        }
    }

    /// Whose it is, as far as limits go.
    package var network: PeerNetwork {
        switch kind {
        case .v4(let raw): PeerNetwork(family: UInt16(AF_INET), bits: UInt64(raw))
        case .v6(let bytes):
            PeerNetwork(family: UInt16(AF_INET6), bits: bytes.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) })
        case .unix: .local
        }
    }

    /// The address without the port: `127.0.0.1`, `::1`, or the path.
    package var host: String {
        switch kind {
        case .v4(let raw):
            return withUnsafeBytes(of: raw) { "\($0[0]).\($0[1]).\($0[2]).\($0[3])" }
        case .v6(let bytes):
            var buffer = [CChar](repeating: 0, count: 64)
            bytes.withUnsafeBytes { _ = inet_ntop(AF_INET6, $0.baseAddress, &buffer, 64) }
            return buffer.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
        case .unix(let path): return path
        }
    }

    /// The address itself in network order: 4 or 16 bytes, none for a Unix socket.
    package var addressBytes: [UInt8] {
        switch kind {
        case .v4(let raw): withUnsafeBytes(of: raw) { Array($0) }
        case .v6(let bytes): bytes
        case .unix: []
        }
    }

    /// True for 127.0.0.0/8, ::1 and Unix sockets: nobody outside this machine can connect.
    package var isLoopback: Bool {
        switch kind {
        case .v4(let raw): withUnsafeBytes(of: raw) { $0[0] == 127 }
        case .v6(let bytes): bytes == [UInt8](repeating: 0, count: 15) + [1]
        case .unix: true
        }
    }

    /// `127.0.0.1:8443`, `[::1]:8443`, or the path.
    package var description: String {
        switch kind {
        case .v4: "\(host):\(port)"
        case .v6: "[\(host)]:\(port)"
        case .unix(let path): path
        }
    }

    fileprivate var family: Int32 {
        switch kind {
        case .v4: AF_INET
        case .v6: AF_INET6
        case .unix: AF_UNIX
        }
    }

    fileprivate func withSockaddr<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        switch kind {
        case .v4(let raw):
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            address.sin_addr.s_addr = raw
            return Self.rebound(&address, body)
        case .v6(let bytes):
            var address = sockaddr_in6()
            address.sin6_family = sa_family_t(AF_INET6)
            address.sin6_port = port.bigEndian
            withUnsafeMutableBytes(of: &address.sin6_addr) { $0.copyBytes(from: bytes) }
            return Self.rebound(&address, body)
        case .unix(let path):
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
            return Self.rebound(&address, body)
        }
    }

    private static func rebound<Address, Result>(
        _ address: inout Address, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<Address>.size))
            }
        }
    }

    /// Addresses of a host name or of an IP in text form, in the resolver's order. Blocks for as long as the resolver does.
    ///
    /// - Throws: `.unresolved` when there is none.
    package static func resolve(host: String, port: UInt16) throws(SystemError) -> [SocketAddress] {
        if let literal = parse(ip: host, port: port) { return [literal] }
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_ADDRCONFIG
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, nil, &hints, &list)
        guard code == 0 else { throw .unresolved(host: host, reason: String(cString: gai_strerror(code))) }
        defer { freeaddrinfo(list) }
        var found: [SocketAddress] = []
        var entry = list
        while let current = entry {
            var storage = sockaddr_storage()
            withUnsafeMutableBytes(of: &storage) {
                $0.copyMemory(
                    from: UnsafeRawBufferPointer(
                        start: current.pointee.ai_addr, count: Int(current.pointee.ai_addrlen)))
            }
            if let address = SocketAddress(storage)?.with(port: port), !found.contains(address) {
                found.append(address)
            }
            entry = current.pointee.ai_next
        }
        if found.isEmpty { throw .unresolved(host: host, reason: "no IPv4 or IPv6 address") }
        return found
    }

    private static func parse(ip: String, port: UInt16) -> SocketAddress? {
        do {
            return try SocketAddress(ip: ip, port: port)
        } catch {
            return nil
        }
    }

    private init(kind: Kind, port: UInt16) {
        self.kind = kind
        self.port = port
    }

    /// The same host with another port.
    package func with(port: UInt16) -> SocketAddress { SocketAddress(kind: kind, port: port) }
}

/// Who shares a limit: an IPv4 address, or the 64-bit network of an IPv6 address, of which one peer has all addresses.
package struct PeerNetwork: Hashable, Sendable {
    private let family: UInt16
    private let bits: UInt64

    /// Unix sockets: everybody on this machine.
    package static let local = PeerNetwork(family: UInt16(AF_UNIX), bits: 0)

    fileprivate init(family: UInt16, bits: UInt64) {
        self.family = family
        self.bits = bits
    }

    fileprivate init(_ storage: sockaddr_storage) {
        self = withUnsafeBytes(of: storage) { bytes in
            switch Int32(storage.ss_family) {
            case AF_INET:
                let address = bytes.loadUnaligned(as: sockaddr_in.self).sin_addr.s_addr
                return PeerNetwork(family: UInt16(AF_INET), bits: UInt64(address))
            case AF_INET6:
                let address = bytes.loadUnaligned(as: sockaddr_in6.self).sin6_addr
                return PeerNetwork(
                    family: UInt16(AF_INET6),
                    bits: withUnsafeBytes(of: address) { $0.loadUnaligned(as: UInt64.self) })
            default: return .local
            }
        }
    }
}

/// Non-blocking stream sockets. All are close-on-exec.
package enum Socket {
    /// Opens a listening socket.
    ///
    /// - Parameters:
    ///   - backlog: How many finished connections the kernel keeps for us.
    ///   - reusePort: Lets several sockets of this process share the port; the kernel spreads connections over them.
    /// - Throws: `.call` when the port is taken or not ours to use.
    package static func listen(
        on address: SocketAddress, backlog: Int32 = 1024, reusePort: Bool = false
    ) throws(SystemError) -> FileDescriptor {
        let file = try open(address)
        if address.family != AF_UNIX {
            setOption(file.raw, SOL_SOCKET, SO_REUSEADDR, 1)
            if reusePort { setOption(file.raw, SOL_SOCKET, SO_REUSEPORT, 1) }
            if address.family == AF_INET6 { setOption(file.raw, Int32(IPPROTO_IPV6), IPV6_V6ONLY, 1) }
        }
        try systemCall("bind", address.description) { address.withSockaddr { bind(file.raw, $0, $1) } }
        try systemCall("listen", address.description) { Glibc.listen(file.raw, backlog) }
        return file
    }

    /// Takes the next finished connection of a listening socket. `.done` carries the new descriptor, which the caller owns.
    package static func accept(raw: Int32) -> CallOutcome {
        var peer = PeerNetwork.local
        return accept(raw: raw, from: &peer)
    }

    /// The same, and tells where the connection comes from.
    package static func accept(raw: Int32, from peer: inout PeerNetwork) -> CallOutcome {
        var storage = sockaddr_storage()
        let outcome = nonBlockingCall("accept4") { Int(clinux_accept(raw, &storage)) }
        if case .done = outcome { peer = PeerNetwork(storage) }
        return outcome
    }

    /// Starts to connect. The socket becomes writable when that is over; then ask `pendingError`.
    ///
    /// - Throws: `.call` when it fails at once.
    package static func startConnecting(to address: SocketAddress) throws(SystemError) -> FileDescriptor {
        let file = try open(address)
        let outcome = nonBlockingCall("connect") {
            let result = address.withSockaddr { Int(connect(file.raw, $0, $1)) }
            return result == -1 && errno == EINPROGRESS ? 0 : result
        }
        switch outcome {
        case .done: return file
        case .wouldBlock: throw .call("connect", errno: EAGAIN, subject: address.description)
        case .failed(let code): throw .call("connect", errno: code, subject: address.description)
        }
    }

    /// The error number that a socket has collected, 0 for none. Reading clears it.
    package static func pendingError(raw: Int32) -> Int32 {
        var code: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        getsockopt(raw, SOL_SOCKET, SO_ERROR, &code, &length)
        return code
    }

    /// Sends small writes at once: we collect output ourselves.
    package static func setNoDelay(raw: Int32) {
        setOption(raw, Int32(IPPROTO_TCP), TCP_NODELAY, 1)
    }

    /// Makes the next close send a reset instead of waiting politely.
    package static func resetOnClose(raw: Int32) {
        var value = linger(l_onoff: 1, l_linger: 0)
        setsockopt(raw, SOL_SOCKET, SO_LINGER, &value, socklen_t(MemoryLayout<linger>.size))
    }

    /// Tells the peer that no more bytes follow.
    package static func shutdownWriting(raw: Int32) {
        Glibc.shutdown(raw, Int32(SHUT_WR))
    }

    /// The address that a socket is bound to; tells the port that the kernel chose.
    ///
    /// - Throws: `.call` when the socket is not bound.
    package static func localAddress(raw: Int32) throws(SystemError) -> SocketAddress? {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        try systemCall("getsockname") {
            withUnsafeMutablePointer(to: &storage) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(raw, $0, &length) }
            }
        }
        return SocketAddress(storage)
    }

    private static func open(_ address: SocketAddress) throws(SystemError) -> FileDescriptor {
        FileDescriptor(owning: try systemCall("socket") { clinux_stream_socket(address.family) })
    }

    private static func setOption(_ raw: Int32, _ level: Int32, _ name: Int32, _ value: Int32) {
        var value = value
        // These options exist for every stream socket; a kernel without one works as well, only slower.
        setsockopt(raw, level, name, &value, socklen_t(MemoryLayout<Int32>.size))
    }
}
