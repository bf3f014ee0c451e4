package import Faults

/// Why a text is not YAML, or not the part of YAML that is read here. Lines count from 1. No case carries a value.
package enum YAMLError: Fault, Equatable, CustomStringConvertible {
    /// The text breaks the grammar, or is not UTF-8; `reason` is the parser's own constant text.
    case syntax(line: Int, column: Int, reason: String)
    /// The same key twice in one mapping.
    case duplicateKey(String, line: Int)
    /// A key that is a list or a mapping.
    case keyIsNotText(line: Int)
    /// A node with a tag (`!!binary`, `!Thing`): values have the type that they show.
    case tag(line: Int)
    /// An alias to an anchor that is not complete yet, or that does not exist.
    case unknownAlias(line: Int)
    /// Lists and mappings nested deeper than allowed.
    case tooDeep(limit: Int, line: Int)
    /// More values than allowed, counting those that aliases repeat.
    case tooManyValues(limit: Int, line: Int)
    /// A number that JSON cannot hold: infinite, not a number, or an integer of more than 64 bits.
    case numberOutOfRange(line: Int)
    /// The parser could not allocate.
    case outOfMemory

    /// The author's, except for memory.
    package var blame: Blame { self == .outOfMemory ? .us : .caller }
    /// The same text is refused again.
    package var retry: Retry { self == .outOfMemory ? .afterBackoff : .never }

    /// The line concerned.
    package var line: Int {
        switch self {
        case .syntax(let line, _, _), .duplicateKey(_, let line), .keyIsNotText(let line), .tag(let line),
            .unknownAlias(let line), .tooDeep(_, let line), .tooManyValues(_, let line), .numberOutOfRange(let line):
            line
        case .outOfMemory: 1
        }
    }

    /// What is wrong, without the line.
    package var reason: String {
        switch self {
        case .syntax(_, let column, let reason): "not YAML at column \(column): \(reason)"
        case .duplicateKey(let key, _): "the key \(key) appears twice"
        case .keyIsNotText: "a key must be text"
        case .tag: "tags are not accepted"
        case .unknownAlias: "the alias has no anchor before it"
        case .tooDeep(let limit, _): "nested deeper than \(limit) levels"
        case .tooManyValues(let limit, _): "more than \(limit) values, aliases counted in full"
        case .numberOutOfRange: "the number is out of range"
        case .outOfMemory: "out of memory"
        }
    }

    /// Line and reason.
    package var description: String { "line \(line): \(reason)" }
}
