/// Cuts a stream of bytes at its line ends.
package struct LineSplitter: Sendable {
    private let limit: Int
    private var pending: [UInt8] = []
    private var start = 0  // of the next line
    private var searched = 0  // no line end between start and here

    /// - Parameter limit: Most bytes of one line.
    package init(limit: Int) { self.limit = limit }

    /// Takes the next bytes.
    package mutating func feed(_ bytes: [UInt8]) {
        if pending.isEmpty { pending = bytes } else { pending += bytes }
    }

    /// The next whole line without its end; nil when more bytes are needed.
    ///
    /// - Throws: `.tooLarge`.
    package mutating func next() throws(KubernetesError) -> [UInt8]? {
        guard let end = pending[searched...].firstIndex(of: UInt8(ascii: "\n")) else {
            searched = pending.count
            guard pending.count - start <= limit else { throw .tooLarge(what: "a line", limit: limit) }
            // What was read is dropped once, and not at every line.
            compact()
            return nil
        }
        let line = Array(pending[start..<end])
        guard line.count <= limit else { throw .tooLarge(what: "a line", limit: limit) }
        start = end + 1
        searched = start
        return line
    }

    private mutating func compact() {
        guard start > 0 else { return }
        pending.removeFirst(start)
        searched -= start
        start = 0
    }

    /// What came behind the last line end.
    package var rest: [UInt8] { Array(pending[start...]) }
}
