internal import JSON
internal import System
internal import YAML

/// The file of the contexts, `$POLDER_CONFIG` or `~/.config/polder/config.yaml`:
///
///     current: production
///     contexts:
///       - name: production
///         api: https://api.example.com
///         auth: https://accounts.example.com
///         caFile: /home/anna/example-ca.pem
///         project: default
///
/// It holds no secret; tokens are in `tokens/<context>.json` beside it.
package struct ContextFile: Sendable, Equatable {
    /// The file's path.
    package let path: String
    /// The context that commands use when nobody names another one.
    package private(set) var current: String
    /// Every context that was set, in the order of the file.
    package private(set) var contexts: [PlaneContext]

    /// Reads the file; without one there is only `local`.
    ///
    /// - Throws: `.configuration` with file and line.
    package init(environment: [String: String]) throws(PolderError) {
        path = try ContextFile.path(environment)
        current = PlaneContext.local
        contexts = []
        let bytes: [UInt8]
        do {
            guard try File.status(path) != nil else { return }
            bytes = try File.read(path, limit: 1 << 20)
        } catch {
            throw .failed(error.description)
        }
        do {
            guard let document = try YAMLDocument.parse(bytes).first, document.value != .null else { return }
            try read(document)
        } catch let error as PolderError {
            throw error
        } catch let error as YAMLError {
            throw .configuration(["\(path):\(error.line): \(error.reason)"])
        } catch {
            throw .configuration(["\(path): \(error)"])
        }
    }

    private static func path(_ environment: [String: String]) throws(PolderError) -> String {
        if let path = environment["POLDER_CONFIG"], !path.isEmpty { return try StateFolder.absolute(path) }
        if let folder = environment["XDG_CONFIG_HOME"], folder.hasPrefix("/") { return "\(folder)/polder/config.yaml" }
        guard let home = environment["HOME"], !home.isEmpty else {
            throw .failed("there is no home folder: say where the contexts are with POLDER_CONFIG")
        }
        return "\(home)/.config/polder/config.yaml"
    }

    /// Where tokens are.
    package var tokenFolder: String { "\(File.parent(of: path))/tokens" }

    // MARK: - Reading

    private mutating func read(_ document: YAMLDocument) throws(PolderError) {
        var mistakes: [String] = []
        func mistake(_ lines: LineTree?, _ text: String) { mistakes.append("\(path):\(lines?.line ?? 1): \(text)") }
        guard let object = document.value.object else {
            throw .configuration(["\(path):1: must be an object with current and contexts"])
        }
        for member in object.members where !["current", "contexts"].contains(member.name) {
            mistake(document.lines.members[member.name], "\(member.name) is unknown; there are current and contexts")
        }
        for (index, entry) in (object["contexts"]?.array ?? []).enumerated() {
            let lines = document.lines.members["contexts"]?.elements[index]
            guard let name = entry["name"]?.string, PlaneContext.isName(name) else {
                mistake(lines, "a context needs a name of letters, digits and . _ -")
                continue
            }
            if contexts.contains(where: { $0.name == name }) { mistake(lines, "the context \(name) is there twice") }
            var context = PlaneContext(name: name)
            for member in entry.object?.members ?? [] {
                guard let text = member.value.string else {
                    mistake(lines?.members[member.name], "\(member.name) must be text")
                    continue
                }
                switch member.name {
                case "name": break
                case "api": context.api = text
                case "auth": context.auth = text
                case "caFile": context.caFile = text
                case "project": context.project = text
                case _:
                    mistake(
                        lines?.members[member.name],
                        "\(member.name) is unknown; a context has name, api, auth, caFile and project")
                }
            }
            for address in [context.api, context.auth].compactMap(\.self) {
                do throws(PolderError) { _ = try PlaneContext.address(address) } catch {
                    mistake(lines, error.lines.joined(separator: " "))
                }
            }
            contexts.append(context)
        }
        if let named = object["current"] {
            guard let name = named.string, known(name) != nil else {
                mistake(document.lines.members["current"], "current must be the name of a context, or local")
                throw .configuration(mistakes)
            }
            current = name
        }
        guard mistakes.isEmpty else { throw .configuration(mistakes) }
    }

    private func known(_ name: String) -> PlaneContext? {
        contexts.first { $0.name == name } ?? (name == PlaneContext.local ? PlaneContext(name: name) : nil)
    }

    // MARK: - Asking

    /// Every context, `local` first.
    package var all: [PlaneContext] {
        [known(PlaneContext.local)].compactMap(\.self) + contexts.filter { $0.name != PlaneContext.local }
    }

    /// The context that a command means: that of `--context`, of `$POLDER_CONTEXT`, or the current one.
    ///
    /// - Throws: `.usage` when there is none of that name.
    package func context(_ name: String?, environment: [String: String]) throws(PolderError) -> PlaneContext {
        let wanted = name ?? environment["POLDER_CONTEXT"].flatMap { $0.isEmpty ? nil : $0 } ?? current
        guard let context = known(wanted) else {
            throw .missing(
                "there is no context \(wanted); there are \(all.map(\.name).joined(separator: ", "))",
                next: "polder context set \(wanted) --api https://… --auth https://…")
        }
        return context
    }

    // MARK: - Changing

    /// Adds a context or puts it in the place of the one of that name.
    package mutating func set(_ context: PlaneContext) {
        if let index = contexts.firstIndex(where: { $0.name == context.name }) {
            contexts[index] = context
        } else {
            contexts.append(context)
        }
    }

    /// Makes a context the one that commands use.
    package mutating func use(_ name: String) { current = name }

    /// Takes a context out; commands then use `local` if it was the current one.
    package mutating func remove(_ name: String) {
        contexts.removeAll { $0.name == name }
        if current == name { current = PlaneContext.local }
    }

    /// Writes the file.
    ///
    /// - Throws: `.failed` with what and why.
    package func write() throws(PolderError) {
        let value: JSONValue = ["current": .string(current), "contexts": .array(contexts.map(\.json))]
        do {
            try Directory.create(File.parent(of: path), mode: 0o700)
            try File.writeAtomically(path, Array(YAMLText.of(value).utf8), mode: 0o600)
        } catch {
            throw .failed(error.description)
        }
    }
}
