internal import System
internal import Time

/// Shares the loop between those who are known and those who are not.
///
/// A connection is a newcomer until an event on it has been accepted (204), and again after a request was refused. Newcomers
/// are where floods come from: handshakes, tokens that have to be verified, noise. Together they get one millisecond of each
/// round; who does not get its turn stands in line, is not watched meanwhile, and is called in a later round, in the order of
/// arrival. So whatever newcomers do, a known client waits a few milliseconds at most.
///
/// - Isolation: the loop of its owner.
struct Newcomers {
    private static let share: Int64 = 1_000_000  // nanoseconds of a round
    /// Accepting comes before everything else in a round; with the whole share it would leave nothing for handshakes.
    private static let shareOfAccepting: Int64 = 250_000  // nanoseconds of a round

    private var nanoseconds: Int64 = 0  // that newcomers had in this round
    private var line: [ServerConnection] = []
    private var head = 0

    /// Whether one more connection may be taken in this round.
    var mayAccept: Bool { nanoseconds < Self.shareOfAccepting }

    /// Whether a newcomer may have its turn now. Otherwise it stands in line and is called.
    mutating func isTurn(of connection: ServerConnection) -> Bool {
        if head == line.count, nanoseconds < Self.share { return true }
        stand(connection)
        return false
    }

    /// Puts a newcomer that has more to do at the end of the line.
    mutating func stand(_ connection: ServerConnection) {
        guard !connection.isInLine else { return }
        connection.isInLine = true
        line.append(connection)
    }

    /// Counts time that went to a newcomer.
    mutating func spent(since start: MonotonicTime) {
        nanoseconds += (MonotonicTime.now() - start).nanoseconds
    }

    /// A round is over. True when somebody stands in line: ask for `next` in the next round.
    mutating func roundEnded() -> Bool {
        nanoseconds = 0
        return head < line.count
    }

    /// Takes the first in line, as long as there is time.
    mutating func next() -> ServerConnection? {
        guard head < line.count, nanoseconds < Self.share else {
            if head == line.count || head > 1024 {
                line.removeFirst(head)
                head = 0
            }
            return nil
        }
        let first = line[head]
        head += 1
        first.isInLine = false
        return first
    }
}
