import HTTP
import Bytes

/// HPACK (RFC 7541) for whoever needs no speed: the ingest session's decoder with fields as values. Tests and fuzzers call it.
package final class HPACKDecoder {
    private var decoder = HeaderDecoder()
    private var list = FieldList()
    private let tokens = TokenTable()

    /// With an empty table.
    package init() {}

    /// Size of the dynamic table now, as RFC 7541 §4.1 counts it.
    package var tableSize: Int { decoder.table.size }
    /// The most that it may become.
    package var tableMaximum: Int { decoder.table.maximum }
    /// Entries of the dynamic table now.
    package var tableCount: Int { decoder.table.count }

    /// The fields of one block, in order.
    ///
    /// - Throws: `.protocolViolated` when the block is broken; nothing more can be decoded then.
    package func decode(_ block: UnsafeRawBufferPointer) throws(HTTP2Error) -> [(name: [UInt8], value: [UInt8])] {
        list.reset(FieldList.Limits(bytes: 16 << 20, fields: .max))
        do throws(Violation) {
            try decoder.decode(block, into: &list, tokens: tokens)
        } catch {
            throw .protocolViolated(reason: "\(error)")
        }
        let base = list.text.bytes.baseAddress!  // a buffer has memory from the start
        return (0..<list.count).map { (Array(list[$0].name.view(of: base)), Array(list[$0].value.view(of: base))) }
    }

    /// What Huffman-coded bytes mean (§5.2).
    ///
    /// - Throws: `.protocolViolated` when the code or its padding is broken.
    package static func decodeHuffman(_ coded: UnsafeRawBufferPointer) throws(HTTP2Error) -> [UInt8] {
        var text = OutputBuffer()
        do throws(Violation) {
            try Huffman.code.decode(coded, into: &text)
        } catch {
            throw .protocolViolated(reason: "\(error)")
        }
        return text.copyBytes()
    }
}
