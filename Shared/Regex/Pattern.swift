private import CPCRE2

// PCRE2 is taken because its JIT finds a match in 54 ns where Swift's own Regex takes 1733, its dialect is nearly Java's, and
// it counts steps, so that a pattern that backtracks without end can be stopped.
//
// A search has two stages. The first backtracks, in machine code, within a budget of characters looked at; nearly every
// search ends there. When the budget is used up, PCRE2's other algorithm decides (`pcre2_dfa_match`), which walks once over
// the text with all possibilities at the same time: slower per character, but it never goes back. So what is linear is
// answered whatever its length, what is not is given up early, and the outcome depends on no clock.

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
    /// True when a match can begin at the start of a text only.
    fileprivate let isAnchored: Bool
    /// The same for the second stage, anchored; nil when that one does not know what the pattern uses: backreferences.
    fileprivate let linear: OpaquePointer?

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
        guard
            let code = pcre2_compile_8(
                dialect.pattern, dialect.pattern.count, options | UInt32(PCRE2_USE_OFFSET_LIMIT), &status, &offset,
                context)
        else {
            throw .invalidPattern(offset: dialect.origin(offset), reason: Self.message(status))
        }
        self.text = text
        self.code = code
        isJIT = pcre2_jit_compile_8(code, UInt32(PCRE2_JIT_COMPLETE)) == 0
        var found = UInt32(0)
        pcre2_pattern_info_8(code, UInt32(PCRE2_INFO_ALLOPTIONS), &found)
        isAnchored = found & UInt32(PCRE2_ANCHORED) != 0
        var references = UInt32(0)
        pcre2_pattern_info_8(code, UInt32(PCRE2_INFO_BACKREFMAX), &references)
        // Looking for a start and looking for the rest are one walk when the pattern says so itself.
        let prefix = isAnchored ? "(?:" : "(?s:.*?)(?:"
        let whole = Array(prefix.utf8) + dialect.pattern + [UInt8(ascii: ")")]
        linear =
            references > 0
            ? nil
            : pcre2_compile_8(whole, whole.count, options | UInt32(PCRE2_ANCHORED), &status, &offset, context)
    }

    deinit {
        pcre2_code_free_8(code)
        if let linear { pcre2_code_free_8(linear) }
    }

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

    /// Longest text searched, in bytes.
    package static let textLimit = 1 << 20
    /// Longest text searched when the pattern holds backreferences: then the first stage is the only one, and from each place
    /// it may look at the whole text.
    package static let backreferenceTextLimit = 16 << 10
    /// How many characters the first stage may look at, about: starting places × steps × length of the text, because a step
    /// such as `.*` may run over all of it. Some ten milliseconds when it is used up, which takes a pattern made for it.
    private static let budget = 16 << 20
    /// Steps that the first stage may take from one starting place, however short the text is.
    private static let stepLimit = 100_000
    /// Steps from each place that are worth more than another starting place.
    private static let usefulSteps = 64
    /// `PCRE2_UNSET`, a macro that Swift does not see.
    private static let noOffsetLimit = -1
    /// Possibilities that the second stage may follow at once, for short texts; fewer for long ones.
    private static let stateLimit = 128
    /// Stack of the machine code, in bytes: where it starts and where it ends.
    private static let stackStart = 32 * 1024
    private static let stackLimit = 256 * 1024

    private let data: OpaquePointer
    private let context: OpaquePointer
    private let stack: OpaquePointer
    /// For the second stage: two lists of states, three numbers each.
    private let workspace = UnsafeMutableBufferPointer<Int32>.allocate(capacity: 20 + 6 * stateLimit)

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
        workspace.deallocate()
    }

    /// Looks for the pattern anywhere in the text, as Java's `Matcher.find` does.
    ///
    /// - Parameter text: Valid UTF-8; PCRE2 does not check it again. The walk over an event has.
    package func find(_ pattern: Pattern, in text: UnsafeRawBufferPointer) -> Outcome {
        guard text.count <= (pattern.linear == nil ? Self.backreferenceTextLimit : Self.textLimit) else {
            return .tooCostly
        }
        // PCRE2 wants an address also for an empty text.
        let start = text.baseAddress ?? UnsafeRawPointer(data)
        let bytes = start.assumingMemoryBound(to: UInt8.self)
        let count = max(text.count, 1)
        let places =
            pattern.isAnchored ? 1 : min(count + 1, max(1, Self.budget / (Self.usefulSteps * count)))
        let isPartial = !pattern.isAnchored && places <= count && pattern.linear != nil
        let steps = min(Self.stepLimit, max(16, Self.budget / (places * count)))
        pcre2_set_match_limit_8(context, UInt32(steps))
        pcre2_set_offset_limit_8(context, isPartial ? places - 1 : Self.noOffsetLimit)
        let status: Int32
        if pattern.isJIT {
            status = pcre2_jit_match_8(pattern.code, bytes, text.count, 0, 0, data, context)
        } else {
            status = pcre2_match_8(
                pattern.code, bytes, text.count, 0, UInt32(PCRE2_NO_UTF_CHECK), data, context)
        }
        // 0 says that the groups did not fit into the match data; they are not asked for.
        if status >= 0 { return .found }
        if status == PCRE2_ERROR_NOMATCH, !isPartial { return .notFound }
        // Every other error is a limit or memory.
        return walk(pattern, bytes, text.count)
    }

    /// The second stage.
    private func walk(_ pattern: Pattern, _ bytes: UnsafePointer<UInt8>, _ count: Int) -> Outcome {
        guard let linear = pattern.linear, let memory = workspace.baseAddress else { return .tooCostly }
        let states = min(Self.stateLimit, max(16, Self.budget / max(count, 1)))
        // Looking around and recursion are searches of their own: each may run over the text.
        pcre2_set_match_limit_8(context, UInt32(max(16, Self.budget / max(count, 1))))
        pcre2_set_offset_limit_8(context, Self.noOffsetLimit)
        let status = pcre2_dfa_match_8(
            linear, bytes, count, 0, UInt32(PCRE2_NO_UTF_CHECK) | UInt32(PCRE2_DFA_SHORTEST), data, context, memory,
            20 + 6 * states)
        if status >= 0 { return .found }
        // Too many possibilities at once, too many searches within: fail closed.
        return status == PCRE2_ERROR_NOMATCH ? .notFound : .tooCostly
    }
}
