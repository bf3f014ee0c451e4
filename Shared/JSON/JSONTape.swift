internal import Bytes

/// A whole JSON text as a flat list of values in the order of the text: for who has to look at values more than once, or
/// wants to know where they stand.
///
/// ```
/// text   {"a": [1, "x"], "b": null}
/// tape   0 object, 2 members, next 6   1 name a   2 array, 2 elements, next 5   3 number   4 string   5 name b   6 null
/// ```
/// Names are strings; a member's value follows its name. As strict as ``JSONValue/parse(_:depthLimit:)``: names that come
/// twice in an object are refused.
///
/// - Isolation: one owner. Nothing is allocated per text once it has grown; a large text's memory goes with the next read.
/// - Complexity: linear in the text but for objects with many members, whose names are sorted by hash. Memory: 28 bytes for
///   each value.
package final class JSONTape {
    /// What a value is.
    package enum Kind: UInt8, Sendable {
        case null, boolean, number, string, array, object
    }

    /// One value: where it stands and how to go on from it.
    package struct Value {
        /// What it is.
        package let kind: Kind
        /// Of a boolean its value, of a number that it has neither fraction nor exponent, of a string that it has escapes.
        package let flag: Bool
        /// First byte in the text; of a string its quote.
        package let start: Int32
        /// First byte behind the value.
        package internal(set) var end: Int32
        /// Of a string with escapes: where its characters begin in the tape's own memory.
        let unescaped: Int32
        /// Of a string the bytes of its characters, of an array its elements, of an object its members.
        package internal(set) var count: Int32
        /// Index of the value that follows this one and everything in it.
        package internal(set) var next: Int32
    }

    /// The values of the last text, to look at. Plain addresses: valid until the next read, while text and tape stay.
    package struct View {
        /// The text.
        package let text: UnsafeRawPointer
        private let values: UnsafePointer<Value>
        private let unescaped: UnsafeRawPointer
        /// How many values there are, names among them.
        package let count: Int

        fileprivate init(_ state: borrowing State) {
            text = state.text
            values = UnsafePointer(state.values)
            unescaped = UnsafeRawPointer(state.unescaped)
            count = state.count
        }

        /// The value at that place of the tape.
        package subscript(_ index: Int32) -> Value {
            @inline(__always) get { values[Int(index)] }
        }

        /// The characters of a string, unescaped, as UTF-8.
        package func characters(_ value: Value) -> UnsafeRawBufferPointer {
            let start = value.flag ? unescaped + Int(value.unescaped) : text + Int(value.start) + 1
            return UnsafeRawBufferPointer(start: start, count: Int(value.count))
        }

        /// The bytes of the text that a value takes, quotes and escapes included.
        package func bytes(_ value: Value) -> UnsafeRawBufferPointer {
            UnsafeRawBufferPointer(start: text + Int(value.start), count: Int(value.end &- value.start))
        }
    }

    private let state: UnsafeMutablePointer<State>

    /// A tape without values.
    package init() {
        state = .allocate(capacity: 1)
        state.initialize(to: State())
    }

    deinit {
        state.pointee.deallocate()
        state.deinitialize(count: 1)
        state.deallocate()
    }

    /// What was read last.
    package var view: View { View(state.pointee) }

    /// Reads one text.
    ///
    /// - Parameters:
    ///   - text: At most 2³¹-1 bytes.
    ///   - depthLimit: Levels of arrays and objects accepted, at most 128.
    /// - Throws: what is wrong, with its line and column. The tape then holds nothing of use.
    package func read(_ text: UnsafeRawBufferPointer, depthLimit: Int = 128) throws(JSONError) {
        try state.pointee.read(text, depthLimit: depthLimit)
    }
}

