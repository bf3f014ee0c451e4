package import Faults

/// Reads the settings of one service from an environment that it is handed, and writes down what it read.
///
/// The line that reads a setting is its only declaration: it parses, defaults, validates and documents. Nothing throws
/// while reading, so that all mistakes are known at the end; look at `mistakes` before you use what was read.
package struct EnvReader {
    private let environment: [String: String]
    /// Every setting that was read, in the order of reading.
    package private(set) var settings: [Setting] = []
    /// Everything that is wrong with the environment.
    package private(set) var mistakes: [ConfigError] = []
    private var checks: [(name: String, look: () -> String?)] = []

    /// Reads from `environment`, never from the process, so that tests run side by side.
    package init(_ environment: [String: String]) { self.environment = environment }

    /// Reads a setting that has a default.
    ///
    /// - Parameters:
    ///   - name: Upper-case, with the service's name in front.
    ///   - initial: Text of the default, as an operator would write it. It has to be valid.
    ///   - about: One sentence for the settings table.
    /// - Returns: The setting; the default when the environment is wrong (and the mistake is noted).
    package mutating func read<Value: SettingValue>(
        _ name: String, default initial: String, _ about: String
    ) -> Value {
        declare(name, Value.self, .standard(initial), about)
        return parse(name, fallback: initial, Value.self)
    }

    /// Reads a number or duration that must lie in a range.
    package mutating func read<Value: SettingValue & Comparable>(
        _ name: String, default initial: String, in range: ClosedRange<Value>, _ about: String
    ) -> Value {
        let bounds = "\(range.lowerBound.settingText) to \(range.upperBound.settingText)"
        declare(name, Value.self, .standard(initial), about, limits: bounds)
        let value = parse(name, fallback: initial, Value.self)
        if range.contains(value) { return value }
        mistakes.append(.outOfRange(name: name, value: value.settingText, allowed: bounds))
        return parsedByUs(initial, name)
    }

    /// Reads a setting without which the service cannot start.
    ///
    /// - Parameter example: Text for the settings table; has to be valid, stands in when the setting is missing.
    package mutating func require<Value: SettingValue>(
        _ name: String, example: String, _ about: String
    ) -> Value {
        declare(name, Value.self, .required(example: example), about)
        guard environment[name].map({ !$0.isEmpty }) ?? false else {
            mistakes.append(.missing(name: name, example: example))
            return parsedByUs(example, name)
        }
        return parse(name, fallback: example, Value.self)
    }

    /// Reads a setting that may be absent; an empty text counts as absent.
    ///
    /// - Parameter example: Text for the settings table.
    package mutating func readIfPresent<Value: SettingValue>(
        _ name: String, example: String, _ about: String
    ) -> Value? {
        declare(name, Value.self, .optional(example: example), about)
        guard environment[name].map({ !$0.isEmpty }) ?? false else { return nil }
        return parse(name, fallback: example, Value.self)
    }

    /// Notes a mistake that only shows when settings are seen together, for example two listeners on one port.
    package mutating func refuse(_ name: String, because reason: String) {
        mistakes.append(.contradiction(name: name, reason: reason))
    }

    /// Refuses names in the environment that begin with `prefix` and that nobody has read: a misspelt setting would silently
    /// mean its default. Call it when everything is read.
    ///
    /// What Kubernetes and Docker put there for a service of this name (`EVENT_GATEWAY_PORT_8443_TCP`) is nobody's mistake.
    package mutating func refuseUnread(prefix: String) {
        func ending(_ name: String) -> String { String(name.dropFirst(prefix.count)) }
        let known = settings.map(\.name).filter { $0.hasPrefix(prefix) }
        for name in environment.keys.sorted()
        where name.hasPrefix(prefix) && !known.contains(name) && !Self.isServiceLink(name) {
            // Without the prefix, which would make everything look alike.
            let nearest = Spelling.nearest(to: ending(name), in: known.map(ending))
            mistakes.append(.unknown(name: name, nearest: nearest.map { prefix + $0 }))
        }
    }

    /// Adds a look at what a setting names: a file, an address.
    ///
    /// - Parameter look: Answers what is wrong, or nil. Called by `lookAtTheWorld`, unless the setting's text is wrong already.
    package mutating func check(_ name: String, _ look: @escaping () -> String?) { checks.append((name, look)) }

    /// Does every check, and notes what is wrong. May block. Reading settings for a table or for a test goes without.
    package mutating func lookAtTheWorld() {
        for check in checks where !mistakes.contains(where: { $0.name == check.name }) {
            if let reason = check.look() { mistakes.append(.unusable(name: check.name, reason: reason)) }
        }
        checks = []
    }

    /// `…_SERVICE_HOST`, `…_SERVICE_PORT`, `…_SERVICE_PORT_HTTPS`, `…_PORT`, `…_PORT_8443_TCP`, `…_PORT_8443_TCP_ADDR`.
    private static func isServiceLink(_ name: String) -> Bool {
        let words = name.split(separator: "_")
        if words.last == "PORT" || name.hasSuffix("_SERVICE_HOST") || name.contains("_SERVICE_PORT_") { return true }
        return words.indices.dropFirst().dropLast().contains { index in
            words[index - 1] == "PORT" && UInt16(words[index]) != nil
                && ["TCP", "UDP", "SCTP"].contains(words[index + 1])
        }
    }

    private mutating func declare<Value: SettingValue>(
        _ name: String, _: Value.Type, _ presence: Setting.Presence, _ about: String, limits: String? = nil
    ) {
        precondition(!settings.contains { $0.name == name }, "the setting \(name) is declared once")
        settings.append(
            Setting(name: name, presence: presence, kind: Value.settingKind, limits: limits, about: about))
    }

    private mutating func parse<Value: SettingValue>(_ name: String, fallback: String, _: Value.Type) -> Value {
        guard let text = environment[name] else { return parsedByUs(fallback, name) }
        if let value = Value(settingText: text) { return value }
        mistakes.append(.malformed(name: name, value: text, wanted: Value.settingKind))
        return parsedByUs(fallback, name)
    }

    private func parsedByUs<Value: SettingValue>(_ text: String, _ name: String) -> Value {
        guard let value = Value(settingText: text) else {
            preconditionFailure("the default or example of \(name) is valid")
        }
        return value
    }
}

