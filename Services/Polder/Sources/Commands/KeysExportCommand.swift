internal import Crypto
internal import JSON
internal import KeyVault
internal import PlaneConfig
internal import Privacy
internal import System
internal import Time
internal import Wire

/// `polder keys export <stream>`: every key of a stream, in clear.
struct KeysExportCommand: Command {
    static let name = "keys export"
    static let summary = "Prints the encryption keys of a stream as CSV, in clear."
    static let details = """
        Whoever has this file and the events reads every personal field. It asks before it prints; a script says --yes.
        Columns: keyLink, encryptionKey (a Tink keyset in JSON), policyId, expiresAt (milliseconds since 1970).
        """

    let dir: String?
    let isConfirmed: Bool
    let output: OutputFormat
    let stream: String

    init(reading arguments: inout ArgumentReader) {
        dir = arguments.dirOption()
        isConfirmed = arguments.flag("--yes", short: "-y", "Does not ask.")
        output = arguments.choice("--output", short: "-o", default: .text, "CSV, or one JSON object per line.")
        stream = arguments.argument("stream", "The source stream's name.", from: .names(.stream))
    }

    func run(_ context: CommandContext) async throws(PolderError) {
        let (plane, source) = try await LocalPlane.finding(stream, dir, context)
        if let origin = source.derivedFrom {
            throw .refused("\(stream) is derived from \(origin), whose keys it uses: polder keys export \(origin)")
        }
        try confirm(context.console)
        do {
            let kek = try PlaneSecrets.keyEncryptionKey(
                plane.state.path, provisioned: context.environment["EVENT_GATEWAY_KEK_FILE"], creating: false)
            let reader = try SQLiteKeyReader(path: PlaneSecrets.vault(plane.state.path), kek: kek)
            if output == .text {
                context.console.print(bytes: row(["keyLink", "encryptionKey", "policyId", "expiresAt"]))
            }
            var previous: StoredKey?
            while true {
                let page = try reader.keys(ofStream: source.id, after: previous, limit: 500)
                guard let last = page.last else { return }
                for key in page { context.console.print(bytes: line(key)) }
                previous = last
            }
        } catch {
            throw .failed("\(error)")
        }
    }

    private func confirm(_ console: Console) throws(PolderError) {
        if isConfirmed { return }
        guard console.isInputTerminal else {
            throw .refused("this prints every key of \(stream) in clear; say --yes")
        }
        let answer = console.ask("This prints every key of \(stream) in clear. Type the stream's name to go on: ")
        guard answer == stream else { throw .refused("nothing was printed") }
    }

    private func line(_ key: StoredKey) -> [UInt8] {
        let keyset = Keyset.json(of: key.key).withBytes { String(decoding: $0, as: UTF8.self) }
        let expires = key.expires.milliseconds
        switch output {
        case .text: return row([key.link.description, keyset, key.policyID, String(expires)])
        case .json:
            let object: JSONValue = [
                "keyLink": .string(key.link.description), "encryptionKey": .string(keyset),
                "policyId": .string(key.policyID), "expiresAt": JSONValue(expires),
            ]
            return object.bytes() + [UInt8(ascii: "\n")]
        }
    }

    /// RFC 4180, every value in quotes.
    private func row(_ values: [String]) -> [UInt8] {
        let quoted = values.map { "\"\($0.replacing("\"", with: "\"\""))\"" }
        return Array((quoted.joined(separator: ",") + "\r\n").utf8)
    }
}
