internal import Bytes
package import JSON

/// Takes the text of a list apart as it arrives, so that a list of any length costs the memory of one object.
///
///     {"kind":"PodList","metadata":{"resourceVersion":"7"},"items":[ {…} , {…} ]}
///      ────────────── envelope ──────────────────────────────────── └ elements ┘ ─
///
/// The elements of the outermost `items` come out whole, in order. The rest, with `[]` for the items, is the envelope. Grammar is checked
/// where the pieces are parsed; here only brackets and quotes count.
package struct ListSplitter: Sendable {
    private enum Place { case envelope, items, element }

    private let elementLimit: Int
    private let envelopeLimit: Int
    private var place = Place.envelope
    private var depth = 0  // open brackets outside of elements; inside of an element, its own
    private var isInString = false
    private var isEscaped = false
    private var envelope: [UInt8] = []
    private var element: [UInt8] = []
    private var stringStart = 0  // in the envelope, behind the quote
    private var lastString: [UInt8] = []  // at depth 1, of the envelope
    private var isNamedItems = false  // a colon followed it

    /// - Parameters:
    ///   - elementLimit: Most bytes of one object.
    ///   - envelopeLimit: Most bytes of everything else.
    package init(elementLimit: Int = 8 << 20, envelopeLimit: Int = 1 << 20) {
        self.elementLimit = elementLimit
        self.envelopeLimit = envelopeLimit
    }

    /// Takes the next bytes and answers the elements that they complete.
    ///
    /// - Throws: `.tooLarge`, `.unreadable`.
    package mutating func feed(_ bytes: [UInt8]) throws(KubernetesError) -> [[UInt8]] {
        var complete: [[UInt8]] = []
        var index = 0
        while index < bytes.count {
            switch place {
            case .envelope: try envelopeByte(bytes[index])
            case .items: try itemsByte(bytes[index])
            case .element:
                let end = elementEnd(bytes, from: index)
                element.append(contentsOf: bytes[index..<end])
                guard element.count <= elementLimit else {
                    throw .tooLarge(what: "an object in a list", limit: elementLimit)
                }
                if depth == 0 {
                    complete.append(element)
                    element = []
                    place = .items
                }
                index = end
                continue
            }
            index += 1
        }
        return complete
    }

    /// The envelope, once everything has come.
    ///
    /// - Throws: `.unreadable` when something is missing or it is no object.
    package func finish() throws(KubernetesError) -> JSONValue {
        guard place == .envelope, depth == 0 else { throw .unreadable("a list ends in the middle") }
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONValue.parse(envelope)
        } catch {
            throw .unreadable("\(error)")
        }
        guard value.object != nil else { throw .unreadable("a list is not an object") }
        return value
    }

    private mutating func envelopeByte(_ byte: UInt8) throws(KubernetesError) {
        guard envelope.count < envelopeLimit else {
            throw .tooLarge(what: "a list without its items", limit: envelopeLimit)
        }
        envelope.append(byte)
        if isInString {
            if isEscaped {
                isEscaped = false
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else if byte == UInt8(ascii: "\"") {
                isInString = false
                if depth == 1 { lastString = Array(envelope[stringStart..<(envelope.count - 1)]) }
            }
            return
        }
        switch byte {
        case UInt8(ascii: "\""):
            isInString = true
            stringStart = envelope.count
        case UInt8(ascii: ":"):
            isNamedItems = depth == 1 && lastString.elementsEqual("items".utf8)
        case UInt8(ascii: ","):
            isNamedItems = false
        case UInt8(ascii: "["):
            depth += 1
            if isNamedItems, depth == 2 { place = .items }
        case UInt8(ascii: "{"):
            depth += 1
        case UInt8(ascii: "}"), UInt8(ascii: "]"):
            depth -= 1
            guard depth >= 0 else { throw .unreadable("a list has more closing brackets than opening ones") }
        default: break
        }
    }

    private mutating func itemsByte(_ byte: UInt8) throws(KubernetesError) {
        switch byte {
        case UInt8(ascii: "{"):
            place = .element
            element.append(byte)
            depth = 1
        case UInt8(ascii: "]"):
            envelope.append(byte)
            place = .envelope
            isNamedItems = false
            depth = 1
        case UInt8(ascii: ","), 0x20, 0x09, 0x0A, 0x0D: break
        default: throw .unreadable("an item of a list is not an object")
        }
    }

    /// Where the element ends, or the bytes do.
    private mutating func elementEnd(_ bytes: [UInt8], from start: Int) -> Int {
        bytes.withUnsafeBufferPointer { bytes in
            var index = start
            while index < bytes.count {
                let byte = bytes[index]
                index &+= 1
                if isInString {
                    if isEscaped {
                        isEscaped = false
                    } else if byte == UInt8(ascii: "\\") {
                        isEscaped = true
                    } else if byte == UInt8(ascii: "\"") {
                        isInString = false
                    }
                    continue
                }
                switch byte {
                case UInt8(ascii: "\""): isInString = true
                case UInt8(ascii: "{"), UInt8(ascii: "["): depth &+= 1
                case UInt8(ascii: "}"), UInt8(ascii: "]"):
                    depth &-= 1
                    if depth == 0 { return index }
                default: break
                }
            }
            return index
        }
    }
}
