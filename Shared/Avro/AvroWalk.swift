internal import Bytes

/// The state of an ``AvroWalker``: the walk itself, and the writing of a datum with replacements.
///
/// - Isolation: one owner, the walker, which also frees its memory.
struct AvroWalk {
    struct Level {
        /// Elements of the current block still to come.
        var remaining: Int
        /// Where the block must end, or nil if it did not say.
        var blockEnd: UnsafeRawPointer?
    }

    /// How many elements without bytes a datum may have: they cost nothing to send, and readers make a value of each.
    private static let emptyElementLimit = 65_536
    /// Marks kept between walks; a datum with more gives their memory back with the next walk.
    private static let marksKept = 4096

    private(set) var marks: UnsafeMutablePointer<AvroMark>
    private(set) var markCount = 0
    private var markCapacity = 256
    private var levels: UnsafeMutablePointer<Level>
    private var levelCapacity = 16
    private var emptyElements = 0
    private var base = UnsafeRawPointer(bitPattern: 1)!  // replaced by every walk; never read before
    private(set) var fault = AvroError.DatumFault.truncated
    private(set) var offset = 0

    /// Where in the output the room of each mark begins, or -1.
    private var places: UnsafeMutablePointer<Int>
    private var placeCapacity = 64

    init() {
        marks = .allocate(capacity: markCapacity)
        levels = .allocate(capacity: levelCapacity)
        places = .allocate(capacity: placeCapacity)
    }

    /// All of it holds only numbers and addresses: nothing to deinitialise.
    func deallocate() {
        marks.deallocate()
        levels.deallocate()
        places.deallocate()
    }

    mutating func walk(_ program: AvroProgram, _ datum: UnsafeRawBufferPointer) -> Bool {
        precondition(datum.count <= Int(Int32.max), "offsets are 32-bit; bodies are limited long before")
        markCount = 0
        emptyElements = 0
        if markCapacity > Self.marksKept { resizeMarks(to: 256) }
        if levelCapacity < program.levelCount { resizeLevels(to: program.levelCount) }
        // An empty datum may have no address; any will do, since nothing is read from it.
        base = datum.baseAddress ?? UnsafeRawPointer(marks)
        return run(program.steps, program.jumps, base, base + datum.count)
    }