extension JSONTape {
    fileprivate struct State: ~Copyable {
        /// Values kept between texts.
        private static let kept = 8192

        fileprivate private(set) var values = UnsafeMutablePointer<Value>.allocate(capacity: 256)
        fileprivate private(set) var count = 0
        private var capacity = 256
        fileprivate private(set) var unescaped = UnsafeMutableRawPointer.allocate(byteCount: 1024, alignment: 8)
        private var unescapedCount = 0
        private var unescapedCapacity = 1024
        /// Replaced by every read; never read before.
        fileprivate private(set) var text = UnsafeRawPointer(bitPattern: 1)!
        /// The arrays and objects that are open.
        private let open = UnsafeMutablePointer<Int32>.allocate(capacity: 128)
        private var names: [(hash: Int, index: Int32)] = []

        /// All of it holds only numbers: nothing to deinitialise.
        func deallocate() {
            values.deallocate()
            unescaped.deallocate()
            open.deallocate()
        }

        mutating func read(_ text: UnsafeRawBufferPointer, depthLimit: Int) throws(JSONError) {
            precondition(text.count <= Int(Int32.max), "offsets are 32-bit; bodies are limited long before")
            if capacity > Self.kept { resize(to: 256, keeping: 0) }
            if unescapedCapacity > Self.kept * 8 { resizeUnescaped(to: 1024, keeping: 0) }
            count = 0
            unescapedCount = 0
            // An empty text may have no address; any will do, since nothing is read from it.
            self.text = text.baseAddress ?? UnsafeRawPointer(unescaped)
            var reader = JSONReader(text, depthLimit: depthLimit)
            while true {
                let token = try reader.next()
                switch token {
                case .end: return
                case .null: add(.null, reader, start: reader.offset &- 4)
                case .bool(let value):
                    add(.boolean, reader, start: reader.offset &- (value ? 4 : 5), flag: value)
                case .integer(let slice): add(.number, reader, start: slice.offset, flag: true)
                case .decimal(let slice): add(.number, reader, start: slice.offset)
                case .string(let slice): add(slice, reader)
                case .name(let slice):
                    values[Int(open[reader.depth &- 1])].count &+= 1
                    add(slice, reader, isName: true)
                case .beginArray: begin(.array, reader)
                case .beginObject: begin(.object, reader)
                case .endArray: close(reader)
                case .endObject:
                    let object = close(reader)
                    if let name = duplicateName(object) {
                        throw .duplicateName(
                            String(decoding: characters(name), as: UTF8.self), reader.place(start(name)))
                    }
                }
            }
        }

        private func start(_ index: Int32) -> Int { Int(values[Int(index)].start) }

        private mutating func begin(_ kind: Kind, _ reader: JSONReader) {
            countElement(reader.depth &- 1)
            open[reader.depth &- 1] = Int32(truncatingIfNeeded: count)
            append(
                Value(
                    kind: kind, flag: false, start: Int32(truncatingIfNeeded: reader.offset &- 1), end: 0, unescaped: 0,
                    count: 0, next: 0))
        }

        @discardableResult
        private mutating func close(_ reader: JSONReader) -> Int32 {
            let index = open[reader.depth]
            values[Int(index)].end = Int32(truncatingIfNeeded: reader.offset)
            values[Int(index)].next = Int32(truncatingIfNeeded: count)
            return index
        }

        private mutating func add(_ kind: Kind, _ reader: JSONReader, start: Int, flag: Bool = false) {
            countElement(reader.depth)
            append(
                Value(
                    kind: kind, flag: flag, start: Int32(truncatingIfNeeded: start),
                    end: Int32(truncatingIfNeeded: reader.offset), unescaped: 0, count: 0,
                    next: Int32(truncatingIfNeeded: count &+ 1)))
        }

        private mutating func add(_ slice: JSONReader.Slice, _ reader: JSONReader, isName: Bool = false) {
            if !isName { countElement(reader.depth) }
            var length = slice.count
            let place = unescapedCount
            if slice.hasEscapes {
                if unescapedCapacity &- unescapedCount < slice.count {
                    resizeUnescaped(
                        to: max(unescapedCapacity * 2, unescapedCount + slice.count), keeping: unescapedCount)
                }
                length = reader.unescape(slice, into: unescaped + place)
                unescapedCount &+= length
            }
            append(
                Value(
                    kind: .string, flag: slice.hasEscapes, start: Int32(truncatingIfNeeded: slice.offset &- 1),
                    end: Int32(truncatingIfNeeded: slice.offset &+ slice.count &+ 1),
                    unescaped: Int32(truncatingIfNeeded: place), count: Int32(truncatingIfNeeded: length),
                    next: Int32(truncatingIfNeeded: count &+ 1)))
        }

        /// Counts an element of the array that is open at that depth; members are counted by their names.
        private mutating func countElement(_ depth: Int) {
            guard depth > 0 else { return }
            let parent = values + Int(open[depth &- 1])
            if parent.pointee.kind == .array { parent.pointee.count &+= 1 }
        }

        private mutating func append(_ value: Value) {
            if count == capacity { resize(to: capacity * 2, keeping: count) }
            (values + count).initialize(to: value)
            count &+= 1
        }

        private func characters(_ index: Int32) -> UnsafeRawBufferPointer {
            let value = values[Int(index)]
            let start = value.flag ? UnsafeRawPointer(unescaped) + Int(value.unescaped) : text + Int(value.start) + 1
            return UnsafeRawBufferPointer(start: start, count: Int(value.count))
        }

        private func isSame(_ one: Int32, _ other: Int32) -> Bool {
            values[Int(one)].count == values[Int(other)].count && characters(one).elementsEqual(characters(other))
        }

        /// A name that the object has twice, the second of them.
        private mutating func duplicateName(_ object: Int32) -> Int32? {
            let members = Int(values[Int(object)].count)
            guard members > 1 else { return nil }
            guard members > 8 else {
                // Few: compare them all.
                var name = object &+ 1
                for place in 0..<members {
                    var earlier = object &+ 1
                    for _ in 0..<place {
                        if isSame(earlier, name) { return name }
                        earlier = values[Int(earlier &+ 1)].next
                    }
                    name = values[Int(name &+ 1)].next
                }
                return nil
            }
            // Hashing is seeded per process, so nobody can choose names that clash.
            names.removeAll(keepingCapacity: members <= Self.kept)
            var name = object &+ 1
            for _ in 0..<members {
                var hasher = Hasher()
                hasher.combine(bytes: characters(name))
                names.append((hasher.finalize(), name))
                name = values[Int(name &+ 1)].next
            }
            names.sort { $0.hash != $1.hash ? $0.hash < $1.hash : $0.index < $1.index }
            for place in 1..<members
            where names[place].hash == names[place - 1].hash && isSame(names[place].index, names[place - 1].index) {
                return names[place].index
            }
            return nil
        }

        private mutating func resize(to capacity: Int, keeping kept: Int) {
            let memory = UnsafeMutablePointer<Value>.allocate(capacity: capacity)
            memory.moveInitialize(from: values, count: kept)
            values.deallocate()
            values = memory
            self.capacity = capacity
        }

        private mutating func resizeUnescaped(to capacity: Int, keeping kept: Int) {
            let memory = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 8)
            memory.copyMemory(from: unescaped, byteCount: kept)
            unescaped.deallocate()
            unescaped = memory
            unescapedCapacity = capacity
        }
    }
}
