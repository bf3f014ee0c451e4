internal import JSON
internal import System
internal import YAML

/// The documents that a component last accepted, on disk, so that it starts without its folder.
///
///     last-good/<component>/plane.json     {"version":1,"folder":…,"documents":[{"file","kind","spec","clientId","secretFile"}]}
///
/// Mode 0600: a mask seed may stand in it.
struct LastGood {
    private let folder: String
    private var path: String { "\(folder)/plane.json" }

    init(state: String, component: String) { folder = "\(state)/last-good/\(component)" }

    /// Replaces the copy, in one step. Writes nothing when it is the same already: a full disk must not stop a start.
    func save(_ documents: [PlaneDocument], folder: String) throws(PlaneConfigError) {
        let list = documents.map { document -> JSONValue in
            var object: JSONObject = [
                "file": .string(document.file), "kind": .string(document.kind.rawValue), "spec": document.spec,
            ]
            object["clientId"] = document.clientID.map { .string($0) }
            object["secretFile"] = document.secretFile.map { .string($0) }
            object["identity"] = document.identity?.json
            return .object(object)
        }
        let whole: JSONValue = ["version": 1, "folder": .string(folder), "documents": .array(list)]
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
            let list = whole["documents"]?.array
        else { throw .corruptState(path) }
        var documents: [PlaneDocument] = []
        for entry in list {
            guard let file = entry["file"]?.string, let spec = entry["spec"],
                let kind = entry["kind"]?.string.flatMap({ PlaneDocument.Kind(rawValue: $0) })
            else { throw .corruptState(path) }
            documents.append(
                PlaneDocument(
                    file: file, kind: kind, spec: spec, clientID: entry["clientId"]?.string,
                    secretFile: entry["secretFile"]?.string,
                    identity: entry["identity"].flatMap { StreamIdentity(json: $0) }, lines: LineTree(line: 0)))
        }
        return (documents, folder)
    }
}

extension StreamIdentity {
    /// The form in the copy on disk.
    var json: JSONValue {
        ["id": .string(id), "clientIds": .array(clientIDs.map { .string($0) }), "maskSeed": .string(maskSeed)]
    }

    /// Reads the form in the copy on disk.
    init?(json: JSONValue) {
        guard let id = json["id"]?.string, let clientIDs = json["clientIds"]?.array?.compactMap(\.string),
            let maskSeed = json["maskSeed"]?.string
        else { return nil }
        self.init(id: id, clientIDs: clientIDs, maskSeed: maskSeed)
    }
}
