internal import JSON
internal import System

/// `polder apply -f FILE`: makes the control plane have what files describe.
struct ApplyCommand: Command {
    static let name = "apply"
    static let summary = "Makes the control plane have the entities that files describe."
    static let details = """
        Takes the documents of a plane folder (kind and spec; several in a file), and of Project, PurposeMapping, DataConnector,
        BatchExporter, BatchJob, KafkaCluster and KafkaExporter, too. What is there already and as described stays; what differs is
        changed where the API can, or told.
        Contracts and policies without a state are put in force, as in a plane folder: their review and approval are yours.
        Only what a document says is compared. Applying again changes nothing.
        """

    let options: SessionOptions
    let files: [String]
    let isDryRun: Bool
    let format: ResultFormat

    init(reading arguments: inout ArgumentReader) {
        options = SessionOptions(reading: &arguments)
        files = arguments.options(
            "--file", short: "-f", "PATH", "A file, a folder, or - for the input; may be given several times.",
            from: .file)
        isDryRun = arguments.flag("--dry-run", "Says what would change, and changes nothing.")
        format = arguments.formatOption()
        if files.isEmpty { arguments.refuse("--file is missing: what shall be applied?") }
    }

    func run(_ context: CommandContext) async throws(PolderError) {
        // Before anybody is asked: a broken file needs no control plane to be told.
        let documents = try ordered(files)
        guard !documents.isEmpty else {
            throw .refused("there is nothing to apply in \(files.joined(separator: ", "))")
        }
        let api = try await APISession.open(options, context)
        var done: [Outcome] = []
        var failure: PolderError?
        for (kind, document) in documents {
            do throws(PolderError) {
                done.append(try await apply(document, kind, api))
            } catch {
                // The documents before it are applied, and applying again goes on from here.
                failure = error.placed(at: document.place([.member("spec")]))
                break
            }
        }
        show(done, context.console)
        if let failure { throw failure }
    }

    // MARK: - Documents

    /// Every document with its kind, in the order in which they depend on each other; a derived stream stands behind its source.
    private func ordered(_ paths: [String]) throws(PolderError) -> [(DocumentKind, EntityDocument)] {
        var found: [(kind: Int, document: EntityDocument)] = []
        var mistakes: [String] = []
        for path in paths {
            for document in try EntityFile.documents(of: path) {
                let kinds = DocumentKind.all.map(\.kind).joined(separator: ", ")
                guard let word = document.value["kind"]?.string else {
                    mistakes.append("\(document.place([])): kind must be set: one of \(kinds)")
                    continue
                }
                guard let kind = DocumentKind.all.firstIndex(where: { $0.kind == word }) else {
                    mistakes.append("\(document.place([.member("kind")])): kind \(word) is unknown; kinds are \(kinds)")
                    continue
                }
                guard document.value["spec"]?.object != nil else {
                    mistakes.append("\(document.place([.member("spec")])): spec must be an object")
                    continue
                }
                for member in document.value.object?.members ?? [] where !["kind", "spec"].contains(member.name) {
                    let isOfFolder = ["clientId", "secretFile"].contains(member.name)
                    mistakes.append(
                        "\(document.place([.member(member.name)])): \(member.name) "
                            + (isOfFolder
                                ? "is for plane folders: the control plane chooses credentials itself"
                                : "is unknown; members of a document are kind and spec"))
                }
                found.append((kind, document))
            }
        }
        guard mistakes.isEmpty else { throw .configuration(mistakes) }
        func isDerived(_ document: EntityDocument) -> Bool {
            document.value["spec"]?["linkedStream"] != nil || document.value["spec"]?["linked_stream"] != nil
        }
        let inOrder = found.enumerated().sorted { left, right in
            let (first, second) = (left.element, right.element)
            if first.kind != second.kind { return first.kind < second.kind }
            if isDerived(first.document) != isDerived(second.document) { return isDerived(second.document) }
            return left.offset < right.offset
        }
        return inOrder.map { (DocumentKind.all[$0.element.kind], $0.element.document) }
    }

    // MARK: - One document

    /// What became of a document.
    private struct Outcome {
        let entity: String
        let name: String
        var isNew = false
        var changes: [FieldChange] = []
        var steps: [String] = []

        /// `create, review, approve, activate`
        var action: String {
            let words = (isNew ? ["create"] : changes.isEmpty ? [] : ["update"]) + steps
            return words.isEmpty ? "unchanged" : words.joined(separator: ", ")
        }
    }

    private func apply(
        _ document: EntityDocument, _ kind: DocumentKind, _ api: APISession
    ) async throws(PolderError) -> Outcome {
        let filled = try await kind.fill(document.value["spec"]?.object ?? [:], api)
        let (desired, mistakes) = kind.check(filled)
        guard mistakes.isEmpty else {
            throw .configuration(
                mistakes.map { "\(document.place([.member("spec")] + $0.path)): \($0.text)" })
        }
        let actual = try await kind.find(api, desired)
        let title = kind.title?(desired) ?? EntityKind.named(kind.entity)?.name(of: .object(desired)) ?? ""
        var outcome = Outcome(entity: kind.entity, name: title, isNew: actual == nil)
        let before = actual?["state"]?.string ?? kind.states?.initial
        if let actual {
            outcome.changes = FieldChange.changes(
                from: actual, to: .object(desired), ignoring: kind.secrets.union(kind.states == nil ? [] : ["state"]))
        }
        if let states = kind.states, let before {
            let wanted = desired["state"]?.string ?? states.unspoken
            guard let way = states.way(from: before, to: wanted) else {
                throw .refused("\(kind.entity) \(title) is \(before), from where there is no way to \(wanted)")
            }
            outcome.steps = way
        }
        if !outcome.changes.isEmpty, kind.update == nil {
            throw .refused(
                "\(kind.entity) \(title) differs, and cannot be changed: \(outcome.changes.map(\.text).joined(separator: "; "))"
            )
        }
        guard !isDryRun else { return outcome }
        if outcome.isNew {
            try await kind.create(api, desired)
        } else if !outcome.changes.isEmpty, let update = kind.update {
            var members: [String] = []
            for change in outcome.changes where !members.contains(change.member) { members.append(change.member) }
            try await update(api, desired, members)
        }
        for step in outcome.steps { try await kind.states?.take(api, step, desired) }
        return outcome
    }

    // MARK: - Showing

    private func show(_ outcomes: [Outcome], _ console: Console) {
        let result = PrintedResult(
            titles: ["Entity", "Name", isDryRun ? "Would be" : "Action", "Changes"],
            rows: outcomes.map { outcome in
                [outcome.entity, outcome.name, outcome.action, outcome.changes.map(\.text).joined(separator: "; ")]
            },
            value: .array(
                outcomes.map { outcome in
                    [
                        "entity": .string(outcome.entity), "name": .string(outcome.name),
                        "action": .string(outcome.action),
                        "changes": .array(
                            outcome.changes.map {
                                ["path": .string($0.path), "before": $0.before ?? .null, "after": $0.after]
                            }),
                    ]
                }))
        console.print(result, as: format)
    }
}

extension PolderError {
    /// The error with the place of the document that it is about.
    fileprivate func placed(at place: String) -> PolderError {
        switch self {
        case .refused(let reason): .refused("\(place): \(reason)")
        case .missing(let what, let next): .missing("\(place): \(what)", next: next)
        case .failed(let reason): .failed("\(place): \(reason)")
        case .usage, .notRunning, .noPlane, .noSuchStream, .configuration, .interrupted: self
        }
    }
}
