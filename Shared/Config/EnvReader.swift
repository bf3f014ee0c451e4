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

    /// Names in the environment that begin with `prefix` and that nobody has read: probably misspelt.
    package func unread(prefix: String) -> [String] {
        let known = Set(settings.map(\.name))
        return environment.keys.filter { $0.hasPrefix(prefix) && !known.contains($0) }.sorted()
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

    /// The operator's, seen from the process: its caller.
    package var blame: Blame { .caller }
    /// The environment of a process does not change.
    package var retry: Retry { .never }

    /// One line for the operator.
    package var text: String {
        switch self {
        case .missing(let name, let example): "\(name) is not set; for example \(name)=\(example)"
        case .malformed(let name, let value, let wanted): "\(name) is \"\(value)\", which is not \(wanted)"
        case .outOfRange(let name, let value, let allowed): "\(name) is \(value), allowed is \(allowed)"
        case .contradiction(let name, let reason): "\(name): \(reason)"
        }
    }
}
