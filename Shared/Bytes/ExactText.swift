extension StringProtocol {
    /// Whether both texts are the same bytes.
    ///
    /// For text that a stranger sent. `==` compares by Unicode canonical equivalence: two names that JSON or a form tells
    /// apart are equal to it, and a run of combining marks makes it take time that grows with the square of the length.
    @inlinable package func isIdentical(to other: some StringProtocol) -> Bool { utf8.elementsEqual(other.utf8) }

    /// Whether there are ASCII characters only: then comparing and hashing take the time that their length says.
    @inlinable package var isASCII: Bool { utf8.allSatisfy { $0 < 0x80 } }
}
