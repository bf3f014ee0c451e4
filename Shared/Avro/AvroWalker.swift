package import Bytes

/// Where a value stands in a datum.
package struct AvroMark {
    /// Which point of the program, or ``blockHeader``.
    package let point: Int32
    /// First byte of the value, the union branch included.
    package let start: Int32
    /// First byte of the text, behind branch and length; -1 for null. For a block header: the number of elements.
    package let text: Int32
    /// First byte behind the value.
    package let end: Int32

    /// The point of a mark for a block header that states the block's size: it is rewritten without one, because texts
    /// inside the block change their length.
    package static let blockHeader: Int32 = -2

    @inlinable init(point: Int32, start: Int32, text: Int32, end: Int32) {
        self.point = point
        self.start = start
        self.text = text
        self.end = end
    }
}

/// What a splice puts in the place of a marked value.
package enum AvroReplacement {
    /// The value stays as it is.
    case keep
    /// A text, in the branch that the point's type has for texts.
    case text(UnsafeRawBufferPointer)
    /// A number in branch 1 of an optional value, as the members of `strmMeta` are.
    case optionalNumber(Int64)
}

/// Runs programs over datums: checks every byte, notes the values of interest, writes datums with replaced values.
///
/// Everything that a hostile datum can do ends in a fault: it is cut short, has over-long or negative lengths, blocks that
/// lie about their size, endless lists of nulls, texts that are not UTF-8, branches that do not exist, or bytes left over.
/// Time is linear in the datum's length.
///
/// - Isolation: one per loop; it holds the marks of the last walk and reuses their memory.
package final class AvroWalker {
    private struct Level {
        /// Elements of the current block still to come.
        var remaining: Int
        /// Where the block must end, or nil if it did not say.
        var blockEnd: UnsafeRawPointer?
    }

    /// How many elements without bytes a datum may have: they cost nothing to send, and readers make a value of each.
    private static let emptyElementLimit = 65_536
    /// Marks kept between walks; a datum with more gives their memory back with the next walk.
    private static let marksKept = 4096

    private var markMemory: UnsafeMutablePointer<AvroMark>
    private var markCapacity = 256
    private var levels: UnsafeMutablePointer<Level>
    private var levelCapacity = 16
    private var emptyElements = 0
    private var base = UnsafeRawPointer(bitPattern: 1)!  // replaced by every walk; never read before

    /// Marks of the last walk, in the order of the bytes.
    package private(set) var markCount = 0
    /// Why the last walk failed.
    package private(set) var fault = AvroError.DatumFault.truncated
    /// Where the last walk ended or failed, in bytes from the start of the datum.
    package private(set) var offset = 0

    /// A walker without marks.
    package init() {
        markMemory = .allocate(capacity: markCapacity)
        levels = .allocate(capacity: levelCapacity)
    }

    deinit {
        // Marks and levels hold only numbers and addresses: nothing to deinitialise.
        markMemory.deallocate()
        levels.deallocate()
    }

    /// The marks of the last walk; valid until the next one.
    package var marks: UnsafeBufferPointer<AvroMark> { UnsafeBufferPointer(start: markMemory, count: markCount) }

    /// The error of the last walk, after it answered false.
    package var error: AvroError { .malformedDatum(offset: offset, fault) }

    /// Checks the datum against the program's schema and notes its points.
    ///
    /// - Returns: false if the bytes are not exactly one datum; ``error`` then says why.
    package func walk(_ program: AvroProgram, _ datum: UnsafeRawBufferPointer) -> Bool {
        precondition(datum.count <= Int(Int32.max), "offsets are 32-bit; bodies are limited long before")
        markCount = 0
        emptyElements = 0
        if markCapacity > Self.marksKept { resizeMarks(to: 256) }
        if levelCapacity < program.levelCount { resizeLevels(to: program.levelCount) }
        // An empty datum may have no address; any will do, since nothing is read from it.
        base = datum.baseAddress ?? UnsafeRawPointer(markMemory)
        return run(program.steps, program.jumps, base, base + datum.count)
    }

    // One function on purpose: cursor and end live in registers.
    private func run(
        _ steps: UnsafeMutablePointer<AvroProgram.Step>, _ jumps: UnsafeMutablePointer<Int32>,
        _ start: UnsafeRawPointer,
        _ end: UnsafeRawPointer
    ) -> Bool {
        var cursor = start
        var counter = steps
        while true {
            let step = counter
            counter += 1
            switch step.pointee.code {
            case .text:
                let valueStart = cursor
                guard let text = text(&cursor, end) else { return false }
                if step.pointee.point >= 0 { note(step.pointee.point, valueStart, text, cursor) }
            case .optionalText:
                let valueStart = cursor
                guard cursor < end else { return fail(.truncated, cursor) }
                let branch = cursor.load(as: UInt8.self)
                cursor += 1
                if branch == step.pointee.nullBranch &<< 1 {
                    if step.pointee.point >= 0 { note(step.pointee.point, valueStart, nil, cursor) }
                    continue
                }
                guard branch ^ 2 == step.pointee.nullBranch &<< 1 else { return failBranch(valueStart, end) }
                guard let text = text(&cursor, end) else { return false }
                if step.pointee.point >= 0 { note(step.pointee.point, valueStart, text, cursor) }
            case .int:
                let valueStart = cursor
                guard int(&cursor, end) else { return false }
                if step.pointee.point >= 0 { note(step.pointee.point, valueStart, valueStart, cursor) }
            case .long:
                let valueStart = cursor
                var value: Int64 = 0
                guard long(&cursor, end, &value) else { return false }
                if step.pointee.point >= 0 { note(step.pointee.point, valueStart, valueStart, cursor) }
            case .optionalInt, .optionalLong:
                let valueStart = cursor
                guard cursor < end else { return fail(.truncated, cursor) }
                let branch = cursor.load(as: UInt8.self)
                cursor += 1
                if branch == step.pointee.nullBranch &<< 1 {
                    if step.pointee.point >= 0 { note(step.pointee.point, valueStart, nil, cursor) }
                    continue
                }
                guard branch ^ 2 == step.pointee.nullBranch &<< 1 else { return failBranch(valueStart, end) }
                let number = cursor
                if step.pointee.code == .optionalInt {
                    guard int(&cursor, end) else { return false }
                } else {
                    var value: Int64 = 0
                    guard long(&cursor, end, &value) else { return false }
                }
                if step.pointee.point >= 0 { note(step.pointee.point, valueStart, number, cursor) }
            case .intList:
                let valueStart = cursor
                guard intList(&cursor, end) else { return false }
                if step.pointee.point >= 0 { note(step.pointee.point, valueStart, valueStart, cursor) }
            case .textList:
                guard textList(&cursor, end, step) else { return false }
            case .skip:
                guard end - cursor >= Int(step.pointee.argument) else { return fail(.truncated, cursor) }
                cursor += Int(step.pointee.argument)
            case .boolean:
                guard cursor < end else { return fail(.truncated, cursor) }
                guard cursor.load(as: UInt8.self) <= 1 else { return fail(.invalidBoolean, cursor) }
                cursor += 1
            case .bytes:
                let count = length(&cursor, end)
                guard count >= 0 else { return false }
                cursor += count
            case .enumeration, .union:
                let valueStart = cursor
                var index: Int64 = 0
                guard long(&cursor, end, &index) else { return false }
                guard index >= 0, index < Int64(step.pointee.argument) else { return fail(.noSuchBranch, valueStart) }
                if step.pointee.code == .union {
                    counter = steps + Int(jumps[Int(step.pointee.second) &+ Int(index)])
                }
            case .optional:
                guard cursor < end else { return fail(.truncated, cursor) }
                let branch = cursor.load(as: UInt8.self)
                if branch == step.pointee.nullBranch &<< 1 {
                    counter = steps + Int(step.pointee.argument)
                } else if branch ^ 2 != step.pointee.nullBranch &<< 1 {
                    return failBranch(cursor, end)
                }
                cursor += 1
            case .jump:
                counter = steps + Int(step.pointee.argument)
            case .listBegin:
                levels[Int(step.pointee.level)] = Level(remaining: 0, blockEnd: nil)
            case .listNext, .mapNext:
                let level = levels + Int(step.pointee.level)
                if level.pointee.remaining == 0 {
                    guard block(&cursor, end, level, notes: step.pointee.notesBlocks) else { return false }
                    if level.pointee.remaining > 0, step.pointee.second == 0 {
                        guard skipEmpty(level, cursor) else { return false }
                        counter = step
                        continue
                    }
                    if level.pointee.remaining == 0 {
                        counter = steps + Int(step.pointee.argument)
                        continue
                    }
                    guard fits(level, cursor, end) else { return false }
                }
                level.pointee.remaining &-= 1
                if step.pointee.code == .mapNext, text(&cursor, end) == nil { return false }
            case .end:
                guard cursor == end || step.pointee.second == 1 else { return fail(.trailingBytes, cursor) }
                offset = cursor - start
                return true
            }
        }
    }
}

