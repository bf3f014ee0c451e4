package import Config
import System
import TLS

/// Looks at what settings name, when a service starts.
extension EnvReader {
    /// Certificate and key can be read and belong together.
    mutating func checkCertificate(_ certificate: String, _ key: String, _ files: TLSFiles) {
        check(certificate) {
            unusable { () throws(TLSError) in
                _ = try TLSServerContext(TLSFiles(certificate: files.certificate, key: nil))
            }
        }
        check(key) {
            do throws(TLSError) {
                _ = try TLSServerContext(files)
                return nil
            } catch {
                guard case .unusableFile(let path, _) = error, path != files.key else { return "\(error)" }
                // The certificate's own check tells about that; without it, all that can be said is whether there is a key.
                return files.key.flatMap { missing($0) }
            }
        }
    }

    /// The authority's file can be read; nil is no authority.
    package mutating func checkAuthority(_ name: String, _ path: String?) {
        guard let path else { return }
        check(name) { unusable { () throws(TLSError) in _ = try TLSClientContext(TLSFiles(authorities: path)) } }
    }

    /// The address has a number to bind; nil is no listener. Waits for the resolver when the host is a name.
    package mutating func checkAddress(_ name: String, _ address: HostPort?) {
        guard let address else { return }
        check(name) {
            do throws(SystemError) {
                _ = try address.resolved()
                return nil
            } catch {
                return "\(error)"
            }
        }
    }

    /// A listener without TLS is for the loopback only; its address can be bound.
    package mutating func checkPlainListener(_ name: String, _ address: HostPort?) {
        if let address, !address.isLoopback { refuse(name, because: "plain text is for the loopback only") }
        checkAddress(name, address)
    }
}

private func unusable(_ open: () throws(TLSError) -> Void) -> String? {
    do throws(TLSError) {
        try open()
        return nil
    } catch {
        return "\(error)"
    }
}

private func missing(_ path: String) -> String? {
    do throws(SystemError) {
        return try File.status(path) == nil ? "\(path): No such file or directory" : nil
    } catch {
        return "\(error)"
    }
}
