internal import API
internal import GRPC
internal import JSON
internal import Synchronization
internal import System
internal import Wire
internal import YAML

/// What is generated for a stream once, and then stays.
struct StreamIdentity: Sendable, Equatable {
    /// UUID.
    var id: String
    /// Everybody who may send to it or read it; never empty for long: a stream is made with one.
    var clientIDs: [String]
    /// Stands in front of a masked value; empty without masks, and for components that mask nothing.
    var maskSeed: String

    /// Equal for equal identities.
    var fingerprint: JSONValue {
        ["id": .string(id), "clientIds": .array(clientIDs.map { .string($0) }), "maskSeed": .string(maskSeed)]
    }
}

/// One entity as it stands in a plane folder, or as a control plane tells it: its kind, its content, and where it was read.
///
/// It never changes, so what it says by itself is found out once: of a large plane most documents are the same after a change.
final class PlaneDocument: Sendable {
    /// What a document may describe.
    enum Kind: String, CaseIterable, Sendable {
        case stream = "Stream"
        case dataContract = "DataContract"
        case policy = "Policy"
    }

    /// What a document says.
    enum Content: Sendable {
        /// The proto-JSON of the message.
        case json(JSONValue)
        /// The message of a stream, as a control plane sends it: a plane has thousands.
        case stream(StreamSpec)
    }

    let file: String
    let kind: Kind
    let content: Content
    /// Of a stream: the client id to use in place of a generated one.
    let clientID: String?
    /// Of a stream: where its secret is read from in place of a generated one; as written.
    let secretFile: String?
    /// Of a stream that a control plane describes: what a folder leaves to the state folder.
    let identity: StreamIdentity?
    let lines: LineTree
    private let readings = Mutex<(stream: StreamReading?, contract: ContractReading?)>((nil, nil))

    init(
        file: String, kind: Kind, content: Content, clientID: String?, secretFile: String?,
        identity: StreamIdentity? = nil, lines: LineTree
    ) {
        self.file = file
        self.kind = kind
        self.content = content
        self.clientID = clientID
        self.secretFile = secretFile
        self.identity = identity
        self.lines = lines
    }

    /// What the document of a stream says by itself.
    var stream: StreamReading {
        readings.withLock { readings in
            if let known = readings.stream { return known }
            let made = StreamReading(self)
            readings.stream = made
            return made
        }
    }

    /// What the document of a contract says by itself.
    var contract: ContractReading {
        readings.withLock { readings in
            if let known = readings.contract { return known }
            let made = ContractReading(self)
            readings.contract = made
            return made
        }
    }

    /// The proto-JSON of the message.
    var spec: JSONValue {
        switch content {
        case .json(let json): json
        case .stream(let spec): spec.json
        }
    }

    /// The line of a member of `spec`, or of the nearest part around it that is there.
    func line(of path: DocumentPath) -> Int {
        var tree = lines.members["spec"] ?? lines
        for step in path.steps {
            let next: LineTree?
            switch step {
            case .member(let name): next = tree.members[name]
            case .index(let index): next = tree.elements.indices.contains(index) ? tree.elements[index] : nil
            }
            guard let next else { break }
            tree = next
        }
        return tree.line
    }

    /// A mistake at a member that stands beside `spec`.
    func problem(beside member: String, _ reason: String) -> PlaneProblem {
        PlaneProblem(file: file, line: lines.members[member]?.line ?? lines.line, reason: reason)
    }

    /// A mistake at a member of `spec`.
    func problem(_ path: DocumentPath, _ rule: String) -> PlaneProblem {
        PlaneProblem(file: file, line: line(of: path), reason: SpecProblem(path, rule).description)
    }

    /// A mistake at a member of `spec`, by its names.
    func problem(at names: String..., rule: String) -> PlaneProblem {
        problem(DocumentPath(names.map { .member($0) }), rule)
    }
}

extension PlaneDocument {
    /// The largest file that is read, in bytes.
    static let fileLimit = 4 << 20

    /// Reads every `.yaml`, `.yml` and `.json` file of a folder and the folders in it, in the order of their paths. Names
    /// that begin with a point are skipped: editors and Kubernetes keep their own things there.
    ///
    /// - Parameter problems: Files that cannot be read or understood are noted here, all of them.
    static func read(folder: String, problems: inout [PlaneProblem]) -> [PlaneDocument] {
        var documents: [PlaneDocument] = []
        for file in planeFiles(in: folder, problems: &problems) {
            do {
                documents += read(
                    try File.read("\(folder)/\(file)", limit: fileLimit), file: file, problems: &problems)
            } catch {
                problems.append(PlaneProblem(file: file, line: 0, reason: error.description))
            }
        }
        return documents
    }