extension AvroWalker {
    private func fail(_ fault: AvroError.DatumFault, _ cursor: UnsafeRawPointer) -> Bool {
        self.fault = fault
        offset = cursor - base
        return false
    }

    /// Tells an over-long or cut branch number from one that does not exist.
    @inline(never)
    private func failBranch(_ start: UnsafeRawPointer, _ end: UnsafeRawPointer) -> Bool {
        var cursor = start
        var value: Int64 = 0
        return long(&cursor, end, &value) && fail(.noSuchBranch, start)
    }

    @inline(__always)
    private func note(
        _ point: Int32, _ start: UnsafeRawPointer, _ text: UnsafeRawPointer?, _ end: UnsafeRawPointer
    ) {
        if markCount == markCapacity { resizeMarks(to: markCapacity * 2) }
        let text = text.map { Int32(truncatingIfNeeded: $0 - base) } ?? -1
        (markMemory + markCount).initialize(
            to: AvroMark(
                point: point, start: Int32(truncatingIfNeeded: start - base), text: text,
                end: Int32(truncatingIfNeeded: end - base)))
        markCount &+= 1
    }

    @inline(never)
    private func resizeMarks(to capacity: Int) {
        let memory = UnsafeMutablePointer<AvroMark>.allocate(capacity: capacity)
        memory.moveInitialize(from: markMemory, count: min(markCount, capacity))
        markMemory.deallocate()
        markMemory = memory
        markCapacity = capacity
    }

