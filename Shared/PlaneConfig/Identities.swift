internal import Bytes
internal import Crypto
internal import JSON
internal import System

/// What is generated for a stream once, and then never changes: kept in the state folder, never in the plane folder.
///
///     ids/streams/<file>           {"version":1,"name":…,"id":<uuid>,"clientId":…}
///     ids/mask-seeds/<file>        the seed of a derived stream whose folder entry gives none; 0600
///     secrets/clients/<file>       the client secret; 0600
///
/// `<file>` is the stream's name when it consists of letters, digits, `-`, `_` and inner points, otherwise `~` and the
/// SHA-256 of the name.
///
/// Several processes may ask for the same thing at the same time: the one whose file comes into being first has decided,
/// the others read it.
package struct Identities: Sendable {
    private let state: String

    /// The identities of a state folder; its folders are made when missing.
    ///
    /// - Throws: `.state` when that fails.
    package init(state: String) throws(PlaneConfigError) {
        self.state = state
        try onState { () throws(SystemError) in
            try Directory.create("\(state)/ids/streams", mode: 0o700)
            try Directory.create("\(state)/ids/mask-seeds", mode: 0o700)
            try Directory.create("\(state)/secrets/clients", mode: 0o700)
        }
    }

    /// The UUID and the client id of a stream, made now if it is new.
    ///
    /// - Throws: `.state`, `.corruptState`.
    func stream(named name: String) throws(PlaneConfigError) -> (id: String, clientID: String) {
        let path = "\(state)/ids/streams/\(try fileName(for: name))"
        let bytes = try getOrCreate(path, mode: 0o600) {
            var generator = SystemRandomNumberGenerator()
            let fresh: JSONValue = [
                "version": 1, "name": .string(name), "id": .string(UUIDv4(using: &generator).description),
                "clientId": .string("stream-\(Identities.randomText(30, of: Identities.lowerCase))"),
            ]
            return fresh.bytes() + [UInt8(ascii: "\n")]
        }
        guard let value = jsonObject(bytes), value["version"]?.int64 == 1, value["name"]?.string == name,
            let id = value["id"]?.string, UUIDv4(id) != nil, let clientID = value["clientId"]?.string
        else { throw .corruptState(path) }
        return (id, clientID)
    }

    /// The seed for a stream that masks fields without naming one, made now if it is new.
    ///
    /// - Throws: `.state`, `.corruptState`.
    func maskSeed(of stream: String) throws(PlaneConfigError) -> String {
        try text(at: "\(state)/ids/mask-seeds/\(try fileName(for: stream))")
    }

    /// The client secret of a stream: from its `secretFile`, otherwise thirty of `[A-Za-z0-9]`, made now if there is none.
    ///
    /// Secrets are plain because every public driver puts them into a form body without encoding.
    ///
    /// - Throws: `.badSecretFile`, `.state`, `.corruptState`.
    package func clientSecret(of stream: PlaneStream) throws(PlaneConfigError) -> String {
        guard let secretFile = stream.secretFile else {
            return try text(at: "\(state)/secrets/clients/\(try fileName(for: stream.name))")
        }
        do throws(SecretFileProblem) {
            return try Identities.secret(inFile: secretFile)
        } catch {
            throw .badSecretFile(error.reason)
        }
    }

    /// The secret in a file that somebody else provides; line ends after it do not count.
    static func secret(inFile path: String) throws(SecretFileProblem) -> String {
        var bytes: [UInt8]
        do throws(SystemError) {
            bytes = try File.read(path, limit: 4096)
        } catch {
            throw SecretFileProblem(reason: error.description)
        }
        while let last = bytes.last, last == UInt8(ascii: "\n") || last == UInt8(ascii: "\r") { bytes.removeLast() }
        guard (12...1024).contains(bytes.count), bytes.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw SecretFileProblem(reason: "\(path): must hold 12 to 1024 printable characters without spaces")
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private func text(at path: String) throws(PlaneConfigError) -> String {
        let bytes = try getOrCreate(path, mode: 0o600) {
            Array(Identities.randomText(30, of: Identities.alphanumeric).utf8)
        }
        guard !bytes.isEmpty, bytes.allSatisfy({ (0x21...0x7E).contains($0) }) else { throw .corruptState(path) }
        return String(decoding: bytes, as: UTF8.self)
    }

    private func getOrCreate(
        _ path: String, mode: UInt32, _ make: () -> [UInt8]
    ) throws(PlaneConfigError) -> [UInt8] {
        try onState { () throws(SystemError) in
            if let bytes = try File.readIfThere(path) { return bytes }
            let bytes = make()
            if try File.createExclusively(path, bytes, mode: mode) { return bytes }
            return try File.read(path, limit: 1 << 20)
        }
    }

    private func fileName(for name: String) throws(PlaneConfigError) -> String {
        let isPlain =
            name.utf8.count <= 100 && !name.hasPrefix(".")
            && name.utf8.allSatisfy {
                switch $0 {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                    true
                default: false
                }
            }
        return isPlain ? name : "~\(try sha256Hex(Array(name.utf8)))"
    }

    private static let lowerCase = Array("abcdefghijklmnopqrstuvwxyz0123456789".utf8)
    private static let alphanumeric = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".utf8)

    /// Drawn from the kernel, without bias.
    private static func randomText(_ count: Int, of alphabet: [UInt8]) -> String {
        var generator = SystemRandomNumberGenerator()
        return String(
            decoding: (0..<count).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &generator)] },
            as: UTF8.self)
    }
}

/// Why a file does not give a secret: its path and the reason, never its content.
struct SecretFileProblem: Error {
    let reason: String
}

extension File {
    /// The content of a file, or nothing when there is none.
    static func readIfThere(_ path: String, limit: Int = 16 << 20) throws(SystemError) -> [UInt8]? {
        do {
            return try read(path, limit: limit)
        } catch {
            if error.isNotFound { return nil }
            throw error
        }
    }
}

/// The SHA-256 of some bytes.
func sha256(_ bytes: [UInt8]) throws(PlaneConfigError) -> [UInt8] {
    do {
        return try SHA256.hash(bytes)
    } catch {
        throw .state("SHA-256 failed")
    }
}

/// The same, in 64 hexadecimal digits.
func sha256Hex(_ bytes: [UInt8]) throws(PlaneConfigError) -> String { Hex.encode(try sha256(bytes)) }

/// The object that some bytes of JSON hold; nothing when they hold anything else.
func jsonObject(_ bytes: [UInt8]) -> JSONObject? {
    do {
        return try JSONValue.parse(bytes).object
    } catch {
        return nil
    }
}
