internal import Crypto
internal import JSON
internal import PlaneConfig
internal import Reconcile
internal import Wire

/// What a plane's streams need, as resources with the names that they have on Kubernetes.
///
///     source or derived stream               Topic       stream-<uuid>
///     source stream with derived streams     Deployment  decrypter-<uuid>, app=decrypter-v2
enum PlaneResources {
    /// A stream's records.
    static let topic = ResourceKind("Topic", holdsData: true)
    /// Processes of one program.
    static let deployment = ResourceKind("Deployment", holdsData: false)
    /// In the order in which they are made.
    static let kinds = [topic, deployment]

    /// Notes on resources. Names go here, because labels take few characters.
    enum Annotation {
        /// The name of the stream that the resource is for.
        static let stream = "strmprivacy.io/stream"
        /// The UUID of its project.
        static let project = "strmprivacy.io/project"
        /// The names of the derived streams that a decrypter feeds, as a JSON list.
        static let derivedStreams = "strmprivacy.io/derived-streams"
        /// The name of the source stream that a decrypter reads.
        static let sourceStream = "strmprivacy.io/source-stream"
    }

    /// Everything that a plane wants.
    ///
    /// - Parameters:
    ///   - settings: Those that every decrypter gets.
    ///   - known: What was wanted before: most of it still is, and need not be put together again.
    static func of(
        _ plane: PlaneSnapshot, decrypterSettings settings: [String: String], known: [ResourceID: Resource]
    ) throws(CryptoError) -> [Resource] {
        var resources: [Resource] = []
        resources.reserveCapacity(plane.streams.count + 16)
        for stream in plane.streams {
            let (id, notes) = (ResourceID(topic, stream.topic.description), notes(on: stream))
            if let known = known[id], known.annotations == notes {
                resources.append(known)
            } else {
                resources.append(try Resource(id, annotations: notes, spec: .object([:])))
            }
        }
        // One pass over the derived streams: a plane has thousands of sources.
        var derived: [SourceKey: [String]] = [:]
        for stream in plane.streams {
            guard let source = stream.derivedFrom else { continue }
            derived[SourceKey(project: stream.projectID, name: source), default: []].append(stream.name)
        }
        guard !derived.isEmpty else { return resources }
        for stream in plane.streams where stream.derivedFrom == nil {
            guard let names = derived[SourceKey(project: stream.projectID, name: stream.name)] else { continue }
            resources.append(try decrypter(of: stream, derived: names.sorted(), settings))
        }
        return resources
    }

    private struct SourceKey: Hashable {
        let project: String
        let name: String
    }

    private static func notes(on stream: PlaneStream) -> [String: String] {
        [Annotation.stream: stream.name, Annotation.project: stream.projectID]
    }

    private static func decrypter(
        of source: PlaneStream, derived: [String], _ settings: [String: String]
    ) throws(CryptoError) -> Resource {
        var annotations = notes(on: source)
        annotations[Annotation.sourceStream] = source.name
        annotations[Annotation.derivedStreams] = String(
            decoding: JSONValue.array(derived.map { .string($0) }).bytes(), as: UTF8.self)
        var environment = settings
        environment["DECRYPTER_STREAM"] = source.id
        return try Resource(
            ResourceID(deployment, "decrypter-\(source.id)"), labels: ["app": "decrypter-v2"],
            annotations: annotations,
            spec: ["binary": "decrypter", "environment": JSONValue(sorted: environment)])
    }
}

extension Resource {
    /// The process of a deployment. Its hash goes along, so that the next comparison finds it.
    var process: ProcessSpec {
        var process = ProcessSpec(name: id.name, binary: spec["binary"]?.string ?? "")
        process.environment =
            spec["environment"]?.object?.members.reduce(into: [:]) { $0[$1.name] = $1.value.string } ?? [:]
        process.adminSetting = "DECRYPTER_ADMIN_LISTEN"
        process.labels = labels
        process.annotations = annotations
        process.annotations[Self.hashAnnotation] = hash
        return process
    }

    /// The annotation with the hash that a process was made with.
    static let hashAnnotation = "polder.io/hash"
}

/// The file with the settings that every decrypter gets: `NAME=value` a line; empty lines and those that begin with `#` say nothing.
enum SettingsFile {
    /// - Throws: `.decrypterSettings` with the line that is none.
    static func parse(_ text: String) throws(StreamsAgentError) -> [String: String] {
        var settings: [String: String] = [:]
        for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            if line.isEmpty || line.hasPrefix("#") { continue }
            guard let equals = line.firstIndex(of: "="), equals != line.startIndex else {
                throw .decrypterSettings("line \(number + 1) is not of the form NAME=value")
            }
            settings[String(line[..<equals])] = String(line[line.index(after: equals)...])
        }
        return settings
    }
}
