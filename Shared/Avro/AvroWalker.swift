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
}

/// What a splice puts in the place of a marked value.
package enum AvroReplacement {
    /// The value stays as it is.
    case keep
    /// A text, in the branch that the point's type has for texts.
    case text(UnsafeRawBufferPointer)
    /// Room for a text of so many bytes, for the caller to fill: ``AvroWalker/place(of:)`` says where.
    case room(Int)
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
    // Behind a pointer, because every access to a property of a class asks the runtime whether it may.
    private let walk: UnsafeMutablePointer<AvroWalk>

    /// A walker without marks.
    package init() {
        walk = .allocate(capacity: 1)
        walk.initialize(to: AvroWalk())
    }

    deinit {
        walk.pointee.deallocate()
        walk.deinitialize(count: 1)
        walk.deallocate()
    }

    /// The marks of the last walk, in the order of the bytes; valid until the next one.
    package var marks: UnsafeBufferPointer<AvroMark> {
        UnsafeBufferPointer(start: walk.pointee.marks, count: walk.pointee.markCount)
    }

    /// How many marks the last walk made.
    package var markCount: Int { walk.pointee.markCount }

    /// The error of the last walk, after it answered false.
    package var error: AvroError { .malformedDatum(offset: walk.pointee.offset, walk.pointee.fault) }

    /// Checks the datum against the program's schema and notes its points.
    ///
    /// - Returns: false if the bytes are not exactly one datum; ``error`` then says why.
    package func walk(_ program: AvroProgram, _ datum: UnsafeRawBufferPointer) -> Bool {
        walk.pointee.walk(program, datum)
    }

    /// Writes the datum of the last walk with some of its marked values replaced.
    ///
    /// - Parameters:
    ///   - datum: The same bytes that were walked.
    ///   - program: The same program.
    ///   - output: The new datum is appended.
    ///   - replacement: Called once for each mark, in order, with its index and itself; not for block headers. A text is
    ///     copied before the next call, so that all may use the same memory.
    package func splice(
        _ datum: UnsafeRawBufferPointer, _ program: AvroProgram, into output: inout OutputBuffer,
        _ replacement: (Int, AvroMark) -> AvroReplacement
    ) {
        walk.pointee.splice(datum, program, into: &output, replacement)
    }

    /// Where in the output of the last splice the text of a mark begins that was given room: bytes from the output's start.
    package func place(of index: Int) -> Int { walk.pointee.place(of: index) }

    /// Reads the numbers of a marked list of int, which a walk has checked.
    package func forEachInt(of mark: AvroMark, in datum: UnsafeRawBufferPointer, _ body: (Int32) -> Void) {
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
