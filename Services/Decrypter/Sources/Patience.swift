package import Time

/// How long to wait for something that an event needs: 30 seconds, then the event is given up.
///
/// When many events lack their keys (a lost key store), waiting 30 seconds for each would stop the stream for good. So
/// whoever has waited once also gives up what was in the log already when that wait began: it has been there for 30 seconds
/// too. Pure: time and positions come in.
package struct Patience {
    /// From the first look to giving up.
    package static let limit: Duration = .seconds(30)

    private var waitingFor: Int64?
    private var since = Timestamp.distantPast
    private var logEndThen: Int64 = 0
    private var givenUpBelow: Int64 = 0

    /// Waits for nothing.
    package init() {}

    /// Whether the event at `offset`, which still lacks something, is to be given up now.
    ///
    /// - Parameter logEnd: The offset that the source's next record will get; asked for when a wait begins.
    package mutating func givesUp<Failure: Error>(
        offset: Int64, now: Timestamp, logEnd: () throws(Failure) -> Int64
    ) throws(Failure) -> Bool {
        if offset < givenUpBelow { return true }
        guard waitingFor == offset else {
            waitingFor = offset
            since = now
            logEndThen = try logEnd()
            return false
        }
        guard now - since >= Self.limit else { return false }
        givenUpBelow = max(logEndThen, offset + 1)
        waitingFor = nil
        return true
    }
}
