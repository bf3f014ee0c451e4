internal import System

/// Where a plane's configuration is described: a folder, or a control plane.
protocol PlaneOrigin: Sendable {
    /// A folder's absolute path, or a control plane's address.
    var place: String { get }
    /// True when reading takes a while, or may fail for reasons that pass.
    var isSlow: Bool { get }

    /// Reads everything, and checks what only this origin can. Blocks.
    ///
    /// - Returns: Nil when nothing has changed since it was read last.
    /// - Throws: `.invalid` with every mistake, `.unreachable`, `.state`.
    func read() throws(PlaneConfigError) -> [PlaneDocument]?

    /// Forgets what was read: the next `read` answers in full.
    func readAgain()

    /// Waits for a reason to read.
    ///
    /// - Parameters:
    ///   - limit: When to read whatever happens; nil for never.
    ///   - unchanged: Called whenever it turns out that what was read last is what the origin says still.
    /// - Returns: Nil after `stop`.
    func awaitNews(until limit: MonotonicTime?, unchanged: () -> Void) -> ReasonToRead?

    /// Ends `awaitNews`, now and later.
    func stop()
}

/// Why an origin is to be read.
enum ReasonToRead {
    /// There may be something new.
    case news
    /// The limit of the wait was reached.
    case timeIsUp
}