/// What is wrong with one setting. The text of a value is shown: secrets are never settings, only paths to them are.
package enum ConfigError: Fault, Equatable {
    /// A required setting is absent or empty.
    case missing(name: String, example: String)
    /// The text cannot be read as what the setting is.
    case malformed(name: String, value: String, wanted: String)
    /// The value was read and lies outside its limits.
    case outOfRange(name: String, value: String, allowed: String)
    /// The value is fine alone, but not together with others.
    case contradiction(name: String, reason: String)
    /// The file or address that the value names cannot be used.
    case unusable(name: String, reason: String)
    /// There is no such setting; perhaps the nearest one was meant.
    case unknown(name: String, nearest: String?)

    /// The operator's, seen from the process: its caller.
    package var blame: Blame { .caller }
    /// The environment of a process does not change.
    package var retry: Retry { .never }

    /// The setting.
    package var name: String {
        switch self {
        case .missing(let name, _), .malformed(let name, _, _), .outOfRange(let name, _, _),
            .contradiction(let name, _), .unusable(let name, _), .unknown(let name, _):
            name
        }
    }

    /// One line for the operator.
    package var text: String {
        switch self {
        case .missing(let name, let example): "\(name) is not set; for example \(name)=\(example)"
        case .malformed(let name, let value, let wanted): "\(name) is \"\(value)\", which is not \(wanted)"
        case .outOfRange(let name, let value, let allowed): "\(name) is \(value), allowed is \(allowed)"
        case .contradiction(let name, let reason), .unusable(let name, let reason): "\(name): \(reason)"
        case .unknown(let name, let nearest):
            "\(name) is not a setting" + (nearest.map { "; did you mean \($0)?" } ?? "")
        }
    }
}
