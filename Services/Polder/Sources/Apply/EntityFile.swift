internal import JSON
internal import System
internal import YAML

/// One entity as it stands in a file.
struct EntityDocument: Sendable {
    /// The file's path, or `-`.
    let file: String
    let value: JSONValue
    let lines: LineTree

    /// `file:line`, of a member or of the nearest part around it that is there.
    func place(_ path: [PathPart]) -> String {
        var tree = lines
        for part in path {
            let next: LineTree?
            switch part {
            case .member(let name): next = tree.members[name]
            case .index(let index): next = tree.elements.indices.contains(index) ? tree.elements[index] : nil
            }
            guard let next else { break }
            tree = next
        }
        return "\(file):\(tree.line)"
    }

    enum PathPart: Sendable {
        case member(String)
        case index(Int)
    }
}

/// Files and folders of entities: YAML, of which JSON is a part.
enum EntityFile {
    private static let limit = 4 << 20

    /// Every document of a file, of the files of a folder and the folders in it, or of the standard input (`-`).
    ///
    /// - Throws: `.configuration` with file and line, `.failed` when something cannot be read.
    static func documents(of path: String) throws(PolderError) -> [EntityDocument] {
        if path == "-" {
            do {
                return try parse(try File.readToEnd(raw: 0, "the standard input", limit: limit), path)
            } catch let error as PolderError {
                throw error
            } catch {
                throw .failed("\(error)")
            }
        }
        var documents: [EntityDocument] = []
        for file in try files(at: path, depth: 0) {
            let bytes: [UInt8]
            do {
                bytes = try File.readWaiting(file, limit: limit)
            } catch {
                throw .failed(error.description)
            }
            documents += try parse(bytes, file)
        }
        return documents
    }

    private static func parse(_ bytes: [UInt8], _ file: String) throws(PolderError) -> [EntityDocument] {
        do {
            return try YAMLDocument.parse(bytes).filter { !$0.value.isNull }.map {
                EntityDocument(file: file, value: $0.value, lines: $0.lines)
            }
        } catch {
            throw .configuration(["\(file):\(error.line): \(error.reason)"])
        }
    }

    /// The file, or what a folder holds, in the order of the names; those that begin with a point are skipped.
    private static func files(at path: String, depth: Int) throws(PolderError) -> [String] {
        do {
            guard let status = try File.status(path) else {
                throw PolderError.missing("there is no file \(path)", next: "")
            }
            guard status.isDirectory else { return [path] }
            var found: [String] = []
            for name in try Directory.list(path).sorted() where !name.hasPrefix(".") && depth < 8 {
                let inner = "\(path)/\(name)"
                let isFolder = try File.status(inner)?.isDirectory ?? false
                if isFolder || [".yaml", ".yml", ".json"].contains(where: { name.hasSuffix($0) }) {
                    found += try files(at: inner, depth: depth + 1)
                }
            }
            return found
        } catch let error as PolderError {
            throw error
        } catch {
            throw .failed("\(error)")
        }
    }
}
