package import Bytes

/// Copies a datum, mark by mark, with values replaced. ``AvroWalker/splice(_:_:into:_:)`` drives it for simple cases.
///
/// - Invariant: marks come in the order of the bytes; every block header is handed to ``header(_:into:)``; ``finish(into:)``
///   comes last.
package struct AvroSplice {
    @usableFromInline let base: UnsafeRawPointer?
    @usableFromInline let count: Int
    @usableFromInline let program: AvroProgram
    /// Bytes of the datum that are copied or replaced.
    @usableFromInline var copied = 0

    /// Starts at the first byte of a datum that the program's walk has accepted.
    @inlinable package init(_ datum: UnsafeRawBufferPointer, _ program: AvroProgram) {
        base = datum.baseAddress
        count = datum.count
        self.program = program
    }

    @inlinable @inline(__always)
    mutating func copy(upTo mark: AvroMark, into output: inout OutputBuffer) {
        copy(to: Int(mark.start), into: &output)
        copied = Int(mark.end)
    }

    @inlinable @inline(__always)
    func copy(to end: Int, into output: inout OutputBuffer) {
        guard let base, end > copied else { return }
        output.append(UnsafeRawBufferPointer(start: base + copied, count: end &- copied))
    }

    /// Puts a text in the value's place, in the branch that the point's type has for texts.
    @inlinable @inline(__always)
    package mutating func text(_ mark: AvroMark, _ text: UnsafeRawBufferPointer, into output: inout OutputBuffer) {
        copy(upTo: mark, into: &output)
        let branch = program.textBranches[Int(mark.point)]
        if branch >= 0 { output.append(UInt8(bitPattern: branch) &<< 1) }
        output.append(zigzag: Int64(text.count))
        output.append(text)
    }

    /// Puts room for a text of `count` bytes in the value's place.
    ///
    /// - Returns: Where in the output the text goes; its bytes are not yet set.
    @inlinable @inline(__always)
    package mutating func room(_ mark: AvroMark, _ count: Int, into output: inout OutputBuffer) -> Int {
        copy(upTo: mark, into: &output)
        let branch = program.textBranches[Int(mark.point)]
        if branch >= 0 { output.append(UInt8(bitPattern: branch) &<< 1) }
        output.append(zigzag: Int64(count))
        let place = output.count
        output.appendRaw(room: count) { $0.count }
        return place
    }

    /// Puts a number into branch 1 of an optional value, as the members of `strmMeta` are.
    @inlinable @inline(__always)
    package mutating func optionalNumber(_ mark: AvroMark, _ number: Int64, into output: inout OutputBuffer) {
        copy(upTo: mark, into: &output)
        output.append(2)
        output.append(zigzag: number)
    }

    /// Rewrites a block header that states the block's size, as one that does not.
    @inlinable @inline(__always)
    package mutating func header(_ mark: AvroMark, into output: inout OutputBuffer) {
        copy(upTo: mark, into: &output)
        output.append(zigzag: Int64(mark.text))
    }

    /// Copies what is left.
    @inlinable @inline(__always)
    package mutating func finish(into output: inout OutputBuffer) {
        copy(to: count, into: &output)
        copied = count
    }
}
