// The door of libyaml (the reference parser of YAML 1.1, which also reads what people write as 1.2).
//
// Why a C library: YAML's indentation, folding and quoting rules fill thousands of lines; this door fills two hundred. It takes
// parse events only, and builds `JSONValue`s itself: the core schema, without tags, without duplicate keys, bounded.

private import CYAML
internal import JSON

extension YAMLDocument {
    /// Reads all documents of a text by the YAML 1.2 core schema: plain `null`, `~`, `true`, `false` and numbers have their
    /// types, everything else is text (`yes` and `no` too). Keys are taken as written. `<<` is an ordinary key.
    ///
    /// Aliases are expanded, and what they repeat is counted, so that a short text cannot grow without bound.
    ///
    /// - Parameters:
    ///   - depthLimit: Levels of lists and mappings.
    ///   - valueLimit: Values in the whole text, aliases counted in full.
    /// - Throws: the first thing that is wrong.
    package static func parse(
        _ text: [UInt8], depthLimit: Int = 64, valueLimit: Int = 100_000
    ) throws(YAMLError) -> [YAMLDocument] {
        var result: Result<[YAMLDocument], YAMLError> = .success([])
        text.withUnsafeBufferPointer { text in
            result = Result { () throws(YAMLError) in
                var reader = try YAMLReader(text, depthLimit: depthLimit, valueLimit: valueLimit)
                return try reader.documents()
            }
        }
        return try result.get()
    }
}

/// What the parser reports, without its C types.
private enum Event {
    case streamStart, streamEnd, documentStart, documentEnd
    case alias(String)
    case scalar(String, isPlain: Bool, anchor: String?)
    case sequenceStart(anchor: String?)
    case sequenceEnd
    case mappingStart(anchor: String?)
    case mappingEnd
}

/// Builds documents from libyaml's events.
private struct YAMLReader: ~Copyable {
    private struct Node {
        var value: JSONValue
        var lines: LineTree
        var count: Int  // values, aliases counted in full
    }

    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let depthLimit: Int
    private let valueLimit: Int
    private var anchors: [String: Node] = [:]
    private var values = 0
    private var line = 1  // of the last event

    /// `text` must stay in place for as long as this reader lives: libyaml reads from it.
    init(_ text: UnsafeBufferPointer<UInt8>, depthLimit: Int, valueLimit: Int) throws(YAMLError) {
        self.depthLimit = depthLimit
        self.valueLimit = valueLimit
        parser = .allocate(capacity: 1)
        guard yaml_parser_initialize(parser) == 1 else {
            parser.deallocate()
            throw .outOfMemory
        }
        yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        yaml_parser_set_input_string(parser, text.baseAddress, text.count)
    }

    deinit {
        yaml_parser_delete(parser)
        parser.deallocate()
    }

    mutating func documents() throws(YAMLError) -> [YAMLDocument] {
        var documents: [YAMLDocument] = []
        while true {
            switch try next() {
            case .streamStart:
                continue
            case .streamEnd:
                return documents
            case .documentStart:
                anchors = [:]  // an anchor ends with its document
                let node = try node(try next(), depth: 0)
                documents.append(YAMLDocument(value: node.value, lines: node.lines))
                guard case .documentEnd = try next() else { throw unexpected() }
            case .documentEnd, .alias, .scalar, .sequenceStart, .sequenceEnd, .mappingStart, .mappingEnd:
                throw unexpected()
            }
        }
    }

    /// The node that begins with `event`. Recursion is bounded by the depth limit.
    private mutating func node(_ event: Event, depth: Int) throws(YAMLError) -> Node {
        let start = line
        try count(1)
        switch event {
        case .scalar(let text, let isPlain, let anchor):
            let value = isPlain ? try CoreSchema.value(of: text, line: start) : .string(text)
            return note(Node(value: value, lines: LineTree(line: start), count: 1), anchor)
        case .alias(let name):
            guard let node = anchors[name] else { throw .unknownAlias(line: start) }
            try count(node.count - 1)
            return node
        case .sequenceStart(let anchor):
            guard depth < depthLimit else { throw .tooDeep(limit: depthLimit, line: start) }
            return note(try sequence(from: start, depth: depth + 1), anchor)
        case .mappingStart(let anchor):
            guard depth < depthLimit else { throw .tooDeep(limit: depthLimit, line: start) }
            return note(try mapping(from: start, depth: depth + 1), anchor)
        case .streamStart, .streamEnd, .documentStart, .documentEnd, .sequenceEnd, .mappingEnd:
            throw unexpected()
        }
    }

