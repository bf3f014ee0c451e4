/// The last lines that a process wrote, and the unfinished one. Bounded: a process cannot make it grow.
struct LogTail {
    /// Lines that are kept.
    static let lineLimit = 1000
    /// Bytes of one line; longer ones are cut into pieces.
    static let widthLimit = 8192

    private var lines: [[UInt8]] = []
    private var first = 0  // of the ring, once it is full
    private var unfinished: [UInt8] = []

    /// Takes in what the process wrote and answers with the lines that are complete now, without their ends.
    mutating func append(_ bytes: [UInt8]) -> [[UInt8]] {
        var complete: [[UInt8]] = []
        for byte in bytes {
            if byte != UInt8(ascii: "\n") { unfinished.append(byte) }
            guard byte == UInt8(ascii: "\n") || unfinished.count >= Self.widthLimit else { continue }
            complete.append(unfinished)
            keep(unfinished)
            unfinished.removeAll(keepingCapacity: true)
        }
        return complete
    }

    /// What is left when the process has ended.
    mutating func finish() -> [[UInt8]] {
        guard !unfinished.isEmpty else { return [] }
        defer { unfinished = [] }
        keep(unfinished)
        return [unfinished]
    }

    /// The last lines, oldest first.
    func last(_ count: Int) -> [[UInt8]] {
        let ordered = lines[first...] + lines[..<first]
        return Array(ordered.suffix(count))
    }

    private mutating func keep(_ line: [UInt8]) {
        if lines.count < Self.lineLimit {
            lines.append(line)
        } else {
            lines[first] = line
            first = (first + 1) % Self.lineLimit
        }
    }
}
