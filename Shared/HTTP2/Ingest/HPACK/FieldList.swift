import Bytes
import HTTP

/// One decoded header list: names and values one after the other in `text`, and where each field is.
///
///     text    :method POST :path /event authorization Bearer…
///     fields  (0,7)(7,4)   (11,5)(16,6)  …                        offsets, so that the text may grow
///
/// A list above its limits is marked and keeps nothing more, but is decoded to its end: the dynamic table must stay what the
/// encoder thinks it is.
struct FieldList: ~Copyable {
    /// Where one field is, and what it is.
    struct Field {
        let name: ByteRange
        let value: ByteRange
        let kind: FieldKind
        /// False when the value breaks RFC 9113 §8.2.1.
        let hasGoodValue: Bool
    }

    /// What a list may be, and how far beyond that it is decoded.
    struct Limits {
        /// Bytes as RFC 9113 §6.5.2 counts them: name, value and 32 for each field.
        let bytes: Int
        let fields: Int
        /// A list that unpacks to so many times `bytes` is an attack.
        static let patience = 8
    }

    var text = OutputBuffer(capacity: 256)
    private(set) var count = 0
    /// Size as RFC 9113 §6.5.2 counts it, also of what was not kept.
    private(set) var size = 0
    private(set) var isOverLimit = false
    private var limits = Limits(bytes: .max, fields: .max)
    private var capacity = 16
    private var fields = UnsafeMutablePointer<Field>.allocate(capacity: 16)

    init() {}

    deinit { fields.deallocate() }

    subscript(_ index: Int) -> Field {
        precondition(index < count, "there is such a field")
        return fields[index]
    }

    /// Ready for another list. A large text is given back.
    mutating func reset(_ limits: Limits) {
        text.removeAll(keepingCapacity: text.capacity <= 8 << 10)
        count = 0
        size = 0
        isOverLimit = false
        self.limits = limits
    }

    /// Counts a field before its text is copied. False when the list is too large to keep it.
    ///
    /// - Throws: When the list has become absurdly large.
    @inline(__always)
    mutating func admit(_ length: Int) throws(Violation) -> Bool {
        size &+= length &+ 32
        if size <= limits.bytes, count < limits.fields, !isOverLimit { return true }
        isOverLimit = true
        if size > limits.bytes &* Limits.patience { throw .connection(.headerBomb) }
        return false
    }

    /// Adds a field whose name and value are the end of the text.
    @inline(__always)
    mutating func add(nameAt start: Int, valueAt middle: Int, _ kind: FieldKind, hasGoodValue: Bool) {
        if count == capacity { grow() }
        (fields + count).initialize(
            to: Field(
                name: ByteRange(offset: start, count: middle &- start),
                value: ByteRange(offset: middle, count: text.count &- middle), kind: kind, hasGoodValue: hasGoodValue))
        count &+= 1
    }

    private mutating func grow() {
        let larger = UnsafeMutablePointer<Field>.allocate(capacity: capacity * 2)
        larger.moveInitialize(from: fields, count: count)
        fields.deallocate()
        fields = larger
        capacity *= 2
    }
}