    // One function on purpose: cursor and end live in registers.
    private mutating func run(
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

extension AvroWalk {
    private mutating func fail(_ fault: AvroError.DatumFault, _ cursor: UnsafeRawPointer) -> Bool {
        self.fault = fault
        offset = cursor - base
        return false
    }

    /// Tells an over-long or cut branch number from one that does not exist.
    @inline(never)
    private mutating func failBranch(_ start: UnsafeRawPointer, _ end: UnsafeRawPointer) -> Bool {
        var cursor = start
        var value: Int64 = 0
        return long(&cursor, end, &value) && fail(.noSuchBranch, start)
    }

    @inline(__always)
    private mutating func note(
        _ point: Int32, _ start: UnsafeRawPointer, _ text: UnsafeRawPointer?, _ end: UnsafeRawPointer
    ) {
        if markCount == markCapacity { resizeMarks(to: markCapacity * 2) }
        let text = text.map { Int32(truncatingIfNeeded: $0 - base) } ?? -1
        (marks + markCount).initialize(
            to: AvroMark(
                point: point, start: Int32(truncatingIfNeeded: start - base), text: text,
                end: Int32(truncatingIfNeeded: end - base)))
        markCount &+= 1
    }

    @inline(never)
    private mutating func resizeMarks(to capacity: Int) {
        let memory = UnsafeMutablePointer<AvroMark>.allocate(capacity: capacity)
        memory.moveInitialize(from: marks, count: min(markCount, capacity))
        marks.deallocate()
        marks = memory
        markCapacity = capacity
    }

    private mutating func resizeLevels(to capacity: Int) {
        levels.deallocate()
        levels = .allocate(capacity: capacity)
        levelCapacity = capacity
    }

    @inline(__always)
    private mutating func long(_ cursor: inout UnsafeRawPointer, _ end: UnsafeRawPointer, _ value: inout Int64) -> Bool
    {
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
    private mutating func longSlow(_ cursor: inout UnsafeRawPointer, _ end: UnsafeRawPointer, _ value: inout Int64)
        -> Bool
    {
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
    private mutating func int(_ cursor: inout UnsafeRawPointer, _ end: UnsafeRawPointer) -> Bool {
        let start = cursor
        var value: Int64 = 0
        guard long(&cursor, end, &value) else { return false }
        guard value >= Int64(Int32.min), value <= Int64(Int32.max) else { return fail(.overlongNumber, start) }
        return true
    }

    /// A length that the rest of the datum has room for, or -1.
    @inline(__always)
    private mutating func length(_ cursor: inout UnsafeRawPointer, _ end: UnsafeRawPointer) -> Int {
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
    private mutating func text(_ cursor: inout UnsafeRawPointer, _ end: UnsafeRawPointer) -> UnsafeRawPointer? {
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
    private mutating func block(
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
    private mutating func fits(
        _ level: UnsafeMutablePointer<Level>, _ cursor: UnsafeRawPointer, _ end: UnsafeRawPointer
    ) -> Bool {
        if level.pointee.remaining <= end - cursor { return true }
        return fail(level.pointee.blockEnd == nil ? .truncated : .invalidBlock, cursor)
    }

    private mutating func skipEmpty(_ level: UnsafeMutablePointer<Level>, _ cursor: UnsafeRawPointer) -> Bool {
        guard level.pointee.remaining <= Self.emptyElementLimit - emptyElements else {
            return fail(.invalidBlock, cursor)
        }
        emptyElements += level.pointee.remaining
        level.pointee.remaining = 0
        return true
    }

    private mutating func intList(_ cursor: inout UnsafeRawPointer, _ end: UnsafeRawPointer) -> Bool {
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

    private mutating func textList(
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

extension AvroWalk {
    /// Writes the datum with replacements; each is asked for when its turn comes and written at once.
    mutating func splice(
        _ datum: UnsafeRawBufferPointer, _ program: AvroProgram, into output: inout OutputBuffer,
        _ replacement: (Int, AvroMark) -> AvroReplacement
    ) {
        guard let base = datum.baseAddress else { return }
        if placeCapacity < markCount || placeCapacity > Self.marksKept {
            placeCapacity = max(64, markCount)
            places.deallocate()
            places = .allocate(capacity: placeCapacity)
        }
        output.reserve(datum.count &+ 512)
        let branches = program.textBranches
        var copied = 0
        for index in 0..<markCount {
            let mark = marks[index]
            if mark.point == AvroMark.blockHeader {
                Self.copy(base, from: copied, to: Int(mark.start), &output)
                output.append(zigzag: Int64(mark.text))
                copied = Int(mark.end)
                continue
            }
            (places + index).initialize(to: -1)
            switch replacement(index, mark) {
            case .keep:
                continue
            case .text(let text):
                Self.copy(base, from: copied, to: Int(mark.start), &output)
                Self.textHead(branches[Int(mark.point)], text.count, &output)
                output.append(text)
            case .room(let count):
                Self.copy(base, from: copied, to: Int(mark.start), &output)
                Self.textHead(branches[Int(mark.point)], count, &output)
                places[index] = output.count
                output.appendRaw(room: count) { $0.count }
            case .optionalNumber(let number):
                Self.copy(base, from: copied, to: Int(mark.start), &output)
                output.append(2)
                output.append(zigzag: number)
            }
            copied = Int(mark.end)
        }
        Self.copy(base, from: copied, to: datum.count, &output)
    }

    func place(of index: Int) -> Int {
        precondition(index < markCount && places[index] >= 0, "only marks that were given room have a place")
        return places[index]
    }

    @inline(__always)
    private static func copy(_ base: UnsafeRawPointer, from start: Int, to end: Int, _ output: inout OutputBuffer) {
        let count = end &- start
        // Between fields there is often nothing or a branch: not worth a call.
        if count <= 4 {
            var index = 0
            while index < count {
                output.append(base.load(fromByteOffset: start &+ index, as: UInt8.self))
                index &+= 1
            }
        } else {
            output.append(UnsafeRawBufferPointer(start: base + start, count: count))
        }
    }

    @inline(__always)
    private static func textHead(_ branch: Int8, _ count: Int, _ output: inout OutputBuffer) {
        if branch >= 0 { output.append(UInt8(bitPattern: branch) &<< 1) }
        output.append(zigzag: Int64(count))
    }
}