    private func resizeLevels(to capacity: Int) {
        levels.deallocate()
        levels = .allocate(capacity: capacity)
        levelCapacity = capacity
    }

    @inline(__always)
    private func long(_ cursor: inout UnsafeRawPointer, _ end: UnsafeRawPointer, _ value: inout Int64) -> Bool {
        guard cursor < end else { return fail(.truncated, cursor) }
        let byte = cursor.load(as: UInt8.self)
        if byte < 0x80 {
            cursor += 1
            value = ZigZag.decode(UInt64(byte))
            return true
        }
        return longSlow(&cursor, end, &value)
    }

    /// A number of two to ten bytes. One that would fit into fewer is refused: no writer makes it, and two forms of one
    /// number invite tricks.
    @inline(never)
    private func longSlow(_ cursor: inout UnsafeRawPointer, _ end: UnsafeRawPointer, _ value: inout Int64) -> Bool {
        let start = cursor
        var bits: UInt64 = 0
        var shift: UInt64 = 0
        while cursor < end {
            let byte = cursor.load(as: UInt8.self)
            cursor += 1
            if shift == 63, byte > 1 { return fail(.overlongNumber, start) }
            bits |= UInt64(byte & 0x7F) &<< shift
            if byte < 0x80 {
                guard byte != 0 else { return fail(.overlongNumber, start) }
                value = ZigZag.decode(bits)
                return true
            }
            shift &+= 7
        }
        return fail(.truncated, start)
    }

    @inline(__always)
    private func int(_ cursor: inout UnsafeRawPointer, _ end: UnsafeRawPointer) -> Bool {
        let start = cursor
        var value: Int64 = 0
        guard long(&cursor, end, &value) else { return false }
        guard value >= Int64(Int32.min), value <= Int64(Int32.max) else { return fail(.overlongNumber, start) }
        return true
    }

    /// A length that the rest of the datum has room for, or -1.
    @inline(__always)
    private func length(_ cursor: inout UnsafeRawPointer, _ end: UnsafeRawPointer) -> Int {
        let start = cursor
        var value: Int64 = 0
        guard long(&cursor, end, &value) else { return -1 }
        // As unsigned, a negative length is larger than any datum.
        guard UInt64(bitPattern: value) <= UInt64(bitPattern: Int64(end - cursor)) else {
            _ = fail(value < 0 ? .negativeLength : .truncated, start)
            return -1
        }
        return Int(value)
    }

    /// Consumes a string; answers where its text begins, or nil.
    @inline(__always)
    private func text(_ cursor: inout UnsafeRawPointer, _ end: UnsafeRawPointer) -> UnsafeRawPointer? {
        let count = length(&cursor, end)
        guard count >= 0 else { return nil }
        let text = cursor
        cursor += count
        guard UTF8Check.isValid(UnsafeRawBufferPointer(start: text, count: count)) else {
            _ = fail(.invalidUTF8, text)
            return nil
        }
        return text
    }

