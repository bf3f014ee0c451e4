package import Config

/// Reads the arguments of one command, and writes down what it read: the line that reads an option is its only
/// declaration; parser and help are made from it.
///
/// Options are read before positional arguments, so that what is left over is positional. Mistakes are collected; look at
/// them after `finish`.
package struct ArgumentReader {
    /// One option or argument, for the help text and for completion.
    struct Declaration: Sendable {
        /// What is typed: `--output` and `-o`, or the argument's name.
        let names: [String]
        /// What stands for the value; nil for a switch.
        let placeholder: String?
        let about: String
        let values: ValueSource
        /// It may be given more than once.
        let repeats: Bool

        /// `-o, --output WORD`
        var left: String {
            let names = names.reversed().joined(separator: ", ")
            return placeholder.map { "\(names) \($0)" } ?? names
        }
    }

    /// What a shell may offer for a value.
    package enum ValueSource: Sendable, Equatable {
        /// Nobody knows.
        case anything
        /// One of these words.
        case words([String])
        /// A path.
        case file
        /// A path of a folder.
        case folder
        /// A name that only the plane knows: of a stream, a project, a contract. See `NameKind`.
        case names(NameKind)
    }

    private var tokens: [String]
    private var afterDashes: [String] = []  // everything behind `--` is positional
    private(set) var options: [Declaration] = []
    private(set) var arguments: [Declaration] = []
    /// Everything that is wrong with the arguments.
    package private(set) var mistakes: [String] = []

    /// Reads these arguments: those behind the command's name.
    package init(_ tokens: [String]) {
        if let dashes = tokens.firstIndex(of: "--") {
            self.tokens = Array(tokens[..<dashes])
            afterDashes = Array(tokens[(dashes + 1)...])
        } else {
            self.tokens = tokens
        }
    }

    /// A switch: true when it is given.
    package mutating func flag(_ name: String, short: String? = nil, _ about: String) -> Bool {
        declare(name, short, nil, about, .anything)
        let before = tokens.count
        tokens.removeAll { $0 == name || $0 == short }
        if tokens.contains(where: { $0.hasPrefix("\(name)=") }) {
            mistakes.append("\(name) takes no value")
            tokens.removeAll { $0.hasPrefix("\(name)=") }
        }
        return tokens.count < before
    }

    /// An option with a value, which may be left out.
    package mutating func optionIfPresent<Value: SettingValue>(
        _ name: String, short: String? = nil, _ placeholder: String, _ about: String,
        from values: ValueSource = .anything
    ) -> Value? {
        declare(name, short, placeholder, about, values)
        guard let text = take(name, short) else { return nil }
        return parse(name, text)
    }

    /// An option that may be given several times; its values in their order.
    package mutating func options(
        _ name: String, short: String? = nil, _ placeholder: String, _ about: String,
        from values: ValueSource = .anything
    ) -> [String] {
        declare(name, short, placeholder, about, values, repeats: true)
        return takeAll(name, short)
    }

    /// A number that may be left out and must lie in a range.
    package mutating func numberIfPresent(
        _ name: String, _ placeholder: String, in range: ClosedRange<Int>, _ about: String
    ) -> Int? {
        guard let number: Int = optionIfPresent(name, placeholder, about) else { return nil }
        if range.contains(number) { return number }
        let limits =
            range.upperBound == .max
            ? "at least \(range.lowerBound)" : "from \(range.lowerBound) to \(range.upperBound)"
        mistakes.append("\(name) must be \(limits), not \(number)")
        return nil
    }

    /// An option with a value and a default.
    package mutating func option<Value: SettingValue>(
        _ name: String, short: String? = nil, _ placeholder: String, default initial: Value, _ about: String,
        from values: ValueSource = .anything
    ) -> Value {
        declare(name, short, placeholder, "\(about) [\(initial.settingText)]", values)
        guard let text = take(name, short) else { return initial }
        return parse(name, text) ?? initial
    }

    /// An option whose value is one of a few words; the first is the default.
    package mutating func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ name: String, short: String? = nil, default initial: Choice, _ about: String
    ) -> Choice {
        let words = Choice.allCases.map(\.rawValue)
        declare(name, short, words.joined(separator: "|"), "\(about) [\(initial.rawValue)]", .words(words))
        guard let text = take(name, short) else { return initial }
        guard let choice = Choice(rawValue: text) else {
            mistakes.append("\(name) must be one of \(words.joined(separator: ", ")), not \(text)")
            return initial
        }
        return choice
    }

    /// A positional argument that must be given.
    package mutating func argument(
        _ name: String, _ about: String, from values: ValueSource = .anything
    ) -> String {
        declareArgument("<\(name)>", about, values)
        if let value = takeArgument() { return value }
        mistakes.append("<\(name)> is missing: \(about)")
        return ""
    }

    /// A positional argument that may be left out.
    package mutating func argumentIfPresent(
        _ name: String, _ about: String, from values: ValueSource = .anything
    ) -> String? {
        declareArgument("[\(name)]", about, values)
        return takeArgument()
    }

    /// Every positional argument that is left.
    ///
    /// - Parameter least: So many must be given.
    package mutating func arguments(
        _ name: String, least: Int = 1, _ about: String, from values: ValueSource = .anything
    ) -> [String] {
        declareArgument(least > 0 ? "<\(name)>..." : "[\(name)]...", about, values, repeats: true)
        var found: [String] = []
        while let value = takeArgument() { found.append(value) }
        if found.count < least { mistakes.append("<\(name)> is missing: \(about)") }
        return found
    }

    private mutating func takeArgument() -> String? {
        if let index = tokens.firstIndex(where: { !isOption($0) }) { return tokens.remove(at: index) }
        return afterDashes.isEmpty ? nil : afterDashes.removeFirst()
    }

    /// Call it last: whatever nobody has read is a mistake.
    package mutating func finish() {
        for token in tokens {
            mistakes.append(isOption(token) ? "unknown option \(token)" : "unexpected argument \(token)")
        }
        for token in afterDashes { mistakes.append("unexpected argument \(token)") }
        tokens = []
        afterDashes = []
    }

    /// `-` is an argument, and so is a negative number.
    private func isOption(_ token: String) -> Bool {
        token.hasPrefix("-") && token != "-" && !token.dropFirst().allSatisfy { $0.isASCII && $0.isNumber }
    }

    /// Notes what only shows when options are seen together.
    package mutating func refuse(_ mistake: String) { mistakes.append(mistake) }

    private mutating func declare(
        _ name: String, _ short: String?, _ placeholder: String?, _ about: String, _ values: ValueSource,
        repeats: Bool = false
    ) {
        options.append(
            Declaration(
                names: [name, short].compactMap(\.self), placeholder: placeholder, about: about, values: values,
                repeats: repeats))
    }

    private mutating func declareArgument(
        _ name: String, _ about: String, _ values: ValueSource, repeats: Bool = false
    ) {
        arguments.append(
            Declaration(names: [name], placeholder: nil, about: about, values: values, repeats: repeats))
    }

    private mutating func parse<Value: SettingValue>(_ name: String, _ text: String) -> Value? {
        if let value = Value(settingText: text) { return value }
        mistakes.append("\(name) must be \(Value.settingKind), not \(text)")
        return nil
    }

    /// The value of an option; of several the last.
    private mutating func take(_ name: String, _ short: String?) -> String? { takeAll(name, short).last }

    /// The values of `--name value`, `--name=value` or `-n value`.
    private mutating func takeAll(_ name: String, _ short: String?) -> [String] {
        var found: [String] = []
        var index = 0
        while index < tokens.count {
            let token = tokens[index]
            if token.hasPrefix("\(name)=") {
                found.append(String(token.dropFirst(name.count + 1)))
                tokens.remove(at: index)
            } else if token == name || token == short {
                tokens.remove(at: index)
                guard index < tokens.count, !isOption(tokens[index]) else {
                    mistakes.append("\(token) needs a value")
                    continue
                }
                found.append(tokens.remove(at: index))
            } else {
                index += 1
            }
        }
        return found
    }
}
