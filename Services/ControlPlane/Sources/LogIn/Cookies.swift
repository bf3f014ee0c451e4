import Bytes
package import HTTP

/// The cookies that this service sets: for itself alone, never readable by a script, never sent along by another site.
///
/// Over TLS their names begin with `__Host-`, which binds them to this host and to TLS (RFC 6265bis §4.1.3.2). The two listeners of
/// a machine share a cookie jar, because cookies know no ports, so the names differ.
package enum Cookie: String, Sendable {
    /// What a form's token belongs to, before anybody has logged in.
    case form = "polder-form"
    /// Somebody has logged in to the account page.
    case session = "polder-session"
    /// An account has logged in here before: see `LoginGuard`.
    case device = "polder-device"

    /// Its value in a request; nil when there is none, or it is longer than any of ours.
    package func value(in request: Request, isSecure: Bool) -> String? {
        let name = name(isSecure)
        for field in request.headers.all("cookie") {
            for pair in field.split(separator: ";") {
                let text = pair.drop { $0 == " " }
                guard text.hasPrefix(name + "=") else { continue }
                let value = String(text.dropFirst(name.utf8.count + 1))
                return value.utf8.count <= 128 && !value.isEmpty ? value : nil
            }
        }
        return nil
    }

    /// The field that sets it.
    ///
    /// - Parameter seconds: How long the browser keeps it; nil is until it is closed.
    package func setting(_ value: String, isSecure: Bool, for seconds: Int? = nil) -> String {
        var field = "\(name(isSecure))=\(value); Path=/; HttpOnly; SameSite=Strict"
        if isSecure { field += "; Secure" }
        if let seconds { field += "; Max-Age=\(seconds)" }
        return field
    }

    /// The field that removes it.
    package func removing(isSecure: Bool) -> String { setting("", isSecure: isSecure, for: 0) }

    private func name(_ isSecure: Bool) -> String { isSecure ? "__Host-\(rawValue)" : rawValue }
}
