internal import System

/// A secret that is given by file, because arguments are seen by everybody on a machine and kept by shells.
enum SecretFile {
    /// The file's first line.
    ///
    /// - Parameter what: What it holds, for the error: `password`.
    /// - Throws: `.refused` when others may read the file, or it is empty; `.failed` when it cannot be read.
    static func firstLine(of file: String, what: String) throws(PolderError) -> String {
        do {
            if let status = try File.status(file), !status.isDirectory, status.mode & 0o077 != 0 {
                throw PolderError.refused("\(file) is readable by others: chmod 600 \(file)")
            }
            let bytes = try File.readWaiting(file, limit: 4096)
            let line = bytes.prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
            guard !line.isEmpty else { throw PolderError.refused("\(file) holds no \(what)") }
            return String(decoding: line, as: UTF8.self)
        } catch let error as PolderError {
            throw error
        } catch {
            throw .failed("\(error)")
        }
    }
}