    /// The documents of one file.
    static func read(_ text: [UInt8], file: String, problems: inout [PlaneProblem]) -> [PlaneDocument] {
        var strictValue: JSONValue?
        if file.hasSuffix(".json") {
            // The strict parser decides; YAML, of which JSON is a part, only lends the lines.
            do {
                strictValue = try JSONValue.parse(text, depthLimit: 64)
            } catch {
                problems.append(PlaneProblem(file: file, line: error.place.line, reason: error.description))
                return []
            }
        }
        do {
            let parsed = try YAMLDocument.parse(text)
            return parsed.compactMap {
                shape(strictValue ?? $0.value, lines: $0.lines, file: file, problems: &problems)
            }
        } catch {
            if let strictValue {
                return [shape(strictValue, lines: LineTree(line: 1), file: file, problems: &problems)].compactMap(
                    \.self)
            }
            problems.append(PlaneProblem(file: file, line: error.line, reason: error.reason))
            return []
        }
    }

    /// `kind`, `spec` and the few members beside them; nothing for an empty document or one with mistakes.
    private static func shape(
        _ value: JSONValue, lines: LineTree, file: String, problems: inout [PlaneProblem]
    ) -> PlaneDocument? {
        if value.isNull { return nil }
        var found: [PlaneProblem] = []
        func note(_ member: String?, _ reason: String) {
            let line = member.flatMap { lines.members[$0]?.line } ?? lines.line
            found.append(PlaneProblem(file: file, line: line, reason: reason))
        }
        let kinds = Kind.allCases.map(\.rawValue).joined(separator: ", ")
        guard let object = value.object else {
            note(nil, "a document must be an object with kind and spec, found \(value.kindName)")
            problems += found
            return nil
        }
        let kind = object["kind"]?.string.flatMap { Kind(rawValue: $0) }
        if object["kind"] == nil {
            note(nil, "kind must be set: one of \(kinds)")
        } else if kind == nil {
            note("kind", "kind \(object["kind"]?.string ?? "") is unknown; kinds are \(kinds)")
        }
        var extras: [String: String] = [:]
        for member in object.members where !["kind", "spec"].contains(member.name) {
            guard kind == .stream, ["clientId", "secretFile"].contains(member.name) else {
                let beside = kind == .stream ? "kind, spec, clientId, secretFile" : "kind, spec"
                note(member.name, "\(member.name) is unknown; members of a document are \(beside)")
                continue
            }
            guard let text = member.value.string, !text.isEmpty else {
                note(member.name, "\(member.name) must be text")
                continue
            }
            extras[member.name] = text
        }
        if object["spec"] == nil { note(nil, "spec must be set") }
        problems += found
        guard let kind, let spec = object["spec"] else { return nil }
        return PlaneDocument(
            file: file, kind: kind, content: .json(spec), clientID: extras["clientId"],
            secretFile: extras["secretFile"],
            lines: lines)
    }
}

/// A path that a document names; a relative one starts from the plane folder.
func path(_ path: String, in folder: String) -> String { path.hasPrefix("/") ? path : "\(folder)/\(path)" }

/// The paths below `folder` of the files that describe a plane, in their order.
///
/// - Parameter problems: What cannot be listed or looked at, such as links in a circle, is noted here; the rest goes on.
func planeFiles(
    in folder: String, below path: String = "", depth: Int = 0, problems: inout [PlaneProblem]
) -> [String] {
    var names: [String] = []
    do {
        names = try Directory.list(path.isEmpty ? folder : "\(folder)/\(path)")
    } catch {
        problems.append(PlaneProblem(file: path, line: 0, reason: error.description))
    }
    var files: [String] = []
    for name in names where !name.hasPrefix(".") {
        let file = path.isEmpty ? name : "\(path)/\(name)"
        do {
            guard let status = try File.status("\(folder)/\(file)") else { continue }  // gone in between
            if status.isDirectory {
                guard depth < 8 else { continue }
                files += planeFiles(in: folder, below: file, depth: depth + 1, problems: &problems)
            } else if name.hasSuffix(".yaml") || name.hasSuffix(".yml") || name.hasSuffix(".json") {
                files.append(file)
            }
        } catch {
            problems.append(PlaneProblem(file: file, line: 0, reason: error.description))
        }
    }
    return files
}
