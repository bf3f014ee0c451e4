/// Path and method → what to do. The public listener serves two things.
package enum Route: Sendable, Equatable {
    /// `POST /event`.
    case event
    /// `GET /ready`, or HEAD: the answer has no body anyway.
    case ready
    /// A path that nothing answers.
    case notFound
    /// A known path with another method; the methods that it has, as the `Allow` field shows them.
    case wrongMethod(allow: StaticString)

    /// The route of a request. Paths are compared byte by byte, as they arrived: no case folding, no percent-decoding.
    package init(method: UnsafeRawBufferPointer, path: UnsafeRawBufferPointer) {
        if path.equals("/event") {
            self = method.equals("POST") ? .event : .wrongMethod(allow: "POST")
        } else if path.equals("/ready") {
            self = method.equals("GET") || method.equals("HEAD") ? .ready : .wrongMethod(allow: "GET, HEAD")
        } else {
            self = .notFound
        }
    }

    package static func == (left: Route, right: Route) -> Bool {
        switch (left, right) {
        case (.event, .event), (.ready, .ready), (.notFound, .notFound): true
        case (.wrongMethod(let one), .wrongMethod(let other)): one.description == other.description
        case (.event, _), (.ready, _), (.notFound, _), (.wrongMethod, _): false
        }
    }
}

extension UnsafeRawBufferPointer {
    /// Whether these bytes are exactly the ones of `text`.
    @inline(__always)
    func equals(_ text: StaticString) -> Bool {
        guard count == text.utf8CodeUnitCount, count > 0, let start = baseAddress else { return false }
        let other = text.utf8Start
        for index in 0..<count where start.load(fromByteOffset: index, as: UInt8.self) != other[index] { return false }
        return true
    }
}
