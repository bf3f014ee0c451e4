import JSON
import Kubernetes
import TestKit
import Testing

@Suite struct ListSplitterTests {
    private let text = #"""
        {"kind":"X","a\"items":[1,{"items":[3]}],"metadata":{"resourceVersion":"7","items":[{"no":1}]},
         "items": [ {"s":"]}\"{","n":[1,[2]]} ,{}, {"deep":{"items":[{"x":1}]}} ], "end":["items"]}
        """#

    @Test(arguments: Chunking.allCases)
    func `elements and envelope are the same however the text is cut`(_ chunking: Chunking) throws {
        var splitter = ListSplitter()
        var elements: [String] = []
        for piece in chunking.cut(Array(text.utf8)) {
            elements += try splitter.feed(piece).map { String(decoding: $0, as: UTF8.self) }
        }
        #expect(elements == [#"{"s":"]}\"{","n":[1,[2]]}"#, "{}", #"{"deep":{"items":[{"x":1}]}}"#])
        let envelope = try splitter.finish()
        #expect(envelope["metadata"]?["resourceVersion"] == "7" && envelope["items"] == [])
        #expect(envelope["end"] == ["items"])
    }

    @Test(arguments: [
        #"{"items":[{}"#, #"{"items":[{}]"#, #"{"items":[1]}"#, #"{"items":[{}]}}"#, #"[{"items":[]}]"#,
        #"{"items":[{}]} x"#,
        #"{"items":[{}],"items":[{}]}"#, "", "nonsense",
    ])
    func `what is no list is refused`(_ text: String) {
        #expect(throws: KubernetesError.self) {
            var splitter = ListSplitter()
            _ = try splitter.feed(Array(text.utf8))
            _ = try splitter.finish()
        }
    }

    @Test func `an object, and a list without its objects, have a largest size`() {
        let long = String(repeating: "x", count: 200)
        var elements = ListSplitter(elementLimit: 100)
        #expect(throws: KubernetesError.tooLarge(what: "an object in a list", limit: 100)) {
            _ = try elements.feed(Array(#"{"items":[{"a":"\#(long)"#.utf8))
        }
        var envelope = ListSplitter(envelopeLimit: 100)
        #expect(throws: KubernetesError.tooLarge(what: "a list without its items", limit: 100)) {
            _ = try envelope.feed(Array(#"{"a":"\#(long)"#.utf8))
        }
    }
}

@Suite struct LineSplitterTests {
    @Test(arguments: Chunking.allCases)
    func `lines are the same however the text is cut`(_ chunking: Chunking) throws {
        var splitter = LineSplitter(limit: 10)
        var lines: [String] = []
        for piece in chunking.cut(Array("one\n\ntwo\r\n0123456789\nrest".utf8)) {
            splitter.feed(piece)
            while let line = try splitter.next() { lines.append(String(decoding: line, as: UTF8.self)) }
        }
        #expect(lines == ["one", "", "two\r", "0123456789"])
        #expect(splitter.rest == Array("rest".utf8))
    }

    @Test func `a line has a largest size, whole or not`() {
        for text in ["01234567890\n", "01234567890"] {
            var splitter = LineSplitter(limit: 10)
            splitter.feed(Array(text.utf8))
            #expect(throws: KubernetesError.tooLarge(what: "a line", limit: 10)) { _ = try splitter.next() }
        }
    }
}
