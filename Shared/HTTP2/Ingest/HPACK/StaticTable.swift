// RFC 7541 appendix A.

/// The fields that both sides know from the start, by number 1…61.
struct StaticTable: Sendable {
    /// One field.
    struct Entry {
        let name: UnsafeRawBufferPointer
        let value: UnsafeRawBufferPointer
        let kind: FieldKind
    }

    /// How many there are; dynamic entries are numbered from here on.
    static let count = 61

    private nonisolated(unsafe) let entries: UnsafePointer<Entry>  // made once, never changed or freed

    /// The one instance.
    static let fields = StaticTable()

    private init() {
        let made = UnsafeMutablePointer<Entry>.allocate(capacity: Self.list.count)
        for (index, (name, value)) in Self.list.enumerated() {
            let bytes = UnsafeRawBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)
            (made + index).initialize(
                to: Entry(
                    name: bytes, value: UnsafeRawBufferPointer(start: value.utf8Start, count: value.utf8CodeUnitCount),
                    kind: FieldKind(name: bytes)))
        }
        entries = UnsafePointer(made)
    }

    /// - Precondition: `index` is 1…61.
    subscript(_ index: Int) -> Entry {
        @inline(__always) get { entries[index &- 1] }
    }

    private static let list: [(StaticString, StaticString)] = [
        (":authority", ""),
        (":method", "GET"),
        (":method", "POST"),
        (":path", "/"),
        (":path", "/index.html"),
        (":scheme", "http"),
        (":scheme", "https"),
        (":status", "200"),
        (":status", "204"),
        (":status", "206"),
        (":status", "304"),
        (":status", "400"),
        (":status", "404"),
        (":status", "500"),
        ("accept-charset", ""),
        ("accept-encoding", "gzip, deflate"),
        ("accept-language", ""),
        ("accept-ranges", ""),
        ("accept", ""),
        ("access-control-allow-origin", ""),
        ("age", ""),
        ("allow", ""),
        ("authorization", ""),
        ("cache-control", ""),
        ("content-disposition", ""),
        ("content-encoding", ""),
        ("content-language", ""),
        ("content-length", ""),
        ("content-location", ""),
        ("content-range", ""),
        ("content-type", ""),
        ("cookie", ""),
        ("date", ""),
        ("etag", ""),
        ("expect", ""),
        ("expires", ""),
        ("from", ""),
        ("host", ""),
        ("if-match", ""),
        ("if-modified-since", ""),
        ("if-none-match", ""),
        ("if-range", ""),
        ("if-unmodified-since", ""),
        ("last-modified", ""),
        ("link", ""),
        ("location", ""),
        ("max-forwards", ""),
        ("proxy-authenticate", ""),
        ("proxy-authorization", ""),
        ("range", ""),
        ("referer", ""),
        ("refresh", ""),
        ("retry-after", ""),
        ("server", ""),
        ("set-cookie", ""),
        ("strict-transport-security", ""),
        ("transfer-encoding", ""),
        ("user-agent", ""),
        ("vary", ""),
        ("via", ""),
        ("www-authenticate", ""),
    ]
}
