internal import Bytes

/// Paths of the public listeners. A query is accepted and ignored: some clients send `asJson=true`.
enum Route {
    /// `/ws`: an upgrade to a web-socket.
    case listen
    /// `/`, and `/is-alive` as some clients have it: 200 when ready.
    case health
    /// Anything else.
    case unknown

    init(path: UnsafeRawBufferPointer) {
        if ASCII.equal(path, "/ws") {
            self = .listen
        } else if ASCII.equal(path, "/") || ASCII.equal(path, "/is-alive") {
            self = .health
        } else {
            self = .unknown
        }
    }
}
