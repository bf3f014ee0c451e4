internal import JSON

/// Writes one message; members without a value are left out.
struct MemberWriter {
    private var json = JSONWriter()

    init() { json.beginObject() }

    /// The finished text.
    consuming func end() -> [UInt8] {
        json.endObject()
        return json.bytes
    }

    mutating func text(_ name: String, _ value: String?) {
        guard let value else { return }
        json.name(name)
        json.string(value)
    }

    mutating func integer(_ name: String, _ value: (some BinaryInteger)?) {
        guard let value else { return }
        json.name(name)
        json.integer(Int64(value))
    }

    /// A flag whose absence means false.
    mutating func flag(_ name: String, _ value: Bool) {
        guard value else { return }
        json.name(name)
        json.bool(true)
    }

    mutating func bool(_ name: String, _ value: Bool) {
        json.name(name)
        json.bool(value)
    }

    mutating func texts(_ name: String, _ values: [String]) {
        guard !values.isEmpty else { return }
        json.name(name)
        json.beginArray()
        for value in values { json.string(value) }
        json.endArray()
    }

    mutating func integers(_ name: String, _ values: [Int]) {
        json.name(name)
        json.beginArray()
        for value in values { json.integer(Int64(value)) }
        json.endArray()
    }

    mutating func pairs(_ name: String, _ values: [(name: String, value: String)]) {
        guard !values.isEmpty else { return }
        json.name(name)
        json.beginArray()
        for pair in values {
            json.beginArray()
            json.string(pair.name)
            json.string(pair.value)
            json.endArray()
        }
        json.endArray()
    }

    /// JSON that the caller made.
    mutating func raw(_ name: String, _ text: [UInt8]) {
        json.name(name)
        json.raw(String(decoding: text, as: UTF8.self))
    }

    mutating func object(_ name: String, _ body: (inout MemberWriter) -> Void) {
        json.name(name)
        json.beginObject()
        body(&self)
        json.endObject()
    }
}
