/// A schema compiled into a flat list of steps that checks a datum in one pass and notes where the interesting values are.
///
/// ```
/// schema   record { meta: record { ref: string, n: [null,int] }, names: array<string>, x: double, y: float }
/// points   0 = meta/n                1 = names
/// steps    0 text  1 optionalInt →0  2 textList →1  3 skip 12  4 end
/// ```
/// Records vanish, runs of fixed width melt into one `skip`, optional strings and numbers and lists of strings and ints are
/// one step each. What remains are jumps: a union reads its branch and jumps through a table, a list or map loops.
/// Schemas are not recursive, so the loop counters of all levels fit into an array that is known in advance.
///
/// - Isolation: immutable once made, shared by all loops; the mutable part is an ``AvroWalker`` each.
package final class AvroProgram: @unchecked Sendable {
    // `@unchecked`: the step memory is written in `init` only.

    /// One step. 16 bytes, so that four share a cache line.
    struct Step {
        enum Code: UInt8 {
            case end, boolean, int, long, skip, bytes, text, optionalText, optionalInt, optionalLong, enumeration
            case optional, union, jump, listBegin, listNext, mapNext, intList, textList
        }

        var code: Code
        /// Which branch of an optional is null.
        var nullBranch: UInt8 = 0
        /// Whether block headers are noted, because a replacement inside changes the block's size.
        var notesBlocks = false
        /// The loop counter of a list or map.
        var level: UInt8 = 0
        /// The point to note the value for, or -1.
        var point: Int32 = -1
        /// Bytes to skip, number of branches or symbols, or the step to go on with.
        var argument: Int32 = 0
        /// Place in the jump table; for a list 0 if its elements have no bytes; for the end 1 if more bytes may follow.
        var second: Int32 = 0
    }

    /// Steps allowed: what a schema can cost in memory. Types used again are unfolded, so a short text could ask for a lot.
    private static let stepLimit = 65_536
    /// Nested lists and maps allowed; the loop counter's index is a byte.
    private static let levelLimit = 128

    /// The schema that was compiled.
    package let schema: AvroSchema
    /// The paths whose values are noted, in the order given: a mark's `point` is an index into this list.
    package let points: [String]
    /// For each point: the union branch that a text stands in, or -1 if it stands in none.
    let textBranches: UnsafeMutablePointer<Int8>

    let steps: UnsafeMutablePointer<Step>
    let jumps: UnsafeMutablePointer<Int32>
    let levelCount: Int

    /// Compiles a schema.
    ///
    /// - Parameters:
    ///   - schema: The datum's schema.
    ///   - points: Paths of the values to note. A path that does not exist, or leads to something other than texts, lists
    ///     of texts, int, long (optional or not) and lists of int, is never noted.
    /// - Throws: `invalidSchema(.tooLarge)`.
    package convenience init(_ schema: AvroSchema, points: [String] = []) throws(AvroError) {
        try self.init(schema, points: points, until: nil)
    }

    /// Compiles only the beginning of a schema, up to and including one field.
    ///
    /// The walk ends there and does not look at the rest: for reading a field that decides what to do with the datum.
    ///
    /// - Throws: `invalidSchema(.tooLarge)`.
    package convenience init(_ schema: AvroSchema, upTo path: String) throws(AvroError) {
        try self.init(schema, points: [path], until: path)
    }

    private init(_ schema: AvroSchema, points: [String], until lastPath: String?) throws(AvroError) {
        var compiler = Compiler(points: points, lastPath: lastPath)
        compiler.compile(schema, path: "")
        guard !compiler.isTooLarge, compiler.steps.count < Self.stepLimit else {
            throw .invalidSchema(path: "", .tooLarge)
        }
        // Cut short or not, the walk knows by this step that it is done; `second` 1 says that more bytes may follow.
        compiler.emit(Step(code: .end, second: lastPath == nil ? 0 : 1))
        self.schema = schema
        self.points = points
        textBranches = .allocate(capacity: max(1, points.count))
        textBranches.initialize(from: compiler.textBranches, count: points.count)
        levelCount = compiler.levelCount
        steps = .allocate(capacity: compiler.steps.count)
        steps.initialize(from: compiler.steps, count: compiler.steps.count)
        jumps = .allocate(capacity: max(1, compiler.jumps.count))
        jumps.initialize(from: compiler.jumps, count: compiler.jumps.count)
    }

    deinit {
        // They hold only numbers: nothing to deinitialise.
        textBranches.deallocate()
        steps.deallocate()
        jumps.deallocate()
    }

    private struct Compiler {
        let pointByPath: [String: Int32]
        let prefixes: Set<String>
        let lastPath: String?
        var textBranches: [Int8]
        var steps: [Step] = []
        var jumps: [Int32] = []
        var level = 0
        var levelCount = 0
        var visited = 0
        var isTooLarge = false
        var isDone = false

        init(points: [String], lastPath: String?) {
            var pointByPath: [String: Int32] = [:]
            var prefixes: Set<String> = []
            for (index, path) in points.enumerated() {
                pointByPath[path] = Int32(index)
                var prefix = ""
                for segment in path.split(separator: "/") {
                    prefix += prefix.isEmpty ? String(segment) : "/\(segment)"
                    prefixes.insert(prefix)
                }
            }
            self.pointByPath = pointByPath
            self.prefixes = prefixes
            self.lastPath = lastPath
            textBranches = Array(repeating: -1, count: points.count)
        }

        mutating func emit(_ step: Step) {
            // Fixed widths side by side are one skip.
            if step.code == .skip, let last = steps.last, last.code == .skip, !isJumpTarget(steps.count) {
                steps[steps.count - 1].argument += step.argument
                return
            }
            steps.append(step)
        }

        private var targets: Set<Int> = []
        private func isJumpTarget(_ index: Int) -> Bool { targets.contains(index) }

        /// The next step's index, promised to be a jump target, so that it does not melt into the step before.
        private mutating func here() -> Int32 {
            targets.insert(steps.count)
            return Int32(steps.count)
        }

        mutating func compile(_ schema: AvroSchema, path: String) {
            guard !isDone, !isTooLarge else { return }
            // Types are counted, not steps: a record of records of nulls has no steps and yet takes time to unfold.
            visited += 1
            guard visited < AvroProgram.stepLimit else {
                isTooLarge = true
                return
            }
            let point = pointByPath[path] ?? -1
            switch schema {
            case .null: break
            case .boolean: emit(Step(code: .boolean))
            case .int: emit(Step(code: .int, point: point))
            case .long: emit(Step(code: .long, point: point))
            case .float: emit(Step(code: .skip, argument: 4))
            case .double: emit(Step(code: .skip, argument: 8))
            case .fixed(let fixed): if fixed.size > 0 { emit(Step(code: .skip, argument: Int32(fixed.size))) }
            case .bytes: emit(Step(code: .bytes))
            case .string: emit(Step(code: .text, point: point))
            case .enumeration(let enumeration):
                emit(Step(code: .enumeration, argument: Int32(enumeration.symbols.count)))
            case .record(let record):
                for field in record.fields {
                    let fieldPath = path.isEmpty ? field.name : "\(path)/\(field.name)"
                    compile(field.schema, path: fieldPath)
                    if fieldPath == lastPath { isDone = true }
                    if isDone { return }
                }
            case .array(let items): compileList(items, path: path)
            case .map(let values): compileMap(values)
            case .union(let branches): compileUnion(branches, schema, path: path)
            }
        }

        private mutating func compileUnion(_ branches: [AvroSchema], _ schema: AvroSchema, path: String) {
            let point = pointByPath[path] ?? -1
            guard let optional = schema.optional else {
                // Points do not lead through unions of several types: nothing inside has a path.
                let table = jumps.count
                emit(Step(code: .union, argument: Int32(branches.count), second: Int32(table)))
                jumps.append(contentsOf: repeatElement(0, count: branches.count))
                var ends: [Int] = []
                for (index, branch) in branches.enumerated() {
                    jumps[table + index] = here()
                    compile(branch, path: "\u{0}")
                    ends.append(steps.count)
                    emit(Step(code: .jump))
                }
                let end = here()
                for jump in ends { steps[jump].argument = end }
                return
            }
            let nullBranch = UInt8(optional.nullBranch)
            switch optional.value {
            case .string:
                if point >= 0 { textBranches[Int(point)] = Int8(1 - optional.nullBranch) }
                emit(Step(code: .optionalText, nullBranch: nullBranch, point: point))
            case .int: emit(Step(code: .optionalInt, nullBranch: nullBranch, point: point))
            case .long: emit(Step(code: .optionalLong, nullBranch: nullBranch, point: point))
            case .null, .boolean, .float, .double, .bytes, .record, .enumeration, .fixed, .array, .map, .union:
                let start = steps.count
                emit(Step(code: .optional, nullBranch: nullBranch))
                targets.insert(steps.count)
                compile(optional.value, path: path)
                steps[start].argument = here()
            }
        }

        private mutating func compileList(_ items: AvroSchema, path: String) {
            let point = pointByPath[path] ?? -1
            let notesBlocks = path.isEmpty ? !prefixes.isEmpty : prefixes.contains(path)
            switch items {
            case .int:
                emit(Step(code: .intList, point: point))
            case .string:
                emit(Step(code: .textList, notesBlocks: notesBlocks, point: point))
            case .null, .boolean, .long, .float, .double, .bytes, .record, .enumeration, .fixed, .array, .map, .union:
                loop(.listNext, items, path: path, level: enterLevel(), notesBlocks: notesBlocks)
                level -= 1
            }
        }

        private mutating func compileMap(_ values: AvroSchema) {
            loop(.mapNext, values, path: "\u{0}", level: enterLevel(), notesBlocks: false)
            level -= 1
        }

        private mutating func loop(
            _ code: Step.Code, _ items: AvroSchema, path: String, level: UInt8, notesBlocks: Bool
        ) {
            emit(Step(code: .listBegin, level: level))
            let next = here()
            emit(Step(code: code, notesBlocks: notesBlocks, level: level))
            let body = here()
            compile(items, path: path)
            // Elements of no bytes (nulls, empty records) are not walked: a list of them could be endless for free.
            let isEmpty = steps.count == Int(body) && code == .listNext
            steps[Int(next)].second = isEmpty ? 0 : 1
            if isEmpty { steps[Int(next)].notesBlocks = false }  // nothing inside can change its length
            emit(Step(code: .jump, argument: next))
            steps[Int(next)].argument = here()
        }

        private mutating func enterLevel() -> UInt8 {
            let entered = level
            level += 1
            levelCount = max(levelCount, level)
            if level > AvroProgram.levelLimit { isTooLarge = true }
            return UInt8(truncatingIfNeeded: entered)
        }
    }
}
