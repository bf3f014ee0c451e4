package import Faults

/// Why a message or a record was refused.
package enum WireError: Fault, Equatable {
    /// An event record does not begin with 0x00 and four bytes of schema id.
    case notFramed
    /// The value of a record in topic `billing` is not one; what is wrong with it.
    case notUsage(String)

    /// The sender's.
    package var blame: Blame { .caller }
    /// The same bytes are refused again.
    package var retry: Retry { .never }
}