    private mutating func sequence(from start: Int, depth: Int) throws(YAMLError) -> Node {
        var elements: [JSONValue] = []
        var lines: [LineTree] = []
        var total = 1
        while true {
            let event = try next()
            if case .sequenceEnd = event { break }
            let element = try node(event, depth: depth)
            elements.append(element.value)
            lines.append(element.lines)
            total += element.count
        }
        return Node(value: .array(elements), lines: LineTree(line: start, elements: lines), count: total)
    }

    private mutating func mapping(from start: Int, depth: Int) throws(YAMLError) -> Node {
        var members: [JSONObject.Member] = []
        var lines: [String: LineTree] = [:]
        var total = 1
        while true {
            let event = try next()
            if case .mappingEnd = event { break }
            let keyLine = line
            guard case .scalar(let key, _, _) = event else { throw .keyIsNotText(line: keyLine) }
            guard lines[key] == nil else { throw .duplicateKey(key, line: keyLine) }
            let member = try node(try next(), depth: depth)
            members.append(JSONObject.Member(name: key, value: member.value))
            lines[key] = LineTree(line: keyLine, members: member.lines.members, elements: member.lines.elements)
            total += member.count
        }
        return Node(
            value: .object(JSONObject(unique: members)), lines: LineTree(line: start, members: lines),
            count: total)
    }

    private mutating func note(_ node: Node, _ anchor: String?) -> Node {
        if let anchor { anchors[anchor] = node }
        return node
    }

    private mutating func count(_ more: Int) throws(YAMLError) {
        values += more
        guard values <= valueLimit else { throw .tooManyValues(limit: valueLimit, line: line) }
    }

    private func unexpected() -> YAMLError {
        .syntax(line: line, column: 1, reason: "unexpected end")
    }

    // MARK: - libyaml

    /// The next event; `line` is then the line on which it begins.
    private mutating func next() throws(YAMLError) -> Event {
        var event = yaml_event_t()
        guard yaml_parser_parse(parser, &event) == 1 else { throw failure() }
        defer { yaml_event_delete(&event) }
        line = Int(event.start_mark.line) + 1
        switch event.type {
        case YAML_STREAM_START_EVENT: return .streamStart
        case YAML_STREAM_END_EVENT: return .streamEnd
        case YAML_DOCUMENT_START_EVENT: return .documentStart
        case YAML_DOCUMENT_END_EVENT: return .documentEnd
        case YAML_ALIAS_EVENT: return .alias(text(event.data.alias.anchor) ?? "")
        case YAML_SCALAR_EVENT:
            let scalar = event.data.scalar
            guard scalar.tag == nil else { throw .tag(line: line) }
            let bytes = UnsafeBufferPointer(start: scalar.value, count: scalar.length)
            return .scalar(
                String(decoding: bytes, as: UTF8.self), isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE,
                anchor: text(scalar.anchor))
        case YAML_SEQUENCE_START_EVENT:
            guard event.data.sequence_start.tag == nil else { throw .tag(line: line) }
            return .sequenceStart(anchor: text(event.data.sequence_start.anchor))
        case YAML_SEQUENCE_END_EVENT: return .sequenceEnd
        case YAML_MAPPING_START_EVENT:
            guard event.data.mapping_start.tag == nil else { throw .tag(line: line) }
            return .mappingStart(anchor: text(event.data.mapping_start.anchor))
        case YAML_MAPPING_END_EVENT: return .mappingEnd
        default: throw unexpected()  // YAML_NO_EVENT: libyaml gives it only after the end of the stream
        }
    }

    private func text(_ bytes: UnsafeMutablePointer<yaml_char_t>?) -> String? {
        bytes.map { String(cString: $0) }
    }

    private func failure() -> YAMLError {
        if parser.pointee.error == YAML_MEMORY_ERROR { return .outOfMemory }
        let mark = parser.pointee.problem_mark
        let reason = parser.pointee.problem.map { String(cString: $0) } ?? "unknown problem"
        if parser.pointee.error == YAML_READER_ERROR {
            // The reader knows only an offset; the scanner's mark is where reading had come to.
            return .syntax(
                line: Int(parser.pointee.mark.line) + 1, column: Int(parser.pointee.mark.column) + 1, reason: reason)
        }
        return .syntax(line: Int(mark.line) + 1, column: Int(mark.column) + 1, reason: reason)
    }
}
