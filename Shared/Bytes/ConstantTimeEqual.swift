/// Compares secrets: the time taken depends on the lengths only, never on where the bytes differ. The lengths are not
/// secret.
public func constantTimeEqual(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool {
    guard left.count == right.count else { return false }
    var difference: UInt8 = 0
    for index in 0..<left.count { difference |= left[index] ^ right[index] }
    return opaque(difference) == 0
}

/// As ``constantTimeEqual(_:_:)-(UnsafeRawBufferPointer,_)``, for arrays.
public func constantTimeEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    left.withUnsafeBytes { left in right.withUnsafeBytes { right in constantTimeEqual(left, right) } }
}

/// Keeps the optimiser from looking into the loop above and leaving it early.
@inline(never) @_optimize(none)
private func opaque(_ value: UInt8) -> UInt8 { value }