    /// Reads a block header (the end of the list gives 0 remaining), after checking that the block before kept its word.
    private func block(
        _ cursor: inout UnsafeRawPointer, _ end: UnsafeRawPointer, _ level: UnsafeMutablePointer<Level>, notes: Bool
    ) -> Bool {
        if let blockEnd = level.pointee.blockEnd, blockEnd != cursor { return fail(.invalidBlock, cursor) }
        level.pointee.blockEnd = nil
        let start = cursor
        var count: Int64 = 0
        guard long(&cursor, end, &count) else { return false }
        if count < 0 {
            let size = length(&cursor, end)
            guard size >= 0 else { return false }
            guard count != .min else { return fail(.invalidBlock, start) }
            count = -count
            level.pointee.blockEnd = cursor + size
            if notes {
                guard count <= Int64(end - cursor) else { return fail(.invalidBlock, start) }
                note(AvroMark.blockHeader, start, base + Int(count), cursor)
            }
        }
        level.pointee.remaining = Int(count)
        return true
    }

    /// Every element takes at least one byte, so a block cannot have more of them than there are bytes.
    @inline(__always)
    private func fits(_ level: UnsafeMutablePointer<Level>, _ cursor: UnsafeRawPointer, _ end: UnsafeRawPointer) -> Bool
    {
        if level.pointee.remaining <= end - cursor { return true }
        return fail(level.pointee.blockEnd == nil ? .truncated : .invalidBlock, cursor)
    }

    private func skipEmpty(_ level: UnsafeMutablePointer<Level>, _ cursor: UnsafeRawPointer) -> Bool {
        guard level.pointee.remaining <= Self.emptyElementLimit - emptyElements else {
            return fail(.invalidBlock, cursor)
        }
        emptyElements += level.pointee.remaining
        level.pointee.remaining = 0
        return true
    }

    private func intList(_ cursor: inout UnsafeRawPointer, _ end: UnsafeRawPointer) -> Bool {
        var level = Level(remaining: 0, blockEnd: nil)
        while true {
            guard block(&cursor, end, &level, notes: false) else { return false }
            guard level.remaining > 0 else { return true }
            guard fits(&level, cursor, end) else { return false }
            while level.remaining > 0 {
                guard int(&cursor, end) else { return false }
                level.remaining &-= 1
            }
        }
    }

    private func textList(
        _ cursor: inout UnsafeRawPointer, _ end: UnsafeRawPointer, _ step: UnsafeMutablePointer<AvroProgram.Step>
    ) -> Bool {
        let point = step.pointee.point
        var level = Level(remaining: 0, blockEnd: nil)
        while true {
            guard block(&cursor, end, &level, notes: step.pointee.notesBlocks) else { return false }
            guard level.remaining > 0 else { return true }
            guard fits(&level, cursor, end) else { return false }
            while level.remaining > 0 {
                let start = cursor
                guard let text = text(&cursor, end) else { return false }
                if point >= 0 { note(point, start, text, cursor) }
                level.remaining &-= 1
            }
        }
    }
}

extension AvroWalker {
    /// Writes the datum of the last walk with some of its marked values replaced.
    ///
    /// - Parameters:
    ///   - datum: The same bytes that were walked.
    ///   - program: The same program.
    ///   - replacement: Called once for each mark, in order, with its index and itself; not for block headers.
    @inlinable @inline(__always)
    package func splice(
        _ datum: UnsafeRawBufferPointer, _ program: AvroProgram, into output: inout OutputBuffer,
        _ replacement: (Int, AvroMark) -> AvroReplacement
    ) {
        var splice = AvroSplice(datum, program)
        let marks = marks
        for index in 0..<marks.count {
            let mark = marks[index]
            guard mark.point != AvroMark.blockHeader else {
                splice.header(mark, into: &output)
                continue
            }
            switch replacement(index, mark) {
            case .keep: break
            case .text(let text): splice.text(mark, text, into: &output)
            case .optionalNumber(let number): splice.optionalNumber(mark, number, into: &output)
            }
        }
        splice.finish(into: &output)
    }

    /// Reads the numbers of a marked list of int, which a walk has checked.
    @inlinable
    package func forEachInt(
        of mark: AvroMark, in datum: UnsafeRawBufferPointer, _ body: (Int32) -> Void
    ) {
        var reader = ByteReader(datum, at: Int(mark.start))
        while var count = reader.readZigzag(), count != 0 {
            if count < 0 {
                _ = reader.readZigzag()
                count = -count
            }
            while count > 0, let value = reader.readZigzag() {
                body(Int32(truncatingIfNeeded: value))
                count &-= 1
            }
        }
    }
}
