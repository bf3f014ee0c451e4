package import Faults

/// Why bytes were not decompressed, or not compressed.
package enum GzipError: Fault, Equatable, CustomStringConvertible {
    /// They are not gzip, damaged, cut short, or something follows them.
    case malformed
    /// More bytes come out than are taken.
    case tooLarge(limit: Int)
    /// zlib could not get memory.
    case outOfMemory

    /// The sender's, except for memory.
    package var blame: Blame { self == .outOfMemory ? .us : .caller }
    /// The same bytes are refused again.
    package var retry: Retry { self == .outOfMemory ? .afterBackoff : .never }

    /// One line.
    package var description: String {
        switch self {
        case .malformed: "not gzip, or damaged"
        case .tooLarge(let limit): "unpacks to more than \(limit) bytes"
        case .outOfMemory: "no memory for zlib"
        }
    }
}
