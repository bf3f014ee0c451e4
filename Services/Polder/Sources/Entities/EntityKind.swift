internal import GRPC
internal import JSON

/// A kind of entity that the API has: what it is called, how it is shown, and how it is listed, fetched, made and deleted.
///
/// One value per kind, in a file of this folder: the commands, their help, completion and `apply` are made from it.
struct EntityKind: Sendable {
    /// A column of its table.
    struct Column: Sendable {
        let title: String
        let text: @Sendable (JSONValue) -> String

        /// A column with the text at a path of members: `ref.name`.
        init(_ title: String, _ path: String) {
            self.init(title) { EntityKind.text(EntityKind.value(path, in: $0)) }
        }

        /// A column with what `text` makes of an entity.
        init(_ title: String, text: @escaping @Sendable (JSONValue) -> String) {
            self.title = title
            self.text = text
        }
    }

    /// Lists entities, those of a parent where there is one.
    struct Lister: Sendable {
        /// The entity whose parts are listed: `list credentials <stream>`.
        let parent: String?
        /// Reads the filters; their members go into the request.
        let options: @Sendable (inout ArgumentReader) -> JSONObject
        let run: Run

        typealias Run = @Sendable (APISession, _ parent: String, JSONObject) async throws(PolderError) -> [JSONValue]

        /// Without filters.
        init(parent: String? = nil, run: @escaping Run) {
            self.parent = parent
            options = { _ in [:] }
            self.run = run
        }

        /// With filters.
        init(options: @escaping @Sendable (inout ArgumentReader) -> JSONObject, run: @escaping Run) {
            parent = nil
            self.options = options
            self.run = run
        }
    }

    /// Makes an entity of options and files.
    struct Maker: Sendable {
        var details = ""
        /// Reads options and arguments; answers what makes the entity.
        let read: @Sendable (inout ArgumentReader) -> Make
    }

    typealias Make = @Sendable (APISession) async throws(PolderError) -> JSONValue

    /// Deletes an entity.
    struct Deleter: Sendable {
        /// Whether what depends on it can be deleted with it.
        var isRecursive = false
        let run: @Sendable (APISession, _ name: String, _ isRecursive: Bool) async throws(PolderError) -> Void
    }

    /// `stream`
    let name: String
    /// `streams`
    let plural: String
    /// Other words that name it.
    var otherNames: [String] = []
    /// `a stream of events`
    let about: String
    /// The first column is the name, by which it is fetched.
    let columns: [Column]
    var list: Lister?
    var get: (@Sendable (APISession, String) async throws(PolderError) -> JSONValue)?
    var create: Maker?
    var delete: Deleter?
    /// How `apply` deals with it.
    var document: DocumentKind?

    /// Every kind.
    static let all: [EntityKind] = [
        .stream, .keyStream, .credential, .contract, .schema, .policy, .purposeMapping, .project, .dataConnector,
        .batchExporter, .batchJob, .kafkaCluster, .kafkaExporter, .kafkaUser, .dataSubject, .dataSubjectKeylink,
        .installation, .user, .audit,
    ]

    /// The kind that a word names.
    static func named(_ word: String) -> EntityKind? {
        all.first { ([$0.name, $0.plural] + $0.otherNames).contains(word) }
    }

    // MARK: - Showing

    /// The value at a path of members.
    static func value(_ path: String, in entity: JSONValue) -> JSONValue? {
        path.split(separator: ".").reduce(entity) { value, member in value?[String(member)] }
    }

    /// A value as a cell of a table.
    static func text(_ value: JSONValue?) -> String {
        switch value {
        case nil, .null: ""
        case .bool(let flag): flag ? "yes" : "no"
        case .number(let number): number.text
        case .string(let text): text
        case .array(let elements): elements.map { text($0) }.joined(separator: ",")
        case .object(let object): object.names.joined(separator: ",")
        }
    }

    /// The name of an entity.
    func name(of entity: JSONValue) -> String { columns.first?.text(entity) ?? "" }

    /// A result for printing: one entity, or a list of them.
    func printed(_ entities: [JSONValue], isList: Bool) -> PrintedResult {
        PrintedResult(
            titles: columns.map(\.title), rows: entities.map { entity in columns.map { $0.text(entity) } },
            value: isList ? .array(entities) : entities.first ?? .null)
    }
}
