internal import Bytes
internal import Crypto
internal import System

/// Numbers for schemas, and the schemas of numbers: what a record's header means.
///
///     schemas/<id>.json            the Avro schema or JSON Schema as JSON text
///     schemas/<id>.avsc            the same, as states called it when all schemas were Avro; still read
///
/// Whether a record's event is an Avro datum or a JSON text follows from its schema, and so from its id. An id has 31 bits, is never 0, and comes from the content: the first four bytes of the text's SHA-256. When another text
/// has that number already, the next free one is taken. A number never changes its meaning and files are never removed, so
/// old records stay readable after a contract is gone.
package struct SchemaStore: Sendable {
    private let folder: String

    /// The schemas of a state folder; `schemas` is made when missing.
    ///
    /// - Throws: `.state` when that fails.
    package init(state: String) throws(PlaneConfigError) {
        folder = "\(state)/schemas"
        let folder = folder
        try onState { () throws(SystemError) in try Directory.create(folder, mode: 0o700) }
    }

    /// The number of a schema, given out now if it is new. Safe when several processes ask at the same time.
    ///
    /// - Throws: `.state`.
    package func id(of definition: String) throws(PlaneConfigError) -> Int32 {
        let text = Array(definition.utf8)
        var candidate = try firstCandidate(text)
        while true {
            let path = path(of: candidate)
            let content = try onState { () throws(SystemError) -> [UInt8] in
                if let bytes = try Self.read(path) { return bytes }
                if try File.createExclusively(path, text, mode: 0o600) { return text }
                return try File.read(path)
            }
            if content == text { return candidate }
            candidate = candidate == .max ? 1 : candidate + 1
        }
    }

    /// The schema of a number; nothing when it was never given out here.
    ///
    /// - Throws: `.state`.
    package func definition(of id: Int32) throws(PlaneConfigError) -> String? {
        let path = path(of: id)
        return try onState { () throws(SystemError) in
            try Self.read(path).map { String(decoding: $0, as: UTF8.self) }
        }
    }

    private func path(of id: Int32) -> String { "\(folder)/\(id).json" }

    private static func read(_ path: String) throws(SystemError) -> [UInt8]? {
        if let bytes = try File.readIfThere(path) { return bytes }
        return try File.readIfThere(path.dropLast(".json".count) + ".avsc")
    }

    private func firstCandidate(_ text: [UInt8]) throws(PlaneConfigError) -> Int32 {
        do {
            let digest = try SHA256.hash(text)
            let word = digest[..<4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            return max(1, Int32(word & 0x7FFF_FFFF))
        } catch {
            throw .state("SHA-256 failed")
        }
    }
}
