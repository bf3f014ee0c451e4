internal import JSON

/// A process that somebody wants to run: a binary beside `polder`, and its whole environment.
package struct ProcessSpec: Sendable, Equatable {
    /// Unique in the plane: `event-gateway`, `decrypter-demo`.
    package var name: String
    /// The file name of the binary; it stands beside `polder`.
    package var binary: String
    /// Arguments after the program's name. Never a secret: everybody may read them.
    package var arguments: [String] = []
    /// Settings. Never a secret either, only paths to secrets.
    package var environment: [String: String] = [:]
    /// The path on the process's admin listener answers 200 here once it is ready; empty counts as ready at once.
    package var adminURL: String = ""

    /// A process of this name and binary.
    package init(name: String, binary: String) {
        self.name = name
        self.binary = binary
    }
}

extension ProcessSpec {
    /// The form on the runtime socket.
    var json: JSONValue {
        var settings = JSONObject()
        for key in environment.keys.sorted() { settings[key] = .string(environment[key] ?? "") }
        return [
            "name": .string(name), "binary": .string(binary), "arguments": .array(arguments.map { .string($0) }),
            "environment": .object(settings), "adminUrl": .string(adminURL),
        ]
    }

    /// What a name on the runtime socket looks like.
    static let nameRule = "[a-z0-9][a-z0-9.-]{0,62}"

    /// Whether the name follows that rule.
    var isNamedWell: Bool {
        func isPlain(_ byte: UInt8) -> Bool {
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        }
        guard let first = name.utf8.first, isPlain(first), name.utf8.count <= 63 else { return false }
        return name.utf8.allSatisfy { isPlain($0) || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "-") }
    }

    /// Reads the form on the runtime socket; nothing when it is not one, or names a binary outside the folder.
    init?(json: JSONValue) {
        guard let name = json["name"]?.string,
            let binary = json["binary"]?.string, !binary.isEmpty, !binary.contains("/"), !binary.hasPrefix(".")
        else { return nil }
        self.init(name: name, binary: binary)
        for argument in json["arguments"]?.array ?? [] {
            guard let text = argument.string else { return nil }
            arguments.append(text)
        }
        for member in json["environment"]?.object?.members ?? [] {
            guard let text = member.value.string else { return nil }
            environment[member.name] = text
        }
        adminURL = json["adminUrl"]?.string ?? ""
    }
}
