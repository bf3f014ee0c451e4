internal import JSON
internal import System
internal import YAML

/// The documents that a component last accepted, on disk, so that it starts without its folder.
///
///     last-good/<component>/plane.json     {"version":1,"folder":…,"sha256":…,"documents":[{"file","kind","spec","clientId","secretFile","identity"}]}
///
/// The digest is over the documents: a copy with a flipped bit would be a plane that nobody ever described.
/// Mode 0600: the specification of a stream in a plane folder may hold its mask seed. One that a control plane has made is sealed.
struct LastGood {
    private let folder: String
    private let seal: SeedSeal?
    private var path: String { "\(folder)/plane.json" }

    /// - Parameter seal: Nil for a component that has no mask seeds to keep.
    init(state: String, component: String, seal: SeedSeal? = nil) {
        folder = "\(state)/last-good/\(component)"
        self.seal = seal
    }

    /// Replaces the copy, in one step. Writes nothing when it is the same already: a full disk must not stop a start.
    func save(_ documents: [PlaneDocument], folder: String) throws(PlaneConfigError) {
        let list = try documents.map { document throws(PlaneConfigError) -> JSONValue in
            var object: JSONObject = [
                "file": .string(document.file), "kind": .string(document.kind.rawValue), "spec": document.spec,
            ]
            object["clientId"] = document.clientID.map { .string($0) }
            object["secretFile"] = document.secretFile.map { .string($0) }
            if let identity = document.identity { object["identity"] = try json(of: identity) }
            return .object(object)
        }
        let whole: JSONValue = [
            "version": 1, "folder": .string(folder), "sha256": .string(try digest(of: list)), "documents": .array(list),
        ]
        let bytes = whole.bytes()
        try onState { () throws(SystemError) in
            if try File.readIfThere(path) == bytes { return }
            try Directory.create(self.folder, mode: 0o700)
            try File.writeAtomically(path, bytes, mode: 0o600)
        }
    }

    /// The copy, or nothing when none was made yet.
    ///
    /// - Throws: `.corruptState` when it is not readable by this version.
    func load() throws(PlaneConfigError) -> (documents: [PlaneDocument], folder: String)? {
        guard let bytes = try onState({ () throws(SystemError) in try File.readIfThere(path) }) else { return nil }
        guard let whole = jsonObject(bytes), whole["version"]?.int64 == 1, let folder = whole["folder"]?.string,
            let list = whole["documents"]?.array, whole["sha256"]?.string == (try digest(of: list))
        else { throw .corruptState(path) }
        var documents: [PlaneDocument] = []
        for entry in list {
            guard let file = entry["file"]?.string, let spec = entry["spec"],
                let kind = entry["kind"]?.string.flatMap({ PlaneDocument.Kind(rawValue: $0) })
            else { throw .corruptState(path) }
            documents.append(
                PlaneDocument(
                    file: file, kind: kind, content: .json(spec), clientID: entry["clientId"]?.string,
                    secretFile: entry["secretFile"]?.string,
                    identity: try entry["identity"].map { json throws(PlaneConfigError) in try identity(in: json) },
                    lines: LineTree(line: 0)))
        }
        return (documents, folder)
    }

    private func json(of identity: StreamIdentity) throws(PlaneConfigError) -> JSONValue {
        var object: JSONObject = [
            "id": .string(identity.id), "clientIds": .array(identity.clientIDs.map { .string($0) }),
        ]
        if let seal, !identity.maskSeed.isEmpty {
            object["sealedMaskSeed"] = .string(try seal.seal(identity.maskSeed, of: identity.id))
        }
        return .object(object)
    }

    private func identity(in json: JSONValue) throws(PlaneConfigError) -> StreamIdentity {
        guard let id = json["id"]?.string, let clientIDs = json["clientIds"]?.array?.compactMap(\.string) else {
            throw .corruptState(path)
        }
        guard let seal, let sealed = json["sealedMaskSeed"]?.string else {
            return StreamIdentity(id: id, clientIDs: clientIDs, maskSeed: "")
        }
        // Without its seed a mask could be undone by guessing.
        guard let seed = seal.open(sealed, of: id) else { throw .corruptState(path) }
        return StreamIdentity(id: id, clientIDs: clientIDs, maskSeed: seed)
    }

    private func digest(of documents: [JSONValue]) throws(PlaneConfigError) -> String {
        try sha256Hex(JSONValue.array(documents).bytes())
    }
}
