private import CPCRE2

// PCRE2 is taken because its JIT finds a match in 54 ns where Swift's own Regex takes 1733, its dialect is nearly Java's, and
// it counts steps, so that a pattern that backtracks without end can be stopped.

/// A compiled regular expression, in the dialect of contracts: Java's, as far as PCRE2 shares it.
///
/// - Isolation: immutable, shared by all loops; matching needs a ``PatternMatcher`` each.
package final class Pattern: @unchecked Sendable {
    // `@unchecked`: the code is written by `init` only; PCRE2 promises that matching does not change it.

    /// Longest pattern accepted, in bytes.
    package static let lengthLimit = 8192

    /// The pattern as its author wrote it.
    package let text: String
    /// True when matching runs machine code; otherwise PCRE2 interprets the pattern.
    package let isJIT: Bool
    fileprivate let code: OpaquePointer

    /// Compiles a pattern.
    ///
    /// - Throws: `invalidPattern`, `unsupported` or `tooLong` for the author; `outOfMemory`.
    package init(_ text: String) throws(RegexError) {
        guard text.utf8.count <= Self.lengthLimit else { throw .tooLong(limit: Self.lengthLimit) }
        let dialect = try JavaDialect(text)
        guard let context = pcre2_compile_context_create_8(nil) else {
            throw .outOfMemory(call: "pcre2_compile_context_create")
        }
        defer { pcre2_compile_context_free_8(context) }
        // Java's dot and dollar know CR, CRLF, NEL, LS and PS as line ends, not only LF.
        pcre2_set_newline_8(context, UInt32(PCRE2_NEWLINE_ANY))
        pcre2_set_parens_nest_limit_8(context, 100)
        var status: Int32 = 0
        var offset = 0
        let options = UInt32(PCRE2_UTF) | UInt32(PCRE2_NEVER_BACKSLASH_C)
        guard let code = pcre2_compile_8(dialect.pattern, dialect.pattern.count, options, &status, &offset, context)
        else {
            throw .invalidPattern(offset: dialect.origin(offset), reason: Self.message(status))
        }
        self.text = text
        self.code = code
        isJIT = pcre2_jit_compile_8(code, UInt32(PCRE2_JIT_COMPLETE)) == 0
    }

    deinit { pcre2_code_free_8(code) }

    /// PCRE2's words for an error.
    private static func message(_ status: Int32) -> String {
        var text = [UInt8](repeating: 0, count: 256)
        let count = pcre2_get_error_message_8(status, &text, text.count)
        return count > 0 ? String(decoding: text[..<Int(count)], as: UTF8.self) : "error \(status)"
    }
}

/// Finds patterns in texts, without allocating per match.
///
/// - Isolation: one per loop; it holds PCRE2's match data and stack.
package final class PatternMatcher {
    /// What a search gave.
    package enum Outcome: Sendable, Equatable {
        case found
        case notFound
        /// The search hit a limit: it might have taken very long, or for ever. Counts as a failed rule.
        case tooCostly
    }

    /// Longest text searched, in bytes: a search takes at worst quadratic time where PCRE2 does not count steps.
    package static let textLimit = 16_384
    /// Steps that PCRE2 may take from one starting place.
    private static let stepLimit: UInt32 = 100_000
    /// Stack of the machine code, in bytes: where it starts and where it ends.
    private static let stackStart = 32 * 1024
    private static let stackLimit = 256 * 1024

    private let data: OpaquePointer
    private let context: OpaquePointer
    private let stack: OpaquePointer

    /// A matcher.
    ///
    /// - Throws: `outOfMemory`.
    package init() throws(RegexError) {
        guard let data = pcre2_match_data_create_8(1, nil) else { throw .outOfMemory(call: "pcre2_match_data_create") }
        guard let context = pcre2_match_context_create_8(nil) else {
            pcre2_match_data_free_8(data)
            throw .outOfMemory(call: "pcre2_match_context_create")
        }
        guard let stack = pcre2_jit_stack_create_8(Self.stackStart, Self.stackLimit, nil) else {
            pcre2_match_context_free_8(context)
            pcre2_match_data_free_8(data)
            throw .outOfMemory(call: "pcre2_jit_stack_create")
        }
        pcre2_set_match_limit_8(context, Self.stepLimit)
        pcre2_set_depth_limit_8(context, 10_000)
        pcre2_set_heap_limit_8(context, 4096)  // KiB, for the interpreter
        pcre2_jit_stack_assign_8(context, nil, UnsafeMutableRawPointer(stack))
        self.data = data
        self.context = context
        self.stack = stack
    }

    deinit {
        pcre2_jit_stack_free_8(stack)
        pcre2_match_context_free_8(context)
        pcre2_match_data_free_8(data)
    }

    /// Looks for the pattern anywhere in the text, as Java's `Matcher.find` does.
    ///
    /// - Parameter text: Valid UTF-8; PCRE2 does not check it again. The walk over an event has.
    package func find(_ pattern: Pattern, in text: UnsafeRawBufferPointer) -> Outcome {
        guard text.count <= Self.textLimit else { return .tooCostly }
        // PCRE2 wants an address also for an empty text.
        let start = text.baseAddress ?? UnsafeRawPointer(data)
        let bytes = start.assumingMemoryBound(to: UInt8.self)
        let status: Int32
        if pattern.isJIT {
            status = pcre2_jit_match_8(pattern.code, bytes, text.count, 0, 0, data, context)
        } else {
            status = pcre2_match_8(
                pattern.code, bytes, text.count, 0, UInt32(PCRE2_NO_UTF_CHECK), data, context)
        }
        // 0 says that the groups did not fit into the match data; they are not asked for.
        if status >= 0 { return .found }
        // Every other error is a limit or memory: fail closed.
        return status == PCRE2_ERROR_NOMATCH ? .notFound : .tooCostly
    }
}
